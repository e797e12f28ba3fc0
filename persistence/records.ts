// How facts of the log become rows: named, and put into a form that PostgreSQL takes whatever people typed.
import { createHash } from 'node:crypto'
import type { DurableFrame } from '../engine/ports.ts'
import { type EventRecord, eventId } from '../protocols/frame.ts'

/** An event and the place in the log that it has. */
export interface Fact {
  readonly event: EventRecord
  readonly shard: number
  readonly n: number
  readonly log_seq: number
  readonly event_id: string
}

/** The events of frames as facts, in order. */
export const factsOf = (frames: readonly DurableFrame[]): readonly Fact[] =>
  frames.flatMap(({ seq, frame: { shard, n, events } }) =>
    events.map((event, index) => ({ event, shard, n, log_seq: seq, event_id: eventId(shard, n, index) })),
  )

/** A UUID (RFC 9562, version 5) that follows from a name: the same fact has the same row id whenever it is projected. */
export function uuidOf(kind: string, name: string): string {
  const hash = createHash('sha1').update(`${kind}\0${name}`).digest()
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6)
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = hash.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}

export const instant = (at_ms: number): string => new Date(at_ms).toISOString()

/** PostgreSQL stores neither NUL nor half a surrogate pair; one such letter must not stop the projection. */
const unstorable = /\0|\p{Surrogate}/gu
export const storable = (text: string): string => text.replace(unstorable, '\uFFFD')

/** Rows as one JSON array, for `jsonb_to_recordset(…::text::jsonb)`. */
export const recordset = (rows: readonly object[]): string =>
  JSON.stringify(rows, (_key, value: unknown) => (typeof value === 'string' ? storable(value) : value))

/** Parts of at most `size`, in order. */
export function* slices<T>(rows: readonly T[], size: number): Iterable<readonly T[]> {
  for (let start = 0; start < rows.length; start += size) yield rows.slice(start, start + size)
}
