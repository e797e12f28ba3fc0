import type { Address, Message } from '../protocols/actor.ts'
import type { Effect } from '../protocols/effects.ts'
import type { CommandRecord, EventRecord, Frame } from '../protocols/frame.ts'
import type { Policy } from '../protocols/policy.ts'

/** Something outside failed, not the caller. `retry`: the same call may succeed later. On HTTP it is 503 without detail. */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly retry: boolean
  constructor(message: string, options: { retry: boolean; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.retry = options.retry
  }
}

/** One message of a shard's log. `id` is its message id. `seq` grows along the shard and is not contiguous. */
export interface LogEntry {
  readonly seq: number
  readonly id: string
  readonly bytes: Uint8Array
}

/** The durable log, one subject a shard. What it has acked survives a power cut. */
export interface Journal {
  /**
   * Appends after the entry `expected_seq` of this shard (0: the shard is empty) and resolves with the new entry's
   * sequence once it is on disk. Any rejection means that the outcome is unknown: only `last` can tell.
   */
  append(shard: number, id: string, bytes: Uint8Array, expected_seq: number): Promise<number>
  /** Appends whatever the last entry is. The same promise. */
  claim(shard: number, id: string, bytes: Uint8Array): Promise<number>
  /** The newest entry of a shard. */
  last(shard: number): Promise<LogEntry | undefined>
  /** Every entry of a shard with `after_seq < seq <= until_seq`, in order, without a gap. */
  read(shard: number, after_seq: number, until_seq: number): AsyncIterable<LogEntry>
}

/** An actor in a snapshot; `state` is msgpack. A point is kept for those who stand in the grid. */
export interface ActorRow {
  readonly kind: string
  readonly id: string
  readonly seq: number
  readonly state: Uint8Array
  readonly latitude?: number
  readonly longitude?: number
}

/** Where a snapshot of a shard was cut: after frame `n`, whose log sequence and running hash (hex) are given. */
export interface CutHead {
  readonly shard: number
  readonly epoch: number
  readonly n: number
  readonly log_seq: number
  readonly hash: string
  readonly at_ms: number
  /** Keys, timers, pending sets, counters: msgpack. */
  readonly shard_row: Uint8Array
}

export interface Cut extends CutHead {
  /** Only the actors that changed since the shard's previous cut. */
  readonly actors: readonly ActorRow[]
}

/** Snapshots for recovery. The two newest cuts of a shard can be loaded. */
export interface Snapshots {
  /** One transaction. Rejects with a Fault (`retry: false`) when a cut with a higher (epoch, n) is there: we were deposed. */
  save(cut: Cut): Promise<void>
  /** Newest first, at most two. */
  cuts(shard: number): Promise<readonly CutHead[]>
  /** Every actor as it was at the cut `n`, in batches. */
  load(shard: number, n: number): AsyncIterable<readonly ActorRow[]>
  /** One actor as it was at the newest cut. */
  wake(shard: number, kind: string, id: string): Promise<ActorRow | undefined>
  /** Forgets a cut that is not of the log, and every row that it brought. One of another epoch at that frame stays. */
  drop(cut: Pick<CutHead, 'shard' | 'epoch' | 'n'>): Promise<void>
}

/** A frame that is on disk, as those who derive something from the log see it. */
export interface DurableFrame {
  readonly seq: number
  readonly frame: Pick<Frame, 'shard' | 'n' | 'at_ms'> & {
    readonly events: readonly EventRecord[]
    readonly commands: readonly CommandRecord[]
  }
}

/** What people query. Deferred, but never with a gap. */
export interface Projections {
  /** The last frame of the shard that is in, 0 for none; and its log sequence. */
  watermark(shard: number): Promise<{ n: number; seq: number }>
  /** One transaction over all the frames (of any shards, in order per shard) and their watermarks; frames that are in already change nothing. */
  project(frames: readonly DurableFrame[]): Promise<void>
}

/** A report of a signal, for the topic that may lose its last second. */
export interface Report {
  readonly from: Address
  readonly type: string
  readonly key: string
  readonly at_ms: number
  readonly data: object
}

/** The public topics: CloudEvents that anybody may read. */
export interface Topics {
  /** Publishes the public ones of these frames' events in order, at least once; resolves when all are on disk. */
  publish(frames: readonly DurableFrame[]): Promise<void>
  /** Windowed and unordered beside `publish`. False: the queue is full and the report was dropped (and counted). */
  report(report: Report): boolean
  /** A command that failed again and again, or a rejected step, kept for people to look at. */
  dead(shard: number, letter: object): Promise<void>
}

/** Carries out effects. */
export interface Effects {
  /**
   * Called at least once per id, after the frame is durable; a repeat with the same id must not do it twice. May give
   * back a command. A rejection is tried again later, without end.
   */
  run(effect: Effect, id: string, attempt: number): Promise<{ to: Address; command: Message } | undefined>
}

/** Every version of the policy document after the first, which is part of the program. What it has acked survives a power cut. */
export interface Policies {
  /**
   * Stores the version after the newest. Rejects with a Fault: `retry: false` when that version is there already, or is
   * not the next one; `retry: true` when the outcome is unknown.
   */
  append(document: Policy): Promise<void>
  /** All versions on disk above `version`, oldest first. */
  after(version: number): Promise<readonly Policy[]>
}

export interface Drivers {
  readonly journal: Journal
  readonly snapshots: Snapshots
  readonly projections: Projections
  readonly topics: Topics
  readonly effects: Effects
}
