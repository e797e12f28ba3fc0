import { decodeRecord } from '../protocols/codec.ts'
import { type Frame, isClaim } from '../protocols/frame.ts'
import { limits } from '../protocols/limits.ts'
import { lift } from '../protocols/upcast.ts'
import type { DurableFrame, Journal } from './ports.ts'
import type { Position } from './shard_row.ts'

/** What a frame counts for: one that is full of steps without events is as large as one full of events. */
const recordsOf = ({ commands, events }: Pick<Frame, 'commands' | 'events'>): number =>
  1 + Math.max(commands.length, events.length)

/**
 * The durable frames of one shard, for those who derive something from the log: those that a reader still lacks from
 * memory, within a bound, older ones from the journal. A slow reader costs a re-read, never memory without end and never
 * a gap; what all have is let go at once.
 */
export class Tail {
  readonly shard: number
  readonly #journal: Journal
  #frames: { readonly durable: DurableFrame; readonly bytes: number }[] = []
  #bytes = 0
  #end: Position
  readonly #readers = new Map<object, number>()

  constructor(shard: number, journal: Journal, end: Position) {
    this.shard = shard
    this.#journal = journal
    this.#end = end
  }

  /** The newest durable frame. */
  get end(): Position {
    return this.#end
  }

  /** About so much memory. */
  get bytes(): number {
    return this.#bytes
  }

  /** A reader has carried out everything up to frame `n`, and will ask for what comes behind; without one nothing is let go. */
  passed(reader: object, n: number): void {
    this.#readers.set(reader, n)
    const done = Math.min(...this.#readers.values())
    while ((this.#frames[0]?.durable.frame.n ?? Number.POSITIVE_INFINITY) <= done) this.#drop()
  }

  push(durable: DurableFrame): void {
    const bytes = 512 * recordsOf(durable.frame)
    this.#frames.push({ durable, bytes })
    this.#bytes += bytes
    this.#end = { n: durable.frame.n, seq: durable.seq }
    while (this.#bytes > limits.recent_frames_bytes_max) this.#drop()
  }

  #drop(): void {
    this.#bytes -= this.#frames.shift()?.bytes ?? 0
  }

  /** Frames after `from`, in order and without a gap, until about `events_max` events or commands; empty at the end. */
  async after(from: Position, events_max: number): Promise<readonly DurableFrame[]> {
    if (from.n >= this.#end.n) return []
    const first = this.#frames[0]?.durable.frame.n ?? Number.POSITIVE_INFINITY
    return from.n + 1 >= first ? this.#recent(from.n + 1 - first, events_max) : this.#read(from, events_max)
  }

  #recent(index: number, events_max: number): readonly DurableFrame[] {
    const taken: DurableFrame[] = []
    let events = 0
    for (let at = index; at < this.#frames.length && events < events_max; at++) {
      const durable = this.#frames[at]?.durable
      if (!durable) break
      taken.push(durable)
      events += recordsOf(durable.frame)
    }
    return taken
  }

  async #read(from: Position, events_max: number): Promise<readonly DurableFrame[]> {
    const taken: DurableFrame[] = []
    let events = 0
    for await (const { seq, bytes } of this.#journal.read(this.shard, from.seq, this.#end.seq)) {
      const record = decodeRecord(bytes)
      if (isClaim(record) || record.n <= from.n) continue
      taken.push({ seq, frame: { ...record, events: record.events.map((event) => lift(event)) } })
      events += recordsOf(record)
      if (events >= events_max) break
    }
    return taken
  }
}
