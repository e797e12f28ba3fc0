// How facts of the log become rows: named, and put into a form that PostgreSQL takes whatever people typed.
import { hash } from 'node:crypto'
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

const variants = ['8', '9', 'a', 'b'] as const

/** A UUID (RFC 9562, version 5) that follows from a name: the same fact has the same row id whenever it is projected. */
export function uuidOf(kind: string, name: string): string {
  const hex = hash('sha1', `${kind}\0${name}`, 'hex')
  const variant = variants[Number.parseInt(hex.charAt(16), 16) & 3]
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

export const instant = (at_ms: number): string => new Date(at_ms).toISOString()

/** PostgreSQL stores neither NUL nor half a surrogate pair; one such letter must not stop the projection. */
const unstorable = /\0|\p{Surrogate}/gu
export const storable = (text: string): string => text.replace(unstorable, '\uFFFD')

/** Rows as one JSON array, for `jsonb_to_recordset(…::text::jsonb)`. */
export function recordset(rows: readonly object[]): string {
  const text = JSON.stringify(rows)
  // Both kinds of letters that cannot be stored are written as escapes; going through all values takes a third longer.
  if (!text.includes('\\u')) return text
  return JSON.stringify(rows, (_key, value: unknown) => (typeof value === 'string' ? storable(value) : value))
}

/** Parts of at most `size`, in order. */
export function* slices<T>(rows: readonly T[], size: number): Iterable<readonly T[]> {
  for (let start = 0; start < rows.length; start += size) yield rows.slice(start, start + size)
}
