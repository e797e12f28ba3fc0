import { limits } from '../protocols/limits.ts'

/** What a shard remembers of a command that it has carried out. */
export interface Known {
  readonly body_hash: number
  /** The frame that holds it. */
  readonly n: number
  readonly at_ms: number
}

/** The ids of commands that were carried out, oldest first, at most `max`: the oldest make room. */
export class Keys {
  readonly #known = new Map<string, Known>()
  readonly #max: number

  constructor(max: number = limits.keys_per_shard_max) {
    this.#max = max
  }

  get size(): number {
    return this.#known.size
  }

  find(id: string): Known | undefined {
    return this.#known.get(id)
  }

  /** Whether a known key is too old to be answered from. */
  static expired(known: Known, now_ms: number): boolean {
    return now_ms - known.at_ms > limits.key_life_ms
  }

  add(id: string, known: Known): void {
    if (this.#known.size >= this.#max) {
      const oldest = this.#known.keys().next()
      if (!oldest.done) this.#known.delete(oldest.value)
    }
    this.#known.set(id, known)
  }

  all(): readonly (readonly [string, Known])[] {
    return [...this.#known]
  }
}
