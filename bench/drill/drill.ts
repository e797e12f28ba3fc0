import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { behaviours } from '../../actors/behaviours.ts'
import { freePort } from '../../persistence/embedded/free_port.ts'
import { firstPolicy } from '../../protocols/policy.ts'
import { Auditor } from '../city/audit.ts'
import { withAccounts, withJournal } from '../city/backstage.ts'
import { City } from '../city/city.ts'
import { Ledger } from '../city/ledger.ts'
import { LogReader } from '../city/log.ts'
import { type Citizen, type Identity, settle } from '../city/population.ts'
import { Random } from '../city/random.ts'
import { rejectionsSince } from '../city/rejections.ts'
import { compare } from './compare.ts'
import { EngineProcess, pause } from './engine_process.ts'
import { Fold } from './fold.ts'
import { killAndRecover } from './kill.ts'
import { Probe } from './probe.ts'
import { workersOn } from './processes.ts'
import { type Round, wrongOf } from './round.ts'
import { victimsOf } from './victims.ts'

const ready_ms = 120_000
const warm_up_ms = 20_000
const settle_ms = 15_000
const stop_ms = 40_000

export interface DrillOptions {
  readonly workers: number
  readonly rounds: number
  readonly runners: number
  readonly owners: number
  readonly seed: number
  readonly shards: number
  readonly token_issuer: string
  readonly note: (line: string) => void
  readonly told: (round: Round) => void
}

interface Cast {
  readonly city: City
  readonly admin: Citizen
  readonly probe: Probe
}

/** One engine, one city, and as many kills as there are rounds. */
class Drill {
  readonly #options: DrillOptions
  readonly #random: Random
  readonly #data_dir: string
  readonly #engine: EngineProcess
  readonly #ledger = new Ledger()
  readonly #auditor = new Auditor(firstPolicy.runner_capacity)
  readonly #fold = new Fold(behaviours)
  readonly #log: LogReader
  /** Fixes that the engine put aside, with its reasons. */
  readonly #aside = new Map<string, string>()
  readonly #told = new Set<string>()
  readonly #started_ms = Date.now()

  constructor(options: DrillOptions, data_dir: string, port: number) {
    this.#options = options
    this.#random = new Random(options.seed)
    this.#data_dir = data_dir
    this.#engine = new EngineProcess({ data_dir, port, workers: options.workers })
    this.#log = new LogReader(options.shards)
  }

  async run(): Promise<void> {
    const { rounds, note, told } = this.#options
    this.#engine.start()
    try {
      if (!(await this.#engine.ready(ready_ms))) throw new Error(`the engine was not ready in ${ready_ms} ms`)
      const cast = await this.#settle()
      cast.city.begin()
      note('the city wakes up')
      await pause(warm_up_ms)
      for (let round = 0; round < rounds; round++) told(await this.#round(round, cast))
      await cast.city.close()
    } finally {
      await this.#end()
    }
  }

  #settle(): Promise<Cast> {
    const { token_issuer, runners, owners, seed, note } = this.#options
    const settings = { data_dir: this.#data_dir, token_issuer, signing_keys: undefined }
    return withAccounts(settings, async (accounts, identity: Identity) => {
      const [admin] = await settle(accounts, identity, 'admin', 1, 'drill')
      const [prober] = await settle(accounts, identity, 'runner', 1, 'drill')
      if (!admin || !prober) throw new Error('somebody is missing')
      const probe = new Probe(this.#engine.url, prober)
      await probe.settle()
      const people = { runners, owners, seed, is_clean: true, warm_up_ms: 5_000 }
      const city = await City.found(
        { ...people, url: this.#engine.url, accounts, identity, note },
        this.#ledger,
      )
      return { city, admin, probe }
    })
  }

  async #round(round: number, { city, admin, probe }: Cast): Promise<Round> {
    const stage = { engine: this.#engine, probe, data_dir: this.#data_dir }
    const victims = victimsOf(round, this.#random)
    await pause(this.#random.between(1_500, 5_000))
    const [acked, waypoints] = [this.#ledger.acked.length, this.#ledger.waypoints.length]
    const rest_ms = this.#random.between(0, 600)
    const recovery = await killAndRecover(stage, victims, rest_ms)
    await pause(this.#random.between(500, 2_000))
    const is_quiet = await city.pause()
    const late = is_quiet ? [] : [`some answers never came: ${city.waiting}`]
    await this.#read()
    const disagreements = await this.#agree()
    const findings = this.#auditor.check(this.#ledger, this.#log.broken)
    const { compared, differing } = await compare(this.#fold, this.#engine.url, admin, city.runners)
    city.resume()
    return {
      round: round + 1,
      workers: this.#options.workers,
      killed: victims,
      acked,
      waypoints,
      lost: findings.lost.length,
      aside: this.#aside.size,
      lost_waypoints: findings.lost_waypoints.length,
      doubled: findings.doubled.length,
      serving_ms: recovery.serving_ms,
      leftover: recovery.leftover.length,
      shared_stores: recovery.shared.length,
      differing: differing.length,
      compared,
      wrong: this.#news([
        ...recovery.wrong,
        ...recovery.leftover.map((what) => `left over: ${what}`),
        ...recovery.shared,
        ...late,
        ...disagreements.map((what) => `disagreement: ${what}`),
        ...wrongOf(findings),
        ...this.#fold.broken.map((what) => `broken fold: ${what}`),
        ...differing.map((what) => `differs: ${what}`),
        ...[...this.#ledger.errors.keys()].map((what) => `error: ${what}`),
      ]),
    }
  }

  /** What is wrong stays wrong; it is told once. */
  #news(lines: readonly string[]): readonly string[] {
    const fresh = lines.filter((line) => !this.#told.has(line))
    for (const line of fresh) this.#told.add(line)
    return fresh
  }

  #read(): Promise<void> {
    return withJournal(this.#data_dir, async (journal, link) => {
      await this.#log.read(journal, (event) => {
        this.#auditor.take(event)
        this.#fold.take(event)
      })
      for await (const { fix, reason } of rejectionsSince(link, this.#started_ms)) {
        this.#auditor.excuse(fix)
        this.#aside.set(fix, reason)
      }
    })
  }

  /** Steps between shards may still be under way: reads on until bookings and runners agree, within a bound. */
  async #agree(): Promise<readonly string[]> {
    const until_ms = performance.now() + settle_ms
    while (this.#auditor.disagreements().length > 0 && performance.now() < until_ms) {
      await pause(500)
      await this.#read()
    }
    return this.#auditor.disagreements()
  }

  async #end(): Promise<void> {
    const code = await this.#engine.stop(stop_ms)
    if (code !== 0) this.#options.note(`the engine ended with code ${code}`)
    for (const { pid, command } of workersOn(this.#data_dir)) {
      this.#options.note(`left over at the end: ${pid} ${command}`)
      process.kill(pid, 'SIGKILL')
    }
  }
}

/** Runs the drill in a folder of its own, which is removed when all went well. */
export async function drill(options: DrillOptions): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'kilat-drill-'))
  const data_dir = join(dir, 'data')
  await mkdir(data_dir)
  options.note(`${options.workers} workers, in ${dir}`)
  await new Drill(options, data_dir, await freePort()).run()
  await rm(dir, { recursive: true, force: true })
}
