/** Random journeys of bookings and their money, while engine and sandbox are killed and Stripe misbehaves. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { behaviours } from '../../actors/behaviours.ts'
import { Fold } from '../../engine/fold.ts'
import { type Faults, no_faults } from '../../gateways/stripe/sandbox/faults.ts'
import type { Intent } from '../../gateways/stripe/sandbox/objects.ts'
import { freePort } from '../../persistence/embedded/free_port.ts'
import { withAccounts, withJournal } from '../city/backstage.ts'
import { LogReader } from '../city/log.ts'
import { clientOf } from '../city/owner_app.ts'
import { type Citizen, settle } from '../city/population.ts'
import { Random } from '../city/random.ts'
import { pause } from '../pause.ts'
import { Stack } from '../stack.ts'
import { leftOver } from './left_over.ts'
import { type Audit, audit, type OurBooking, type OurPayment } from './money_audit.ts'
import { journey, type Party } from './money_journey.ts'
import { workersOn } from './processes.ts'

const lanes = 4
const ready_ms = 120_000
const stop_ms = 40_000
const agree_ms = 120_000
const patience_ms = 3_000

export interface MoneyOptions {
  readonly rounds: number
  readonly seed: number
  readonly workers: number
  readonly shards: number
  readonly token_issuer: string
  readonly note: (line: string) => void
}

export interface MoneyReport extends Audit {
  readonly journeys: number
  readonly kills: Readonly<Record<'engine' | 'sandbox', number>>
  readonly intents: number
  /** How many payments ended in each way. */
  readonly ends: Readonly<Record<string, number>>
}

interface Endpoints {
  readonly stripe_url: string
  readonly pids: { readonly stripe?: number }
}

class MoneyDrill {
  readonly #options: MoneyOptions
  readonly #random: Random
  readonly #data_dir: string
  readonly #engine: Stack
  readonly #kills = { engine: 0, sandbox: 0 }
  /** Processes that did not end with the drill. */
  readonly left: string[] = []
  #journeys = 0

  constructor(options: MoneyOptions, dir: string, port: number) {
    this.#options = options
    this.#random = new Random(options.seed)
    this.#engine = new Stack(dir, port, { workers: options.workers })
    this.#data_dir = this.#engine.data_dir
  }

  async run(): Promise<MoneyReport> {
    const { rounds, note } = this.#options
    this.#engine.spawn()
    try {
      await this.#ready()
      const parties = await this.#settle()
      for (let round = 0; round < rounds; round += lanes) {
        await this.#batch(parties.slice(0, rounds - round))
        if ((round / lanes) % 10 === 9) note(`${round + lanes} rounds: ${JSON.stringify(this.#kills)}`)
      }
      return await this.#agreed()
    } finally {
      await this.#end()
    }
  }

  async #ready(): Promise<void> {
    if (!(await this.#engine.serves(ready_ms))) throw new Error(`the engine was not ready in ${ready_ms} ms`)
  }

  #settle(): Promise<readonly Party[]> {
    const { token_issuer } = this.#options
    const settings = { data_dir: this.#data_dir, token_issuer, signing_keys: undefined }
    return withAccounts(settings, async (accounts, identity) => {
      const people = (role: 'owner' | 'runner' | 'admin', count: number) =>
        settle(accounts, identity, role, count, 'money')
      const [owners, runners, admins] = [
        await people('owner', lanes),
        await people('runner', lanes),
        await people('admin', 1),
      ]
      const client = (citizen: Citizen | undefined) => {
        if (!citizen) throw new Error('somebody is missing')
        return clientOf({ http_url: this.#engine.url, token: citizen.token })
      }
      const parties: Party[] = []
      for (let lane = 0; lane < lanes; lane++) {
        const party = { owner: client(owners[lane]), runner: client(runners[lane]), admin: client(admins[0]) }
        await equip(party)
        parties.push(party)
      }
      return parties
    })
  }

  /** As many journeys as there are parties, at once; now and then something dies under them. */
  async #batch(parties: readonly Party[]): Promise<void> {
    await this.#misbehave()
    const under_way = parties.map((party) => journey(party, this.#random.fork()))
    if (this.#random.chance(0.4)) await this.#kill()
    await Promise.all(under_way)
    this.#journeys += parties.length
  }

  async #misbehave(): Promise<void> {
    const random = this.#random
    const is_calm = random.chance(0.2)
    await this.#control('faults', is_calm ? no_faults : faultsOf(random))
  }

  async #kill(): Promise<void> {
    await pause(this.#random.between(50, 1_500))
    if (this.#random.chance(0.4)) {
      this.#kills.engine += 1
      await this.#engine.kill9()
      this.#engine.spawn()
      return this.#ready()
    }
    const { pids } = await this.#endpoints()
    if (pids.stripe === undefined) return
    this.#kills.sandbox += 1
    try {
      process.kill(pids.stripe, 'SIGKILL')
    } catch {
      // It has just been started again.
    }
  }

  async #endpoints(): Promise<Endpoints> {
    return JSON.parse(await readFile(join(this.#data_dir, 'endpoints.json'), 'utf8')) as Endpoints
  }

  /** Tries until the sandbox is there; a new engine has a new one. */
  async #control(path: string, body: object): Promise<void> {
    for (const until_ms = performance.now() + ready_ms; performance.now() < until_ms; await pause(100)) {
      const { stripe_url } = await this.#endpoints()
      const sent = { method: 'POST', body: JSON.stringify(body) }
      const done = await fetch(`${stripe_url}/sandbox/${path}`, sent).then(
        async (response) => {
          await response.arrayBuffer()
          return response.ok
        },
        () => false,
      )
      if (done) return
    }
    throw new Error('the sandbox does not listen')
  }

  async #ledger(): Promise<readonly Intent[]> {
    const { stripe_url } = await this.#endpoints()
    return (await (await fetch(`${stripe_url}/sandbox/ledger`)).json()) as readonly Intent[]
  }

  /** Faults end, and both sides are compared until they agree, or time is up. */
  async #agreed(): Promise<MoneyReport> {
    await this.#control('faults', no_faults)
    for (const until_ms = performance.now() + agree_ms; ; await pause(1_000)) {
      const bookings = await this.#bookings()
      const intents = await this.#ledger()
      const found = audit(bookings, intents)
      if (found.wrong.length > 0 && performance.now() < until_ms) continue
      const ends: Record<string, number> = {}
      for (const { payment } of bookings) {
        const end = payment?.escrow_status ?? 'none'
        ends[end] = (ends[end] ?? 0) + 1
      }
      return {
        ...found,
        journeys: this.#journeys,
        kills: this.#kills,
        intents: intents.length,
        ends,
      }
    }
  }

  /** What the log says, read from its beginning and folded by the actors' own rules. */
  async #bookings(): Promise<readonly OurBooking[]> {
    const fold = new Fold(behaviours)
    const log = new LogReader(this.#options.shards)
    await withJournal(this.#data_dir, (journal) => log.read(journal, (event) => fold.take(event)))
    const broken = [...fold.broken, ...log.broken]
    if (broken.length > 0) throw new Error(`the log is broken: ${broken[0]}`)
    return fold.idsOf('booking').map((id) => ({
      id,
      status: (fold.view('booking', id) as { status: string }).status,
      payment: fold.view('payment', id) as OurPayment | undefined,
    }))
  }

  async #end(): Promise<void> {
    await this.#engine.drain(stop_ms)
    for (const what of await leftOver(() => workersOn(this.#data_dir), patience_ms)) this.left.push(what)
  }
}

const faultsOf = (random: Random): Faults => ({
  lost_answers: random.between(0, 0.25),
  saved_500s: random.between(0, 0.25),
  too_many: random.between(0, 0.1),
  doubled_webhooks: random.between(0, 0.5),
  webhook_delay_ms: random.whole(0, 3_000),
  answer_delay_ms: random.whole(0, 300),
})

async function equip({ runner }: Party): Promise<void> {
  const vehicle = { vehicle_type: 'van', vehicle_plate: 'M 1', vehicle_model: 'Hiace', air_conditioned: true }
  await runner.post('/api/v1/runners', { full_name: 'Driller', phone: '+60123456789', ...vehicle })
  const crate = { size: 'medium', pet_types: ['cat'], max_weight_kg: 20, ventilated: true }
  await runner.post('/api/v1/runners/me/crates', crate)
  await runner.post('/api/v1/runners/me/online', { latitude: 3.139, longitude: 101.6869 })
}

/** Runs the drill in a folder of its own, which is removed when both ledgers agree. */
export async function moneyDrill(options: MoneyOptions): Promise<MoneyReport> {
  const dir = await mkdtemp(join(tmpdir(), 'kilat-money-'))
  options.note(`${options.rounds} rounds, in ${dir}`)
  const drill = new MoneyDrill(options, dir, await freePort())
  const report = await drill.run()
  const wrong = [...report.wrong, ...drill.left]
  if (wrong.length === 0) await rm(dir, { recursive: true, force: true })
  return { ...report, wrong }
}
