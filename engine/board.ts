import { limits } from '../protocols/limits.ts'
import { fnv1a32 } from '../protocols/shard.ts'
import type { Env } from './env.ts'

/** Users share a mark when their hashes do: then a list waits for a little more than it must. */
const slots = 4_096
const poll_ms = 3

/** The states of a part, as numbers on the board; `moved`: another engine has it. */
export const partStates = ['starting', 'ready', 'failed', 'moved'] as const
export type PartState = (typeof partStates)[number]

/** The size of the shared memory of a board, in bytes. */
export const boardBytes = (shards: number, workers: number): number =>
  8 * (2 * shards + slots * shards) + 4 * (shards + 2 * workers)

/**
 * What all threads of a process see at once: how far the lists are, what each user was told, and whether every part
 * is up. Plain shared memory: a mark is only ever raised, and reading an older one costs a wait, never a wrong answer.
 */
export class Board {
  readonly #env: Env
  readonly #shards: number
  readonly #projected: BigInt64Array
  readonly #recovered: BigInt64Array
  readonly #marks: BigInt64Array
  readonly #states: Int32Array

  /** `memory` has `boardBytes(shards, workers)` bytes. */
  constructor(env: Env, memory: SharedArrayBuffer, shards: number, workers: number) {
    this.#env = env
    this.#shards = shards
    this.#projected = new BigInt64Array(memory, 0, shards)
    this.#recovered = new BigInt64Array(memory, 8 * shards, shards)
    this.#marks = new BigInt64Array(memory, 8 * 2 * shards, slots * shards)
    this.#states = new Int32Array(memory, 8 * (2 * shards + slots * shards), shards + 2 * workers)
  }

  /** The lists hold everything of the shard up to this frame. */
  projected(shard: number, n: number): void {
    raise(this.#projected, shard, n)
  }

  /** The shard was recovered up to this frame: whoever was told of it was told by another process, which noted it elsewhere. */
  recovered(shard: number, n: number): void {
    raise(this.#recovered, shard, n)
  }

  note(user_id: string, shard: number, n: number): void {
    raise(this.#marks, this.#slotOf(user_id) + shard, n)
  }

  /** True once the lists hold all that was noted for the user; false when they do not after `limits.read_your_writes_ms`. */
  async caughtUp(user_id: string): Promise<boolean> {
    const until_ms = this.#env.monotonic_ms() + limits.read_your_writes_ms
    while (!this.#holdsFor(user_id)) {
      if (this.#env.monotonic_ms() >= until_ms) return false
      await new Promise<void>((resolve) => this.#env.after(poll_ms, resolve))
    }
    return true
  }

  shardIs(shard: number, state: PartState): void {
    Atomics.store(this.#states, shard, partStates.indexOf(state))
  }

  natsIs(worker: number, state: PartState): void {
    Atomics.store(this.#states, this.#shards + 2 * worker, partStates.indexOf(state))
  }

  databaseIs(worker: number, state: PartState): void {
    Atomics.store(this.#states, this.#shards + 2 * worker + 1, partStates.indexOf(state))
  }

  /** The worst state of each kind of part. */
  states(): Readonly<Record<'shards' | 'nats' | 'database', PartState>> {
    const all = Array.from(
      this.#states,
      (_, index) => partStates[Atomics.load(this.#states, index)] ?? 'failed',
    )
    const parts = all.slice(this.#shards)
    return {
      shards: worst(all.slice(0, this.#shards)),
      nats: worst(parts.filter((_, index) => index % 2 === 0)),
      database: worst(parts.filter((_, index) => index % 2 === 1)),
    }
  }

  #holdsFor(user_id: string): boolean {
    const slot = this.#slotOf(user_id)
    for (let shard = 0; shard < this.#shards; shard++) {
      const projected = Atomics.load(this.#projected, shard)
      if (projected < Atomics.load(this.#marks, slot + shard)) return false
      if (projected < Atomics.load(this.#recovered, shard) || !this.#isKnown(shard)) return false
    }
    return true
  }

  /** What others were told before, or since, is in the log of a shard that is not ours: nobody here knows how far it is. */
  #isKnown(shard: number): boolean {
    const state = partStates[Atomics.load(this.#states, shard)]
    return state !== 'starting' && state !== 'moved'
  }

  #slotOf(user_id: string): number {
    return (fnv1a32(user_id) % slots) * this.#shards
  }
}

function raise(cells: BigInt64Array, index: number, n: number): void {
  const to = BigInt(n)
  for (;;) {
    const now = Atomics.load(cells, index)
    if (now >= to || Atomics.compareExchange(cells, index, now, to) === now) return
  }
}

function worst(states: readonly PartState[]): PartState {
  for (const state of ['moved', 'failed'] as const) if (states.includes(state)) return state
  return states.includes('starting') ? 'starting' : 'ready'
}
