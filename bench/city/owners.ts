import type { CommandKind } from './ledger.ts'
import type { OwnerApp } from './owner_app.ts'
import type { Random } from './random.ts'
import type { Plan, Trip, World } from './world.ts'

const poll_ms = 3_000
const patience_ms = 40_000
const final: readonly string[] = ['completed', 'cancelled']

/** When an owner loses interest: soon after booking, soon after a runner took it, or never. */
type Whim = 'none' | 'at_once' | 'when_accepted'

/** One owner: books, watches, now and then cancels, confirms, and books again after a rest. */
export class Owner {
  readonly #world: World
  readonly #app: OwnerApp
  readonly #random: Random

  constructor(world: World, app: OwnerApp) {
    this.#world = world
    this.#app = app
    this.#random = world.random.fork()
  }

  /** Until the city closes. */
  async live(): Promise<void> {
    await this.#rest(0, 15_000)
    while (!this.#world.is_closing) {
      const plan = this.#world.plan(this.#random)
      const trip = await this.#book(plan)
      if (trip) await this.#follow(trip)
      await this.#rest(1_000, 6_000)
    }
  }

  async #book(plan: Plan): Promise<Trip | undefined> {
    const id = await this.#app.request(plan, this.#random)
    return id === undefined ? undefined : this.#world.begin(id, this.#app.person.id, plan)
  }

  /** Watches one booking to its end, or until the city closes. */
  async #follow(trip: Trip): Promise<void> {
    const whim = this.#whim()
    const impatient_ms = performance.now() + patience_ms * this.#random.between(0.7, 1.3)
    const unwatch = this.#app.watch(trip)
    try {
      while (!this.#world.is_closing) {
        await this.#rest(poll_ms * 0.8, poll_ms * 1.2)
        const status = await this.#app.status(trip)
        if (final.includes(status)) return
        if (status === 'delivered') await this.#act('confirm', trip)
        else if (wantsOut(status, whim, impatient_ms)) await this.#act('cancel', trip)
      }
    } finally {
      unwatch()
    }
  }

  async #act(kind: Extract<CommandKind, 'confirm' | 'cancel'>, trip: Trip): Promise<void> {
    if (this.#world.is_closing || this.#world.is_paused) return
    await this.#app.act(kind, trip)
  }

  #whim(): Whim {
    const draw = this.#random.next()
    if (draw < 0.05) return 'at_once'
    return draw < 0.09 ? 'when_accepted' : 'none'
  }

  /** A pause of the city counts as rest. */
  async #rest(low_ms: number, high_ms: number): Promise<void> {
    await this.#world.sleep(this.#random.between(low_ms, high_ms))
    while (this.#world.is_paused && !this.#world.is_closing) await this.#world.sleep(250)
  }
}

const wantsOut = (status: string, whim: Whim, impatient_ms: number): boolean =>
  (status === 'requested' && (whim === 'at_once' || performance.now() > impatient_ms)) ||
  (status === 'accepted' && whim === 'when_accepted')
