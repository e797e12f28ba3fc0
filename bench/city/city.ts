import type { Accounts } from '../../protocols/accounts.ts'
import { ask } from './asking.ts'
import type { Ledger } from './ledger.ts'
import { clientOf, OwnerApp } from './owner_app.ts'
import { Owner } from './owners.ts'
import { Phone } from './phone.ts'
import { type Citizen, type Identity, settle, together } from './population.ts'
import { Runner } from './runners.ts'
import { type Population, World } from './world.ts'

const quiet_ms = 20_000
const crate = {
  size: 'large',
  pet_types: ['cat', 'dog', 'bird', 'rabbit', 'other'],
  max_weight_kg: 60,
  ventilated: true,
  temperature_controlled: true,
}
const vehicle = {
  full_name: 'A Runner',
  phone: '+60123456789',
  vehicle_type: 'car',
  vehicle_plate: 'JHR 1',
  vehicle_model: 'Myvi',
  vehicle_year: 2024,
  air_conditioned: true,
}

export interface CityOptions extends Population {
  /** Like `http://127.0.0.1:8080`. */
  readonly url: string
  readonly accounts: Accounts
  readonly identity: Identity
  /** How fast the runners come online: all within this time. */
  readonly warm_up_ms: number
  readonly note: (line: string) => void
}

/** A city beside an engine: its people act on their own once it is begun. */
export class City {
  readonly world: World
  readonly runners: readonly Citizen[]
  readonly #phones: readonly Phone[]
  readonly #options: CityOptions
  readonly #apps: readonly OwnerApp[]
  #lives: readonly Promise<void>[] = []

  private constructor(
    options: CityOptions,
    world: World,
    runners: readonly Citizen[],
    owners: readonly Citizen[],
  ) {
    this.#options = options
    this.world = world
    this.runners = runners
    const base_url = options.url.replace(/^http/, 'ws')
    this.#phones = runners.map((person) => new Phone(world, { base_url, person, token: person.token }))
    this.#apps = owners.map(
      (person) =>
        new OwnerApp(world, { http_url: options.url, ws_url: base_url, person, token: person.token }),
    )
  }

  /** Makes the accounts, the runners' profiles with a crate each, and lets every phone in. */
  static async found(options: CityOptions, ledger: Ledger): Promise<City> {
    const { accounts, identity, runners, owners, note } = options
    const world = new World(options, ledger)
    const run = `${options.seed}-${Date.now().toString(36)}`
    note(`making ${runners + owners} accounts`)
    const drivers = await settle(accounts, identity, 'runner', runners, run)
    const clients = await settle(accounts, identity, 'owner', owners, run)
    const city = new City(options, world, drivers, clients)
    world.wheel.start()
    note(`registering ${runners} runners`)
    await together(32, runners, (index) => city.#register(index))
    note(`connecting ${runners} phones`)
    await together(64, runners, async (index) => city.#phones[index]?.connect())
    return city
  }

  /** From here on everybody does as he likes. */
  begin(): void {
    const { world } = this
    for (const [index, phone] of this.#phones.entries()) {
      const town = world.towns[index % world.towns.length]
      if (town) new Runner(world, phone, town).begin(this.#options.warm_up_ms)
    }
    this.#lives = this.#apps.map((app) => new Owner(world, app).live())
  }

  /** Answers that are awaited, in words. */
  get waiting(): string {
    const undrained = this.#phones.filter((phone) => phone.waiting > 0).length
    return `${this.world.in_flight} commands, and fixes of ${undrained} phones`
  }

  get connected(): number {
    return this.#phones.filter((phone) => phone.is_connected).length
  }

  /** Nobody begins anything any more; true once every answer and every ack is there, false when that takes too long. */
  async pause(): Promise<boolean> {
    this.world.is_paused = true
    return this.#quiet()
  }

  resume(): void {
    this.world.is_paused = false
  }

  /** Ends the city; what is under way stays as it is. True when nothing was left unanswered. */
  async close(): Promise<boolean> {
    this.world.is_closing = true
    await Promise.race([Promise.all(this.#lives), pause(quiet_ms)])
    const is_quiet = await this.#quiet()
    this.world.is_closed = true
    for (const phone of this.#phones) phone.close()
    this.world.wheel.stop()
    return is_quiet
  }

  async #quiet(): Promise<boolean> {
    const until_ms = performance.now() + quiet_ms
    while (this.world.in_flight > 0 && performance.now() < until_ms) await pause(50)
    const drained = Promise.all(this.#phones.map((phone) => phone.drained())).then(() => true)
    const is_drained = await Promise.race([
      drained,
      pause(Math.max(1_000, until_ms - performance.now())).then(() => false),
    ])
    return is_drained && this.world.in_flight === 0
  }

  async #register(index: number): Promise<void> {
    const person = this.runners[index]
    if (!person) return
    const http = clientOf({ http_url: this.#options.url, token: person.token })
    const rest = { by: person.id, trip: undefined, on: () => person.id }
    const key = this.world.random.uuid()
    const profile = await ask(this.world, {
      ...rest,
      kind: 'register',
      send: async () => (await http.post('/api/v1/runners', vehicle, key)).data,
    })
    if (!profile) return
    const crate_key = this.world.random.uuid()
    await ask(this.world, {
      ...rest,
      kind: 'add_crate',
      send: async () => (await http.post('/api/v1/runners/me/crates', crate, crate_key)).data,
    })
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
