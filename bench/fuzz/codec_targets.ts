// What reads bytes or JSON of strangers, in this process: records of the log, frames of sockets, bodies, messages.
import fc from 'fast-check'
import { behaviours } from '../../actors/behaviours.ts'
import { parseBody } from '../../gateways/http/body.ts'
import { commands, queries, signals } from '../../protocols/catalogue.ts'
import { checkCommand, checkQuery, checkSignal } from '../../protocols/check.ts'
import { decodeRecord, encodeRecord, packState, unpackState } from '../../protocols/codec.ts'
import { isRefusal } from '../../protocols/rejections.ts'
import { clientMessages, socketCommands } from '../../protocols/socket.ts'
import { decodeClient, encodeClient, encodeFixes } from '../../protocols/socket_codec.ts'
import { edited, editedJson, edits, jsonEdits } from './edits.ts'
import { known_ids } from './little_world.ts'
import type { RecordedFrame, RecordedLog } from './recorded.ts'
import { fitting } from './shapes.ts'
import { ending, type Fuzzed, fuzzed, insist } from './target.ts'

const isError = (error: unknown): boolean => error instanceof Error

/** One of what was recorded, by its number, and what is changed in it. */
const changed = (count: number) => fc.tuple(fc.noBias(fc.nat(count - 1)), edits)

const plain = Object.getOwnPropertyNames(Object.prototype).length
/** Nothing that came in may have reached the prototype of every object. */
export const insistUnpolluted = (): void =>
  insist(
    Object.getOwnPropertyNames(Object.prototype).length === plain && !('polluted' in {}),
    'the prototype of every object was changed',
  )

/** A record of the log is an error that names what is wrong, or a record that is written as it was read. */
export function recordTarget(log: RecordedLog): Fuzzed {
  const records = log.parts.flatMap(({ entries }) => entries.map(({ bytes }) => bytes))
  return fuzzed({
    name: 'records',
    share: 14,
    batch: 256,
    input: changed(records.length),
    attempt(inputs, tally) {
      for (const [which, changes] of inputs) {
        const bytes = edited(records[which] ?? new Uint8Array(), changes)
        const read = ending(() => decodeRecord(bytes), isError)
        if ('value' in read) insistRewritten(read.value)
        tally('value' in read ? 'read' : 'refused')
      }
      insistUnpolluted()
    },
  })
}

function insistRewritten(record: ReturnType<typeof decodeRecord>): void {
  const once = encodeRecord(record)
  const twice = encodeRecord(decodeRecord(once))
  insist(Buffer.compare(once, twice) === 0, 'a record was read and came back as another one')
}

/** A saved state is an error, or a value that is packed again. */
export function stateTarget(log: RecordedLog): Fuzzed {
  const states = log.parts.flatMap(({ cut, actors }) => [cut.shard_row, ...actors.map(({ state }) => state)])
  return fuzzed({
    name: 'states',
    share: 4,
    batch: 256,
    input: changed(states.length),
    attempt(inputs, tally) {
      for (const [which, changes] of inputs) {
        const bytes = edited(states[which] ?? new Uint8Array(), changes)
        const read = ending(() => unpackState(bytes), isError)
        if ('value' in read) packState(read.value)
        tally('value' in read ? 'read' : 'refused')
      }
      insistUnpolluted()
    },
  })
}

const boot = '0b6e6f5a-7c1d-4f8a-9b7e-2d1a5c3e4f60'
const text = (value: object): RecordedFrame => ({
  binary: false,
  bytes: new TextEncoder().encode(JSON.stringify(value)),
})
/** One frame of each kind in both encodings: what mutations start from when nothing was recorded. */
export const sample_frames: readonly RecordedFrame[] = [
  {
    binary: true,
    bytes: encodeFixes(boot, 'live', [{ seq: 1, latitude: 1, longitude: 2, at_ms: 3, speed_kmh: 4 }]),
  },
  {
    binary: true,
    bytes: encodeFixes(
      boot,
      'backlog',
      Array.from({ length: 9 }, (_, seq) => ({ seq, latitude: 1, longitude: 2, at_ms: 3 })),
    ),
  },
  {
    binary: true,
    bytes: encodeClient({ type: 'command', id: boot, command: { type: 'booking.accept', booking_id: boot } }),
  },
  { binary: true, bytes: encodeClient({ type: 'token', token: 'rubbish' }) },
  { binary: true, bytes: encodeClient({ type: 'ping', at_ms: 1 }) },
  text({ type: 'fixes', boot, lane: 'live', fixes: [{ seq: 2, latitude: 1, longitude: 2, at_ms: 3 }] }),
  text({ type: 'command', id: boot, command: { type: 'runner.go_online', latitude: 1, longitude: 103 } }),
]

/** A frame of the runner socket never throws, and is one of the kinds that there are. */
export function frameTarget(frames: readonly RecordedFrame[]): Fuzzed {
  const known = [...Object.keys(clientMessages), 'malformed']
  return fuzzed({
    name: 'frames',
    share: 16,
    batch: 256,
    input: fc.tuple(fc.noBias(fc.nat(frames.length - 1)), edits, fc.noBias(fc.nat(7))),
    attempt(inputs, tally) {
      for (const [which, changes, twist] of inputs) {
        const frame = frames[which]
        if (!frame) continue
        const read = decodeClient(edited(frame.bytes, changes), twist === 0 ? !frame.binary : frame.binary)
        insist(known.includes(read.type), `a frame was read as ${read.type}`)
        if (read.type === 'command')
          insist(Object.hasOwn(socketCommands, read.command.type), 'an unknown command')
        tally(read.type)
      }
      insistUnpolluted()
    },
  })
}

const kinds = [
  ['command', commands, checkCommand],
  ['query', queries, checkQuery],
  ['signal', signals, checkSignal],
] as const
const messages = kinds.flatMap(([kind, shapes, check]) =>
  Object.entries(shapes).map(([type, schema]) => ({ kind, type, schema, check })),
)
const message = fc.oneof(
  ...messages.map(({ type, schema }, index) =>
    fc.tuple(fc.constant(index), fc.constant(type), fitting(schema, known_ids), jsonEdits),
  ),
)

/** Bodies of messages: refused with `request.malformed`, or cleaned so that cleaning again changes nothing. */
export function messageTarget(): Fuzzed {
  return fuzzed({
    name: 'messages',
    share: 14,
    batch: 128,
    input: message,
    attempt(inputs, tally) {
      for (const [index, type, body, changes] of inputs) {
        const check = messages[index]?.check ?? checkCommand
        const checked = check(type, editedJson(body, changes))
        if (isRefusal(checked) && 'detail' in checked) {
          insist(checked.rejected === 'request.malformed', `refused as ${checked.rejected}`)
          tally('refused')
        } else {
          insist(
            JSON.stringify(check(type, checked)) === JSON.stringify(checked),
            'cleaning twice changes it',
          )
          tally('taken')
        }
      }
      insistUnpolluted()
    },
  })
}

/** Bytes of a request's body: a refusal or an object without a prototype's key, never an exception. */
export function bodyTarget(): Fuzzed {
  const input = fc.tuple(
    fc.oneof(...Object.values(commands).map((schema) => fitting(schema, known_ids))),
    jsonEdits,
    edits,
  )
  return fuzzed({
    name: 'bodies',
    share: 10,
    batch: 128,
    input,
    attempt(inputs, tally) {
      for (const [body, field_changes, byte_changes] of inputs) {
        const json = JSON.stringify(editedJson(body, field_changes)) ?? ''
        const parsed = parseBody(edited(new TextEncoder().encode(json), byte_changes))
        if (!isRefusal(parsed)) insist(!Object.hasOwn(parsed.body, '__proto__'), '__proto__ got in')
        tally(isRefusal(parsed) ? 'refused' : 'taken')
      }
      insistUnpolluted()
    },
  })
}

/** The actors that a command may be for, by kind: as saved, and as they are before anything happened. */
export const statesOf = (log: RecordedLog): ReadonlyMap<string, readonly { id: string; state: unknown }[]> =>
  new Map(
    behaviours.map(({ name, initial }) => [
      name,
      [
        { id: boot, state: initial },
        ...log.parts.flatMap(({ actors }) =>
          actors
            .filter(({ kind }) => kind === name)
            .map(({ id, state }) => ({ id, state: unpackState(state) })),
        ),
      ],
    ]),
  )
