import { Packr } from 'msgpackr'
import { expect, test } from 'vitest'
import { limits } from './limits.ts'
import { MsgpackReader } from './msgpack.ts'
import { decodeClient, decodeServer, encodeFixes, encodeServer } from './socket_codec.ts'

const boot = '0b6e6f5a-7c1d-4f8a-9b7e-2d1a5c3e4f60'
const id = '33333333-3333-4333-8333-33333333333c'
const fix = { seq: 12_345, latitude: 1.4927, longitude: 103.7414, at_ms: 1_763_847_000_123 }
const packr = new Packr({ useRecords: false })
const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

test('WS1 fixes read the same in both encodings, and what is unknown is left out', () => {
  const fixes = [
    { ...fix, accuracy_m: 5.5, speed_kmh: 42.5, heading_degrees: 181 },
    { ...fix, seq: 12_346 },
  ]
  const expected = { type: 'fixes', boot, lane: 'live', fixes, unusable: [] }
  expect(decodeClient(encodeFixes(boot, 'live', fixes), true)).toEqual(expected)
  expect(decodeClient(text({ type: 'fixes', boot, lane: 'live', fixes }), false)).toEqual(expected)
})

test('WS1 the array form belongs to binary frames and the object form to text frames', () => {
  const object = { type: 'fixes', boot, lane: 'live', fixes: [fix] }
  expect(decodeClient(packr.pack(object), true)).toMatchObject({ type: 'malformed' })
  expect(decodeClient(text(['f', boot, 'live', [[1, 2, 3, 4, null, null, null]]]), false)).toMatchObject({
    type: 'malformed',
  })
})

test('WS2 a fix whose place or time cannot be is set aside, and the others go on', () => {
  const fixes = [
    fix,
    { ...fix, seq: 2, latitude: 91 },
    { ...fix, seq: 3, longitude: Number.NaN },
    { ...fix, seq: 4, at_ms: -1 },
  ]
  expect(decodeClient(encodeFixes(boot, 'backlog', fixes), true)).toMatchObject({
    fixes: [fix],
    unusable: [2, 3, 4],
  })
})

test('WS2 a frame means the same whatever boot the one before it had', () => {
  const other = 'f47ac10b-58cc-4372-a567-0e02b2c3d470'
  const frame = encodeFixes(boot, 'live', [fix])
  for (const likely of [undefined, '', boot, other, boot.slice(1), `${boot}0`, boot.toUpperCase()])
    expect(decodeClient(frame, true, likely)).toEqual(decodeClient(frame, true))
  for (const odd of ['', boot.slice(1), 'é'.repeat(36), 'x'.repeat(36)])
    for (const likely of [undefined, '', boot])
      expect(
        decodeClient(packr.pack(['f', odd, 'live', [[1, 2, 3, 4, null, null, null]]]), true, likely),
      ).toEqual({
        type: 'malformed',
        detail: 'boot is not a lower-case UUID',
      })
})

test('WS2 negative accuracy and infinite speed mean unknown', () => {
  const odd = { ...fix, accuracy_m: -1, speed_kmh: Number.POSITIVE_INFINITY, heading_degrees: Number.NaN }
  expect(decodeClient(encodeFixes(boot, 'live', [odd]), true)).toMatchObject({ fixes: [fix], unusable: [] })
})

test('WS3 a frame of wrong types, too many fixes or left-over bytes is malformed as a whole', () => {
  const frames = [
    ['f', boot, 'live', []],
    ['f', boot.toUpperCase(), 'live', [[1, 2, 3, 4, null, null, null]]],
    ['f', boot, 'sideways', [[1, 2, 3, 4, null, null, null]]],
    ['f', boot, 'live', [[1, 2, 3, 4]]],
    ['f', boot, 'live', [[1.5, 2, 3, 4, null, null, null]]],
    ['f', boot, 'live', [[1, '2', 3, 4, null, null, null]]],
    ['g', boot, 'live', [[1, 2, 3, 4, null, null, null]]],
    [
      'f',
      boot,
      'live',
      Array.from({ length: limits.fixes_per_frame_max + 1 }, (_, seq) => [seq, 2, 3, 4, null, null, null]),
    ],
  ]
  for (const frame of frames)
    expect(decodeClient(packr.pack(frame), true)).toMatchObject({ type: 'malformed' })
  const good = encodeFixes(boot, 'live', [fix])
  expect(decodeClient(Uint8Array.of(...good, 0xc0), true)).toMatchObject({ type: 'malformed' })
  for (let length = 0; length < good.length; length++)
    expect(decodeClient(good.subarray(0, length), true)).toMatchObject({ type: 'malformed' })
})

test('WS4 a count that the frame cannot hold is refused before anything is made of it', () => {
  const claims = [
    [0xdd, 0x01, 0xff, 0xff, 0xff],
    [0xdf, 0x01, 0xff, 0xff, 0xff],
    [0xdb, 0x7f, 0xff, 0xff, 0xff],
    [0xc6, 0x7f, 0xff, 0xff, 0xff],
  ]
  for (const claim of claims)
    expect(() => new MsgpackReader(Uint8Array.from(claim)).value()).toThrow(RangeError)
  expect(() => new MsgpackReader(new Uint8Array(1_000).fill(0x91)).value()).toThrow(RangeError)
})

test('WS4 the reader knows every plain msgpack value and no extension', () => {
  const value = {
    text: 'Jalan Kebun Teh, Johor Bahru ñ 猫',
    long: 'x'.repeat(70_000),
    numbers: [0, 127, 128, -1, -32, -33, 255, 256, 65_536, -40_000, -3e9, 4_294_967_296, 1.5, -0.25],
    flags: [true, false, null],
    nested: { a: [{ b: 1 }] },
  }
  expect(new MsgpackReader(packr.pack(value)).value()).toEqual(value)
  expect(new MsgpackReader(Uint8Array.of(0xcf, 0, 0, 1, 0x9a, 0xb5, 0, 0, 0)).value()).toBe(
    410 * 2 ** 32 + 0xb5000000,
  )
  expect(() => new MsgpackReader(packr.pack(new Date())).value()).toThrow(TypeError)
})

test('WS5 a command is folded to lower case and stripped to its schema', () => {
  const command = { type: 'booking.accept', booking_id: id.toUpperCase(), by: 'somebody else' }
  const expected = { type: 'command', id, command: { type: 'booking.accept', booking_id: id } }
  for (const frame of [packr.pack({ type: 'command', id: id.toUpperCase(), command }), undefined])
    expect(decodeClient(frame ?? text({ type: 'command', id, command }), frame !== undefined)).toEqual(
      expected,
    )
})

test('WS5 a step, an unknown command and a bad body are malformed, and keep the id', () => {
  const commands = [
    { type: 'booking.assign', booking_id: id, runner_id: id },
    { type: 'runner.reserve' },
    { type: 'booking.decline', booking_id: id, reason: 'bored' },
    { type: 'runner.go_online', latitude: 100, longitude: 0 },
    { type: '__proto__' },
  ]
  for (const command of commands)
    expect(decodeClient(text({ type: 'command', id, command }), false)).toMatchObject({
      type: 'malformed',
      id,
    })
})

test('WS6 an ack is written as the library writes it, whatever its numbers and its boot', () => {
  const edges = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000, 0xffff_ffff, 0x1_0000_0000, 2 ** 53 - 1]
  for (const of of [boot, '', boot.repeat(2)])
    for (const [from, first] of edges.entries())
      for (const last of edges.slice(from)) {
        const ranges: [number, number][] = [[first, last]]
        const written = encodeServer({ type: 'acked', boot: of, ranges }, true)
        expect(Buffer.from(written).toString('hex')).toBe(
          packr.pack(['a', of, [first, last]]).toString('hex'),
        )
      }
})

test('WS6 a server message reads the same in both encodings', () => {
  const messages = [
    {
      type: 'acked',
      boot,
      ranges: [
        [1, 5],
        [7, 7],
      ],
    },
    { type: 'pong', at_ms: 1.5, server_ms: 1_763_847_000_123 },
    { type: 'result', id, view: { id, status: 'accepted', runner_id: null } },
  ] as const
  for (const message of messages) {
    const mutable = structuredClone(message) as Parameters<typeof encodeServer>[0]
    expect(decodeServer(encodeServer(mutable, true))).toEqual(message)
    expect(decodeServer(encodeServer(mutable, false))).toEqual(message)
  }
})
