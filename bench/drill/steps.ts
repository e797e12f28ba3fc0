// What a step of the clock must not do, as the log tells it.
import type { EventRecord } from '../../protocols/frame.ts'
import { shardOf } from '../../protocols/shard.ts'

/** A shard may be ahead of the true time by what it slews, and by what a machine under load is late. */
const slew = 0.1
const late_ms = 3_000

/** Reads events in the order of their shards and keeps what is out of order, or dated later than the time that has passed. */
export class Calendar {
  readonly #shards: number
  readonly #began_ms: number
  readonly #now_ms: () => number
  readonly #newest = new Map<number, number>()
  readonly wrong: string[] = []
  /** Runners who came in time and were told that they did not. */
  timed_out = 0

  /** `now_ms` is the true time, which nobody steps. */
  constructor(shards: number, now_ms: () => number) {
    this.#shards = shards
    this.#now_ms = now_ms
    this.#began_ms = now_ms()
  }

  take({ kind, id, type, at_ms, data }: EventRecord): void {
    const shard = shardOf(id, this.#shards)
    const newest_ms = this.#newest.get(shard) ?? 0
    if (at_ms < newest_ms) this.wrong.push(`${type} of ${kind} ${id} is dated ${newest_ms - at_ms} ms back`)
    const now_ms = this.#now_ms()
    const ahead_ms = at_ms - now_ms
    if (ahead_ms > (now_ms - this.#began_ms) * slew + late_ms)
      this.wrong.push(`${type} of ${kind} ${id} is dated ${ahead_ms} ms ahead`)
    this.#newest.set(shard, Math.max(newest_ms, at_ms))
    if (type === 'booking.runner_refused' && 'reason' in data && data.reason === 'expired')
      this.timed_out += 1
  }
}
