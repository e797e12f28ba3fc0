/** Brings a shard's frames to the journal: one in flight, each fenced by the one before it. */
import { decodeRecord, encodeRecord } from '../protocols/codec.ts'
import { type Frame, recordId } from '../protocols/frame.ts'
import type { Env } from './env.ts'
import type { Filling } from './filling.ts'
import { runningHash } from './hash.ts'
import type { Journal, LogEntry } from './ports.ts'

/** Where a shard's log ends, as far as its owner knows. */
export interface Tip {
  readonly epoch: number
  readonly writer: string
  /** The newest durable frame. */
  readonly n: number
  /** The newest entry, frame or claim. */
  readonly seq: number
  readonly hash: string
  /** The newest durable frame itself: a claim may have come after it, and only a frame says what a snapshot was cut from. */
  readonly frame: { readonly epoch: number; readonly seq: number; readonly hash: string }
}

export interface CommitterParts {
  readonly shard: number
  readonly env: Env
  readonly journal: Journal
  readonly acked: (frame: Frame, tip: Tip) => void
  /** Another writer owns the log now. */
  readonly deposed: (why: string) => void
}

interface Flight {
  readonly frame: Frame
  readonly id: string
  readonly bytes: Uint8Array
  /** Running, with this frame. */
  readonly hash: string
  readonly sent_ms: number
}

const resolve_first_ms = 50
const resolve_max_ms = 2_000

export class Committer {
  readonly #parts: CommitterParts
  #tip: Tip
  #flight: Flight | undefined
  #resolving = false
  #closed = false
  /** Grows as long as a frame meets nothing but faults. */
  #wait_ms = resolve_first_ms

  constructor(parts: CommitterParts, tip: Tip) {
    this.#parts = parts
    this.#tip = tip
  }

  get tip(): Tip {
    return this.#tip
  }

  get busy(): boolean {
    return this.#flight !== undefined
  }

  /** How long the frame in flight has been waiting for its ack; 0 when there is none. */
  get silent_ms(): number {
    return this.#flight ? this.#parts.env.monotonic_ms() - this.#flight.sent_ms : 0
  }

  /** The outcome of the frame in flight is unknown: nothing may be decided on it until the log has been read. */
  get resolving(): boolean {
    return this.#resolving
  }

  /** Seals a frame and sends it. The one before it must have been acked. */
  send(filled: Filling, settled: readonly string[], at_ms: number): void {
    const { n, commands, events } = filled
    const { epoch, writer, seq, hash } = this.#tip
    const { shard } = this.#parts
    const frame: Frame = {
      v: 1,
      shard,
      epoch,
      writer,
      n,
      prev_seq: seq,
      prev_hash: hash,
      at_ms,
      commands,
      events,
      settled,
    }
    const bytes = encodeRecord(frame)
    const with_frame = runningHash(hash, bytes)
    const sent_ms = this.#parts.env.monotonic_ms()
    this.#flight = { frame, id: recordId(frame, with_frame), bytes, hash: with_frame, sent_ms }
    void this.#append(this.#flight)
  }

  close(): void {
    this.#closed = true
  }

  async #append(flight: Flight): Promise<void> {
    try {
      const { shard, journal } = this.#parts
      this.#acked(flight, await journal.append(shard, flight.id, flight.bytes, this.#tip.seq))
    } catch (cause) {
      const fields = { shard: this.#parts.shard, frame: flight.id, cause: String(cause) }
      // Once a frame: a log that is away for long would fill the other one.
      const level = this.#resolving ? 'debug' : 'warn'
      this.#parts.env.log(level, 'the outcome of a frame is unknown', fields)
      this.#resolving = true
      this.#lookLater()
    }
  }

  #acked(flight: Flight, seq: number): void {
    if (this.#closed) return
    const { epoch, writer } = this.#tip
    const { hash } = flight
    this.#tip = { epoch, writer, n: flight.frame.n, seq, hash, frame: { epoch, seq, hash } }
    this.#flight = undefined
    this.#resolving = false
    this.#wait_ms = resolve_first_ms
    this.#parts.acked(flight.frame, this.#tip)
  }

  #lookLater(): void {
    if (this.#closed) return
    const wait_ms = this.#wait_ms * (0.5 + this.#parts.env.random())
    this.#wait_ms = Math.min(2 * this.#wait_ms, resolve_max_ms)
    this.#parts.env.after(wait_ms, () => void this.#look())
  }

  /** The log decides: our frame means acked, the one before it means send again, another's means that we were deposed. */
  async #look(): Promise<void> {
    const flight = this.#flight
    if (!flight || this.#closed) return
    let last: LogEntry | undefined
    try {
      last = await this.#parts.journal.last(this.#parts.shard)
    } catch (cause) {
      this.#parts.env.log('debug', 'the log cannot be read yet', { cause: String(cause) })
      return this.#lookLater()
    }
    if (last?.id === flight.id && this.#isOurs(last)) return this.#acked(flight, last.seq)
    if ((last?.seq ?? 0) === this.#tip.seq) return void this.#append(flight)
    this.#closed = true
    this.#parts.deposed(`the log of shard ${this.#parts.shard} goes on with ${last?.id ?? 'nothing'}`)
  }

  #isOurs(entry: LogEntry): boolean {
    return decodeRecord(entry.bytes).writer === this.#tip.writer
  }
}
