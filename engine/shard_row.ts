import type { Address, Message } from '../protocols/actor.ts'
import { packState, unpackState } from '../protocols/codec.ts'
import type { Known } from './generation.ts'
import type { Pending } from './outbox.ts'
import type { ActorRow, CutHead } from './ports.ts'
import type { Residents } from './residents.ts'
import type { Timer } from './timers.ts'

/** How far a shard's events have been published: the last frame of which all are out, and its log sequence. */
export interface Position {
  readonly n: number
  readonly seq: number
}

/** What a shard is besides its actors, as a snapshot keeps it. */
export interface ShardRow {
  readonly births: number
  /** What the cut's actors add up to; a row of an older program does not say. */
  readonly held?: Residents['held'] | undefined
  readonly keys: Iterable<readonly [string, Known]>
  readonly timers: readonly Timer[]
  readonly pending: readonly Pending[]
  readonly published: Position
}

type KeyRow = readonly [id: string, body_hash: number, n: number, at_ms: number]
type TimerRow = readonly [id: string, due_ms: number, to: Address, command: Message]

type Head = Omit<CutHead, 'shard_row'>

/** What the checksum of an actor's saved state is bound to. */
export const aboutActor = ({ kind, id, seq }: Pick<ActorRow, 'kind' | 'id' | 'seq'>): string =>
  `${kind} ${id} at ${seq}`
const aboutCut = ({ shard, epoch, n, log_seq, hash, at_ms }: Head): string =>
  `shard ${shard} at ${epoch}, ${n}, ${log_seq}, ${hash}, ${at_ms}`

export function packRow(row: ShardRow, head: Head): Uint8Array {
  const keys = Array.from(row.keys, ([id, { body_hash, n, at_ms }]): KeyRow => [id, body_hash, n, at_ms])
  const timers = row.timers.map(({ id, due_ms, to, command }): TimerRow => [id, due_ms, to, command])
  return packState({ ...row, keys, timers }, aboutCut(head))
}

interface Packed extends Omit<ShardRow, 'keys' | 'timers'> {
  readonly keys: readonly KeyRow[]
  readonly timers: readonly TimerRow[]
}

/** Reads back what `packRow` wrote. Throws when the bytes, or what stands beside them in the cut, are not what was saved. */
export function unpackRow(head: CutHead): ShardRow {
  const row = unpackState(head.shard_row, aboutCut(head)) as Packed
  return {
    ...row,
    keys: row.keys.map(([id, body_hash, n, at_ms]) => [id, { body_hash, n, at_ms }]),
    timers: row.timers.map(([id, due_ms, to, command]) => ({ id, due_ms, to, command })),
  }
}
