import type { Address } from '../protocols/actor.ts'
import { limits } from '../protocols/limits.ts'
import { keyOf } from './activation.ts'
import type { Shown } from './host.ts'

export type Listener = (shown: Shown) => void

/** Who watches which actor of a shard. It outlives a recovery of the shard; an actor need not exist to be watched. */
export class Watchers {
  readonly #of = new Map<string, Set<Listener>>()

  /** Actors that somebody watches. */
  get size(): number {
    return this.#of.size
  }

  /** False: the actor has as many watchers as it may have. */
  add(of: Address, listener: Listener): boolean {
    const key = keyOf(of.actor, of.id)
    const watching = this.#of.get(key)
    if (!watching) this.#of.set(key, new Set([listener]))
    else if (watching.size >= limits.watchers_per_actor_max) return false
    else watching.add(listener)
    return true
  }

  remove(of: Address, listener: Listener): void {
    const key = keyOf(of.actor, of.id)
    const watching = this.#of.get(key)
    watching?.delete(listener)
    if (watching?.size === 0) this.#of.delete(key)
  }

  has(key: string): boolean {
    return this.#of.has(key)
  }

  show(shown: Shown): void {
    const watching = this.#of.get(keyOf(shown.of.actor, shown.of.id))
    if (watching) for (const listener of watching) listener(shown)
  }
}
