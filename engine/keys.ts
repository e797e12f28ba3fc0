import { limits } from '../protocols/limits.ts'

/** What a shard remembers of a command that it has carried out. */
export interface Known {
  readonly body_hash: number
  /** The frame that holds it. */
  readonly n: number
  readonly at_ms: number
}

/**
 * The ids of commands that were carried out, at least the newest half of `max` and at most `max`: in two generations,
 * of which the older one goes whole, since taking the oldest out of a map one by one costs more than everything else.
 */
export class Keys {
  #young = new Map<string, Known>()
  #old = new Map<string, Known>()
  readonly #generation: number

  constructor(max: number = limits.keys_per_shard_max) {
    this.#generation = Math.ceil(max / 2)
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  find(id: string): Known | undefined {
    return this.#young.get(id) ?? this.#old.get(id)
  }

  /** Whether a known key is too old to be answered from. */
  static expired(known: Known, now_ms: number): boolean {
    return now_ms - known.at_ms > limits.key_life_ms
  }

  add(id: string, known: Known): void {
    if (this.#young.size >= this.#generation) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(id, known)
  }

  /** Oldest first. */
  all(): readonly (readonly [string, Known])[] {
    return [...this.#old, ...this.#young]
  }
}
