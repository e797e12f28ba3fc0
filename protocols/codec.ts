import { Packr } from 'msgpackr'
import type { Principal, Role } from './actor.ts'
import type { Claim, CommandRecord, EventRecord, Frame, LogRecord } from './frame.ts'
import { isClaim } from './frame.ts'
import { limits } from './limits.ts'
import { fnv1a32, fnv1a32Bytes } from './shard.ts'

/**
 * Records in the journal are msgpack arrays, one place a field in the order of `frame.ts`; bodies, data and states are
 * maps, and a command's body is one of its own, in bytes. Field names are not repeated for each event, which makes a frame smaller and its decoding three times faster.
 */
const packr = new Packr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' })

const frame_tag = 0
const claim_tag = 1
const roles: ReadonlySet<unknown> = new Set<Role>(['owner', 'runner', 'admin', 'shop', 'service'])
const hex_hash = /^([0-9a-f]{64})?$/

/** A record for the journal. Throws when it is larger than `limits.record_bytes_max`: the writer should have cut it. */
export function encodeRecord(record: LogRecord): Uint8Array {
  const bytes = packr.pack(isClaim(record) ? claimRow(record) : frameRow(record))
  if (bytes.length > limits.record_bytes_max)
    throw new Error(`a record of ${bytes.length} bytes is larger than ${limits.record_bytes_max}`)
  return bytes
}

const claimRow = ({ v, shard, epoch, writer, at_ms }: Claim) => [v, claim_tag, shard, epoch, writer, at_ms]

function frameRow(frame: Frame): unknown[] {
  const { v, shard, epoch, writer, n, prev_seq, prev_hash, at_ms, commands, events, settled } = frame
  return [
    v,
    frame_tag,
    shard,
    epoch,
    writer,
    n,
    prev_seq,
    prev_hash,
    at_ms,
    commands.map(commandRow),
    events.map(eventRow),
    settled,
  ]
}

const commandRow = (c: CommandRecord) => [
  c.id,
  c.to.actor,
  c.to.id,
  c.type,
  packr.pack(c.body),
  c.body_hash,
  c.by.id,
  c.by.role,
  c.policy,
  c.at_ms,
  c.first,
  c.count,
]

const eventRow = (e: EventRecord) => [
  e.kind,
  e.id,
  e.seq,
  e.type,
  e.version,
  e.by.id,
  e.by.role,
  e.cause,
  e.at_ms,
  e.data,
]

/** What stands for a command's body where nobody wants to read it. */
const unread: object = Object.freeze({})

/**
 * Reads a record back. Throws an Error that names what is wrong; nothing about the bytes is trusted. Replay needs the
 * events alone: `without_bodies` leaves the bodies of commands unread, which halves its work.
 */
export function decodeRecord(bytes: Uint8Array, without_bodies = false): LogRecord {
  if (bytes.length > limits.record_bytes_max) wrong('record', `at most ${limits.record_bytes_max} bytes`)
  const row = list(unpack(bytes), 'record')
  if (row[0] !== 1) wrong('v', '1')
  if (row[1] === claim_tag) return claimOf(sized(row, 6, 'claim'))
  if (row[1] === frame_tag) return frameOf(sized(row, 12, 'frame'), without_bodies)
  return wrong('tag', 'a frame or a claim')
}

function claimOf(row: readonly unknown[]): Claim {
  return {
    v: 1,
    claim: true,
    shard: whole(row[2], 'shard'),
    epoch: whole(row[3], 'epoch'),
    writer: text(row[4], 'writer'),
    at_ms: whole(row[5], 'at_ms'),
  }
}

function frameOf(row: readonly unknown[], without_bodies: boolean): Frame {
  const prev_hash = text(row[7], 'prev_hash')
  if (!hex_hash.test(prev_hash)) wrong('prev_hash', 'the hex of a SHA-256, or empty')
  const events = list(row[10], 'events').map(eventOf)
  const commands = list(row[9], 'commands').map((command) => commandOf(command, without_bodies))
  for (const { first, count } of commands)
    if (first + count > events.length) wrong('commands', 'a range of the events of the frame')
  return {
    v: 1,
    shard: whole(row[2], 'shard'),
    epoch: whole(row[3], 'epoch'),
    writer: text(row[4], 'writer'),
    n: whole(row[5], 'n'),
    prev_seq: whole(row[6], 'prev_seq'),
    prev_hash,
    at_ms: whole(row[8], 'at_ms'),
    commands,
    events,
    settled: list(row[11], 'settled').map((id) => text(id, 'settled')),
  }
}

function commandOf(value: unknown, without_body: boolean): CommandRecord {
  const row = sized(list(value, 'command'), 12, 'command')
  return {
    id: text(row[0], 'command.id'),
    to: { actor: text(row[1], 'command.to.actor'), id: text(row[2], 'command.to.id') },
    type: text(row[3], 'command.type'),
    body: without_body ? unread : map(unpack(bytesOf(row[4], 'command.body')), 'command.body'),
    body_hash: whole(row[5], 'command.body_hash'),
    by: principal(row[6], row[7], 'command.by'),
    policy: whole(row[8], 'command.policy'),
    at_ms: whole(row[9], 'command.at_ms'),
    first: whole(row[10], 'command.first'),
    count: whole(row[11], 'command.count'),
  }
}

function eventOf(value: unknown): EventRecord {
  const row = sized(list(value, 'event'), 10, 'event')
  return {
    kind: text(row[0], 'event.kind'),
    id: text(row[1], 'event.id'),
    seq: whole(row[2], 'event.seq'),
    type: text(row[3], 'event.type'),
    version: whole(row[4], 'event.version'),
    by: principal(row[5], row[6], 'event.by'),
    cause: text(row[7], 'event.cause'),
    at_ms: whole(row[8], 'event.at_ms'),
    data: map(row[9], 'event.data'),
  }
}

/**
 * Any plain value, such as an actor's state or a shard's row, as msgpack with two checksums behind it: of the bytes, and
 * of `about`, which says whose they are. A store may give back other bytes than it was given, or those of somebody
 * else. Minus zero comes back as zero.
 */
export function packState(state: unknown, about = ''): Uint8Array {
  const packed = packr.pack(state)
  const bytes = new Uint8Array(packed.length + seal_bytes)
  bytes.set(packed)
  const view = new DataView(bytes.buffer, packed.length)
  view.setUint32(0, fnv1a32Bytes(packed))
  view.setUint32(4, fnv1a32(about))
  return bytes
}

/** What `packState` packed. Throws when the bytes are not what it made, or, with `about`, are about something else. */
export const unpackState = (bytes: Uint8Array, about?: string): unknown => unpack(packedIn(bytes, about))

/** Throws as `unpackState` does, for checksums alone. */
export function checkState(bytes: Uint8Array, about: string): void {
  packedIn(bytes, about)
}

function packedIn(bytes: Uint8Array, about: string | undefined): Uint8Array {
  const length = bytes.length - seal_bytes
  if (length < 1) throw new Error('a saved state is cut off')
  const packed = bytes.subarray(0, length)
  const view = new DataView(bytes.buffer, bytes.byteOffset + length)
  if (view.getUint32(0) !== fnv1a32Bytes(packed)) throw new Error('a saved state is not what was saved')
  if (about !== undefined && view.getUint32(4) !== fnv1a32(about))
    throw new Error(`a saved state is not that of ${about}`)
  return packed
}

/** Two checksums of 32 bits. */
const seal_bytes = 8

function unpack(bytes: Uint8Array): unknown {
  try {
    return packr.unpack(bytes)
  } catch (cause) {
    throw new Error('the bytes are not one msgpack value', { cause })
  }
}

function wrong(field: string, wanted: string): never {
  throw new Error(`a log record is malformed: ${field} must be ${wanted}`)
}

function list(value: unknown, field: string): readonly unknown[] {
  return Array.isArray(value) ? value : wrong(field, 'a list')
}

function sized(row: readonly unknown[], length: number, field: string): readonly unknown[] {
  return row.length === length ? row : wrong(field, `a list of ${length}`)
}

function text(value: unknown, field: string): string {
  return typeof value === 'string' ? value : wrong(field, 'text')
}

function whole(value: unknown, field: string): number {
  return Number.isSafeInteger(value) && (value as number) >= 0
    ? (value as number)
    : wrong(field, 'a whole number')
}

function bytesOf(value: unknown, field: string): Uint8Array {
  return value instanceof Uint8Array ? value : wrong(field, 'msgpack in bytes')
}

function map(value: unknown, field: string): object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
    ? value
    : wrong(field, 'a map')
}

function principal(id: unknown, role: unknown, field: string): Principal {
  return roles.has(role) ? { id: text(id, field), role: role as Role } : wrong(field, 'someone with a role')
}
