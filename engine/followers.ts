/** What a thread derives from the durable frames of its shards, beside the command path and never before it. */
import { limits } from '../protocols/limits.ts'
import type { Env } from './env.ts'
import type { DurableFrame } from './ports.ts'
import type { Position } from './shard_row.ts'
import type { Tail } from './tail.ts'

export interface FollowerParts {
  readonly name: string
  readonly env: Env
  /** Where the shard was left off. */
  readonly begin: (shard: number) => Promise<Position>
  /** Carries out a batch over several shards, each in order. A rejection is tried again, without end. */
  readonly work: (frames: readonly DurableFrame[]) => Promise<void>
  /** The batch was carried out up to here. */
  readonly reached: (shard: number, position: Position) => void
}

const retry_first_ms = 100
const retry_max_ms = 5_000

/** Follows the tails of several shards with one worker: at least once, in order per shard, without a gap. */
export class Follower {
  readonly #parts: FollowerParts
  readonly #tails = new Map<number, { tail: Tail; at: Position }>()
  #running: Promise<void> | undefined
  #closed = false
  #failed_ms = 0

  constructor(parts: FollowerParts) {
    this.#parts = parts
  }

  /** Rejects with the driver's Fault when it cannot be told where the shard was left off. */
  async follow(tail: Tail): Promise<void> {
    // It lacks everything until it is known what it has.
    tail.passed(this, 0)
    const at = await this.#parts.begin(tail.shard)
    tail.passed(this, at.n)
    this.#tails.set(tail.shard, { tail, at })
    this.#parts.reached(tail.shard, at)
    this.wake()
  }

  /** Frames that are durable and not yet carried out. */
  get lag(): number {
    let lag = 0
    for (const { tail, at } of this.#tails.values()) lag += Math.max(0, tail.end.n - at.n)
    return lag
  }

  /** There may be something to do. */
  wake(): void {
    if (this.#closed || this.#running || this.#failed_ms > 0) return
    this.#running = this.#run().finally(() => {
      this.#running = undefined
      if (this.lag > 0) this.wake()
    })
  }

  /** Carries out what is durable now, unless the driver fails, and then nothing more. */
  async close(wait_ms: number): Promise<void> {
    const until_ms = this.#parts.env.monotonic_ms() + wait_ms
    while (this.lag > 0 && this.#parts.env.monotonic_ms() < until_ms) {
      this.wake()
      await new Promise<void>((resolve) => this.#parts.env.after(5, resolve))
    }
    this.#closed = true
    await this.#running
  }

  async #run(): Promise<void> {
    // One turn of the loop lets the frames of other shards join the batch.
    await new Promise<void>((resolve) => this.#parts.env.soon(resolve))
    while (!this.#closed) {
      try {
        const batch = await this.#next()
        if (batch.length === 0) return
        await this.#parts.work(batch)
        this.#failed_ms = 0
        for (const { seq, frame } of batch) this.#reach(frame.shard, { n: frame.n, seq })
      } catch (cause) {
        return this.#pause(cause)
      }
    }
  }

  #reach(shard: number, position: Position): void {
    const followed = this.#tails.get(shard)
    if (!followed || followed.at.n >= position.n) return
    followed.at = position
    followed.tail.passed(this, position.n)
    this.#parts.reached(shard, position)
  }

  async #next(): Promise<readonly DurableFrame[]> {
    const share = Math.ceil(limits.projection_batch_events / Math.max(1, this.#tails.size))
    const batches: DurableFrame[] = []
    for (const { tail, at } of this.#tails.values()) {
      if (tail.end.n <= at.n) continue
      for (const durable of await tail.after(at, share)) batches.push(durable)
    }
    return batches
  }

  #pause(cause: unknown): void {
    const wait_ms = Math.min(Math.max(retry_first_ms, 2 * this.#failed_ms), retry_max_ms)
    this.#failed_ms = wait_ms
    const fields = { wait_ms, lag: this.lag, cause: String(cause) }
    this.#parts.env.log('warn', `${this.#parts.name} fell behind and will be tried again`, fields)
    this.#parts.env.after(wait_ms, () => {
      const failed_ms = this.#failed_ms
      this.#failed_ms = 0
      this.wake()
      this.#failed_ms = this.#running ? failed_ms : 0
    })
  }
}
