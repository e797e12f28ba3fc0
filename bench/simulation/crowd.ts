/** All who use the system, and what they know of each other. */
import type { Message } from '../../protocols/actor.ts'
import { limits } from '../../protocols/limits.ts'
import { Owner } from './owner.ts'
import { Person } from './person.ts'
import { Runner } from './runner.ts'
import type { World } from './world.ts'

export class Crowd {
  /** Bookings that somebody might take. */
  readonly open = new Set<string>()
  /** Everybody wants the same one. */
  hot = false
  /** Who has not gone home yet. */
  present = 0
  readonly #world: World
  readonly #stranger: Person

  constructor(world: World) {
    this.#world = world
    this.#stranger = new Person(world, 'owner', 'stranger')
  }

  arrive(): void {
    const { owners, runners } = this.#world.plan
    const everybody = [
      ...Array.from({ length: owners }, (_, index) => new Owner(this.#world, index)),
      ...Array.from({ length: runners }, (_, index) => new Runner(this.#world, index)),
    ]
    this.present = everybody.length
    for (const each of everybody) void each.live().then(() => (this.present -= 1))
  }

  /** Sends a command that no decision survives, as often as it takes to be put aside. */
  async poison(): Promise<void> {
    const { by, random, env } = this.#stranger
    const [id, to] = [random.uuid(), random.uuid()]
    for (let tries = 0; tries < limits.poison_tries_max; tries++) {
      const deadline_ms = env.now_ms() + limits.command_deadline_ms
      const command: Message = { type: 'poison.take' }
      await this.#stranger.reach(
        ({ host }) =>
          host.submit({ id, to: { actor: 'poison', id: to }, command, by, deadline_ms, lane: 'command' }),
        'a poisoned command',
      )
    }
  }
}
