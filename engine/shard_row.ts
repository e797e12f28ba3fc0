import type { Address, Message } from '../protocols/actor.ts'
import { packState, unpackState } from '../protocols/codec.ts'
import type { Known } from './keys.ts'
import type { Pending } from './outbox.ts'
import type { Timer } from './timers.ts'

/** How far a shard's events have been published: the last frame of which all are out, and its log sequence. */
export interface Position {
  readonly n: number
  readonly seq: number
}

/** What a shard is besides its actors, as a snapshot keeps it. */
export interface ShardRow {
  readonly births: number
  readonly keys: readonly (readonly [string, Known])[]
  readonly timers: readonly Timer[]
  readonly pending: readonly Pending[]
  readonly published: Position
}

type KeyRow = readonly [id: string, body_hash: number, n: number, at_ms: number]
type TimerRow = readonly [id: string, due_ms: number, to: Address, command: Message]

export function packRow(row: ShardRow): Uint8Array {
  const keys = row.keys.map(([id, { body_hash, n, at_ms }]): KeyRow => [id, body_hash, n, at_ms])
  const timers = row.timers.map(({ id, due_ms, to, command }): TimerRow => [id, due_ms, to, command])
  return packState({ ...row, keys, timers })
}

interface Packed extends Omit<ShardRow, 'keys' | 'timers'> {
  readonly keys: readonly KeyRow[]
  readonly timers: readonly TimerRow[]
}

/** Reads back what `packRow` wrote; the bytes come from our own snapshot, whose frame and hash the log has confirmed. */
export function unpackRow(bytes: Uint8Array): ShardRow {
  const row = unpackState(bytes) as Packed
  return {
    ...row,
    keys: row.keys.map(([id, body_hash, n, at_ms]) => [id, { body_hash, n, at_ms }]),
    timers: row.timers.map(([id, due_ms, to, command]) => ({ id, due_ms, to, command })),
  }
}
