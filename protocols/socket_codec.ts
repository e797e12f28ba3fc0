// The frames of the runner socket: a client's are read without trust, a server's are written for either encoding.
import { Packr } from 'msgpackr'
import { Compile } from 'typebox/compile'
import { Id } from './ids.ts'
import { limits } from './limits.ts'
import { MsgpackReader } from './msgpack.ts'
import type { Fix } from './runner.ts'
import type { MessageOf } from './shape.ts'
import {
  clientMessages,
  type Lane,
  type ServerMessage,
  type SocketCommand,
  socketCommands,
} from './socket.ts'

/** Fixes of one boot. `unusable` are the numbers of those whose values no device can mean. */
export interface FixesFrame {
  readonly type: 'fixes'
  readonly boot: string
  readonly lane: Lane
  readonly fixes: Fix[]
  readonly unusable: number[]
}

/** A client's frame once it is understood. */
export type ClientFrame =
  | FixesFrame
  | { readonly type: 'command'; id: string; command: SocketCommand }
  | { readonly type: 'ping'; at_ms: number }
  | { readonly type: 'token'; token: string }
  | { readonly type: 'malformed'; detail: string; id?: string }

const utf8 = new TextDecoder()
const packr = new Packr({ useRecords: false })
const isId = Compile(Id)
const checks = {
  fixes: Compile(clientMessages.fixes),
  command: Compile(clientMessages.command),
  ping: Compile(clientMessages.ping),
  token: Compile(clientMessages.token),
}
const commandChecks = new Map(
  Object.entries(socketCommands).map(([type, schema]) => [
    type,
    { check: Compile(schema), fields: Object.keys(schema.properties) },
  ]),
)

const malformed = (detail: string, id?: string): ClientFrame =>
  id === undefined ? { type: 'malformed', detail } : { type: 'malformed', detail, id }

/**
 * Reads a client's frame. Never throws: what cannot be read is `malformed`. `likely_boot` is that of the connection's
 * last fixes, if it sent any: most frames have the same one, and its string is then used again.
 */
export function decodeClient(bytes: Uint8Array, is_binary: boolean, likely_boot?: string): ClientFrame {
  try {
    if (!is_binary) return fromObject(JSON.parse(utf8.decode(bytes)), true)
    const reader = new MsgpackReader(bytes)
    if (reader.peek() === fixes_head) return fromFixes(reader, likely_boot)
    const value = reader.value()
    return reader.finished ? fromObject(value, false) : malformed('bytes after the message')
  } catch (error) {
    return malformed(error instanceof Error ? error.message : 'unreadable')
  }
}

/** A msgpack array of four. */
const fixes_head = 0x94

function fromFixes(reader: MsgpackReader, likely_boot: string | undefined): ClientFrame {
  reader.array()
  if (reader.stringOr('f') !== 'f') return malformed('an array frame starts with f')
  const boot = reader.stringOr(likely_boot ?? '')
  const lane = reader.stringOr('live')
  if ((boot === '' || boot !== likely_boot) && !isId.Check(boot))
    return malformed('boot is not a lower-case UUID')
  if (lane !== 'live' && lane !== 'backlog') return malformed('the lane is live or backlog')
  const count = reader.array()
  if (count < 1 || count > limits.fixes_per_frame_max) return malformed(`${count} fixes in a frame`)
  const frame: FixesFrame = { type: 'fixes', boot, lane, fixes: [], unusable: [] }
  for (let index = 0; index < count; index++) sort(frame, nextFix(reader))
  return reader.finished ? frame : malformed('bytes after the message')
}

function nextFix(reader: MsgpackReader): LooseFix {
  if (reader.array() !== fix_fields) throw new TypeError('a fix has seven fields')
  const seq = reader.number()
  if (!Number.isSafeInteger(seq) || seq < 0) throw new TypeError('a seq is not a whole number')
  return {
    seq,
    latitude: reader.number(),
    longitude: reader.number(),
    at_ms: reader.number(),
    accuracy_m: reader.maybeNumber(),
    speed_kmh: reader.maybeNumber(),
    heading_degrees: reader.maybeNumber(),
  }
}

/** The optional fields may also be there and undefined. */
type LooseFix = { [Field in keyof Fix]: Fix[Field] | undefined } & Pick<
  Fix,
  'seq' | 'latitude' | 'longitude' | 'at_ms'
>

const fix_fields = 7
const within = (value: number, bound: number) => value >= -bound && value <= bound

/** Puts a fix where it belongs. One whose place or time cannot be is unusable; accuracy, speed and heading that say nothing are left out. */
function sort({ fixes, unusable }: FixesFrame, loose: LooseFix): void {
  const { seq, latitude, longitude, at_ms, accuracy_m, speed_kmh, heading_degrees } = loose
  const possible = within(latitude, 90) && within(longitude, 180) && Number.isSafeInteger(at_ms) && at_ms >= 0
  if (!possible) {
    unusable.push(seq)
    return
  }
  const fix: Fix = { seq, latitude, longitude, at_ms }
  if (accuracy_m !== undefined && accuracy_m >= 0 && accuracy_m < Infinity) fix.accuracy_m = accuracy_m
  if (speed_kmh !== undefined && Number.isFinite(speed_kmh)) fix.speed_kmh = speed_kmh
  if (heading_degrees !== undefined && Number.isFinite(heading_degrees)) fix.heading_degrees = heading_degrees
  fixes.push(fix)
}

function fromObject(value: unknown, is_text: boolean): ClientFrame {
  if (typeof value !== 'object' || value === null || !('type' in value)) return malformed('no type')
  if (value.type === 'fixes' && is_text) return fromFixesObject(value)
  if (value.type === 'command') return fromCommand(value)
  if (value.type === 'ping')
    return checks.ping.Check(value) ? { type: 'ping', at_ms: value.at_ms } : malformed('at_ms is no number')
  if (value.type === 'token')
    return checks.token.Check(value) ? { type: 'token', token: value.token } : malformed('no token')
  return malformed('an unknown type')
}

function fromFixesObject(value: object): ClientFrame {
  if (!checks.fixes.Check(value)) return malformed('the fixes do not match their schema')
  const frame: FixesFrame = { type: 'fixes', boot: value.boot, lane: value.lane, fixes: [], unusable: [] }
  for (const loose of value.fixes) sort(frame, loose)
  return frame
}

/** Ids may come in any case; fields that no schema names are dropped. */
function fromCommand(value: object): ClientFrame {
  foldCase(value, 'id')
  const id = 'id' in value && isId.Check(value.id) ? value.id : undefined
  if (!checks.command.Check(value)) return malformed('the command does not match its schema', id)
  const known = commandChecks.get(value.command.type)
  if (!known) return malformed('an unknown command', id)
  foldCase(value.command, 'booking_id')
  if (!known.check.Check(value.command)) return malformed('the command does not match its schema', id)
  const given = value.command as Readonly<Record<string, unknown>>
  const command: Record<string, unknown> = { type: value.command.type }
  for (const field of known.fields) command[field] = given[field]
  return { type: 'command', id: value.id, command: command as SocketCommand }
}

function foldCase(value: object, field: string): void {
  const record = value as Record<string, unknown>
  const text = record[field]
  if (typeof text === 'string') record[field] = text.toLowerCase()
}

/** A server's message as the frame of either encoding. Bytes are valid until the next call: whoever keeps them copies them. */
export function encodeServer(message: ServerMessage, is_binary: boolean): string | Uint8Array {
  if (!is_binary) return JSON.stringify(message)
  return message.type === 'acked' ? encodeAcked(message.boot, message.ranges) : packr.pack(message)
}

/** `['a', boot, [first, last]]`, as `packr` writes it: by hand in a sixth of the time, for every fix is answered by one. */
function encodeAcked(boot: string, ranges: readonly (readonly [number, number])[]): Uint8Array {
  const [range] = ranges
  if (!range || ranges.length > 1 || boot.length !== boot_chars || range[1] >= uint32_end)
    return packr.pack(['a', boot, ranges.flat()])
  ack.set(ack_head)
  let at = ack_head.length
  for (let index = 0; index < boot_chars; index++) ack[at++] = boot.charCodeAt(index)
  ack[at++] = 0x92
  at = putUnsigned(ack, at, range[0])
  at = putUnsigned(ack, at, range[1])
  // A copy would be an ArrayBuffer of its own for every fix, made and freed outside of V8's heap.
  return ack.subarray(0, at)
}

const boot_chars = 36
const uint32_end = 0x1_0000_0000
/** An array of three, `a`, and the head of the boot's string. */
const ack_head = Uint8Array.of(0x93, 0xa1, 'a'.charCodeAt(0), 0xd9, boot_chars)
/** Longer than the 64 bytes up to which V8 keeps an array's bytes in its heap, from where they are moved at the first use outside. */
const ack = new Uint8Array(128)

/** Writes a whole number below 2^32 in its shortest form; the result is where the next thing goes. */
function putUnsigned(bytes: Uint8Array, at: number, value: number): number {
  if (value < 0x80) {
    bytes[at] = value
    return at + 1
  }
  const size = value < 0x100 ? 1 : value < 0x1_0000 ? 2 : 4
  bytes[at] = size === 1 ? 0xcc : size === 2 ? 0xcd : 0xce
  for (let index = size; index > 0; index--) {
    bytes[at + index] = value & 0xff
    value >>>= 8
  }
  return at + 1 + size
}

/** A server's frame as a client reads it; it trusts the server. */
export function decodeServer(frame: string | Uint8Array): ServerMessage {
  if (typeof frame === 'string') return JSON.parse(frame) as ServerMessage
  const value = new MsgpackReader(frame).value()
  if (!Array.isArray(value)) return value as ServerMessage
  const [, boot, flat] = value as [string, string, number[]]
  const ranges: [number, number][] = []
  for (let index = 0; index + 1 < flat.length; index += 2)
    ranges.push([flat[index] ?? 0, flat[index + 1] ?? 0])
  return { type: 'acked', boot, ranges }
}

/** Fixes as the binary frame that a device sends. */
export const encodeFixes = (boot: string, lane: Lane, fixes: readonly Fix[]): Uint8Array =>
  packr.pack([
    'f',
    boot,
    lane,
    fixes.map((fix) => [
      fix.seq,
      fix.latitude,
      fix.longitude,
      fix.at_ms,
      fix.accuracy_m ?? null,
      fix.speed_kmh ?? null,
      fix.heading_degrees ?? null,
    ]),
  ])

/** Any other client's message as its binary frame. */
export const encodeClient = (
  message:
    | MessageOf<Omit<typeof clientMessages, 'fixes' | 'command'>>
    | Extract<ClientFrame, { type: 'command' }>,
): Uint8Array => packr.pack(message)
