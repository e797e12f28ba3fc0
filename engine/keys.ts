import { limits } from '../protocols/limits.ts'
import { Generation, type Known } from './generation.ts'
import { PackedId } from './packed_id.ts'

/** The id that is asked for: one at a time in a thread, and added soon after it was not found. */
const asked = new PackedId()

/**
 * The ids of commands that were carried out, at least the newest half of `max` and at most `max`: in two generations,
 * of which the older one goes whole, since taking the oldest out one by one costs more than everything else.
 */
export class Keys {
  #young: Generation
  #old: Generation
  readonly #generation: number

  constructor(max: number = limits.keys_per_shard_max) {
    this.#generation = Math.ceil(max / 2)
    this.#young = new Generation(this.#generation)
    this.#old = new Generation(this.#generation)
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  /** Of memory: about 46 for the id of a command and 36 for that of a step, once it is full. */
  get bytes(): number {
    return this.#young.bytes + this.#old.bytes
  }

  find(id: string): Known | undefined {
    asked.pack(id)
    return this.#young.find(asked) ?? this.#old.find(asked)
  }

  /** Whether a known key is too old to be answered from. */
  static expired(known: Known, now_ms: number): boolean {
    return now_ms - known.at_ms > limits.key_life_ms
  }

  add(id: string, known: Known): void {
    if (this.#young.size >= this.#generation) {
      this.#old = this.#young
      this.#young = new Generation(this.#generation)
    }
    asked.pack(id)
    this.#young.set(asked, known)
  }

  /** As they are now, oldest first; read when they are asked for. */
  all(): Iterable<readonly [string, Known]> {
    const [old, young] = [this.#old.copy(), this.#young.copy()]
    return {
      *[Symbol.iterator]() {
        yield* old
        yield* young
      },
    }
  }
}
