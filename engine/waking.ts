import type { Address } from '../protocols/actor.ts'
import { limits } from '../protocols/limits.ts'
import type { Activation } from './activation.ts'
import { keyOf } from './activation.ts'
import type { Env } from './env.ts'
import type { Residents } from './residents.ts'

/** Called with the living actor, or with nothing when it could not be read. */
export type UseAwake = (activation: Activation | undefined) => void

/** Brings sleepers back into memory: each is read once, however many ask for it meanwhile. */
export interface WakingParts {
  readonly env: Env
  readonly residents: Residents
  /** The newest durable frame of the shard. */
  readonly durable_n: () => number
}

export class Waking {
  readonly #env: Env
  readonly #residents: Residents
  readonly #durable_n: () => number
  readonly #waiting = new Map<string, UseAwake[]>()

  constructor({ env, residents, durable_n }: WakingParts) {
    this.#env = env
    this.#residents = residents
    this.#durable_n = durable_n
  }

  /** Actors that are being read back. */
  get size(): number {
    return this.#waiting.size
  }

  /** Goes on with the actor: now if it is in memory, else when it has been read. `looking` makes nobody of an unknown id. */
  awake(to: Address, looking: boolean, use: UseAwake): void {
    const found = looking ? this.#residents.look(to.actor, to.id) : this.#residents.find(to.actor, to.id)
    if (found !== 'asleep') return use(found)
    const key = keyOf(to.actor, to.id)
    const waiting = this.#waiting.get(key)
    if (waiting && waiting.length >= limits.mailbox_activation_max) return use(undefined)
    if (waiting) return void waiting.push(use)
    this.#waiting.set(key, [use])
    void this.#wake(to, key)
  }

  async #wake(to: Address, key: string): Promise<void> {
    let activation: Activation | undefined
    try {
      activation = await this.#residents.wake(to.actor, to.id)
      // Its row does not say when it changed last: whoever is told of it waits for lists that have all there is.
      activation.changed_n = Math.max(activation.changed_n, this.#durable_n())
    } catch (cause) {
      this.#env.log('warn', 'an actor could not be woken', { key, cause: String(cause) })
    }
    const waiting = this.#waiting.get(key) ?? []
    this.#waiting.delete(key)
    for (const use of waiting) use(activation)
  }
}
