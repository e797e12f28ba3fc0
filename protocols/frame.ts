import type { Address, Principal } from './actor.ts'

/** A fact of one actor. `id` is the actor's; `seq` counts its events from 1; `cause` is the id of the command behind it. */
export interface EventRecord {
  readonly kind: string
  readonly id: string
  readonly seq: number
  readonly type: string
  /** Of the event's schema: upcasters lift older ones on reading. */
  readonly version: number
  readonly by: Principal
  readonly cause: string
  readonly at_ms: number
  readonly data: object
}

/** A command that led to events: enough to decide it again. Its events are `events[first .. first + count - 1]` of its frame. */
export interface CommandRecord {
  readonly id: string
  readonly to: Address
  readonly type: string
  readonly body: object
  readonly body_hash: number
  readonly by: Principal
  readonly policy: number
  readonly at_ms: number
  readonly first: number
  readonly count: number
}

/** What one append to the journal commits: the unit of durability. `n` counts the frames of a shard from 1, without claims. */
export interface Frame {
  readonly v: 1
  readonly shard: number
  readonly epoch: number
  readonly writer: string
  readonly n: number
  /** The log sequence of the shard's message before this one, 0 for none. */
  readonly prev_seq: number
  /** Hex of the running hash up to and with that message: h(i) = sha256(h(i-1) || bytes(i)), h(0) = ''. */
  readonly prev_hash: string
  readonly at_ms: number
  readonly commands: readonly CommandRecord[]
  readonly events: readonly EventRecord[]
  /** Ids of follow-ups, timers and effects of earlier frames that are done with. */
  readonly settled: readonly string[]
}

/** An owner's unconditional append: from here on every frame of an earlier epoch fails its expected sequence. */
export interface Claim {
  readonly v: 1
  readonly claim: true
  readonly shard: number
  readonly epoch: number
  readonly writer: string
  readonly at_ms: number
}

export type LogRecord = Frame | Claim

export const isClaim = (record: LogRecord): record is Claim => 'claim' in record

/** The id of the event at `index` of a frame: also its message id on the public topics. */
export const eventId = (shard: number, n: number, index: number) => `${shard}:${n}:${index}`
/**
 * The id of a record in the journal; a record that is sent again keeps it. `hash` is the running hash up to and with
 * the record, whose start stands in a frame's id: the newest frame has none behind it that names it. A claim cannot
 * know the hash before it, and is small enough to be named whole.
 */
export const recordId = (record: LogRecord, hash: string): string =>
  isClaim(record)
    ? `c:${record.shard}:${record.epoch}:${record.writer}:${record.at_ms}`
    : `f:${record.shard}:${record.epoch}:${record.n}:${hash.slice(0, id_hash_chars)}`
const id_hash_chars = 16
