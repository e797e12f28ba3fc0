import { pack, unpack } from 'msgpackr'
import { expect, test } from 'vitest'
import { checkState, decodeRecord, encodeRecord, packState, unpackState } from './codec.ts'
import type { Claim, CommandRecord, EventRecord, Frame } from './frame.ts'
import { limits } from './limits.ts'

const id = '0b6e6f5a-7c1d-4f8a-9b7e-2d1a5c3e4f60'
const by = { id, role: 'runner' } as const
const event: EventRecord = {
  kind: 'booking',
  id,
  seq: 7,
  type: 'booking.accepted',
  version: 1,
  by,
  cause: 'command-1',
  at_ms: 1_790_000_000_123,
  data: { owner_id: id, price: 12.5, none: null, nested: { list: [1, 'two', true] } },
}
const command: CommandRecord = {
  id: 'command-1',
  to: { actor: 'booking', id },
  type: 'booking.accept',
  body: {},
  body_hash: 4_000_000_000,
  by,
  policy: 1,
  at_ms: 1_790_000_000_123,
  first: 0,
  count: 1,
}
const frame: Frame = {
  v: 1,
  shard: 3,
  epoch: 2,
  writer: 'writer-1',
  n: 9,
  prev_seq: 1_000_000_000_000,
  prev_hash: 'ab'.repeat(32),
  at_ms: 1_790_000_000_123,
  commands: [command],
  events: [event],
  settled: ['timer-1'],
}
const claim: Claim = { v: 1, claim: true, shard: 3, epoch: 4, writer: 'writer-2', at_ms: 5 }

/** The frame's bytes with one place of its outer list, or of its first event or command, changed. */
function spoilt(change: (row: unknown[], event_row: unknown[], command_row: unknown[]) => void): Uint8Array {
  const row = unpack(encodeRecord(frame)) as unknown[]
  const [commands, events] = [row[9] as unknown[][], row[10] as unknown[][]]
  change(row, events[0] ?? [], commands[0] ?? [])
  return pack(row)
}

test('CD1 a frame and a claim come back as they were', () => {
  expect(decodeRecord(encodeRecord(frame))).toEqual(frame)
  expect(decodeRecord(encodeRecord(claim))).toEqual(claim)
  const empty = { ...frame, n: 0, prev_seq: 0, prev_hash: '', commands: [], events: [], settled: [] }
  expect(decodeRecord(encodeRecord(empty))).toEqual(empty)
})

test('CD2 a record that is not one names what is wrong with it', () => {
  const wrong = (bytes: Uint8Array) => expect(() => decodeRecord(bytes))
  wrong(new Uint8Array()).toThrow('not one msgpack value')
  wrong(pack({ v: 1 })).toThrow('record must be a list')
  wrong(pack([2, 0])).toThrow('v must be 1')
  wrong(pack([1, 7])).toThrow('tag must be')
  wrong(pack([1, 1, 3])).toThrow('claim must be a list of 6')
  wrong(pack([1, 1, 3, -4, 'w', 5])).toThrow('epoch must be a whole number')
  wrong(spoilt((row) => row.pop())).toThrow('frame must be a list of 12')
  wrong(spoilt((row) => row.splice(7, 1, 'xyz'))).toThrow('prev_hash must be')
  wrong(spoilt((row) => row.splice(5, 1, 1.5))).toThrow('n must be a whole number')
  wrong(spoilt((row) => row.splice(11, 1, [1]))).toThrow('settled must be text')
})

test('CD2 an event or command that is not one names what is wrong with it', () => {
  const wrong = (bytes: Uint8Array) => expect(() => decodeRecord(bytes))
  wrong(spoilt((_, row) => row.push(1))).toThrow('event must be a list of 10')
  wrong(spoilt((_, row) => row.splice(6, 1, 'king'))).toThrow('event.by must be someone with a role')
  wrong(spoilt((_, row) => row.splice(9, 1, [1]))).toThrow('event.data must be a map')
  wrong(spoilt((_, row) => row.splice(9, 1, new Date(0)))).toThrow('event.data must be a map')
  wrong(spoilt((_, row) => row.splice(2, 1, Number.NaN))).toThrow('event.seq must be a whole number')
  wrong(spoilt((_, __, row) => row.splice(4, 1, null))).toThrow('command.body must be msgpack in bytes')
  const list = pack([1])
  wrong(spoilt((_, __, row) => row.splice(4, 1, list))).toThrow('command.body must be a map')
  wrong(spoilt((_, __, row) => row.splice(11, 1, 2))).toThrow('commands must be a range of the events')
})

test('CD3 a record larger than a message may be is refused on both ways', () => {
  const large = { ...frame, events: [{ ...event, data: { text: 'x'.repeat(limits.record_bytes_max) } }] }
  expect(() => encodeRecord(large)).toThrow('larger than')
  expect(() => decodeRecord(new Uint8Array(limits.record_bytes_max + 1))).toThrow('at most')
})

test('CD4 bytes that were cut, changed or made up end in an error or in a record, and in nothing else', () => {
  const bytes = encodeRecord(frame)
  let seed = 7
  const next = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return seed % below
  }
  let refused = 0
  for (let round = 0; round < 5_000; round++) {
    const changed = Uint8Array.from(bytes.subarray(0, round % 3 === 0 ? next(bytes.length) : bytes.length))
    for (let flips = next(4); flips > 0 && changed.length > 0; flips--)
      changed[next(changed.length)] = next(256)
    try {
      expect(decodeRecord(changed)).toMatchObject({ v: 1 })
    } catch (error) {
      expect(error).toBeInstanceOf(Error)
      refused += 1
    }
  }
  expect(refused).toBeGreaterThan(2_000)
})

test('CD4 headers that promise more than there is cost no memory', () => {
  for (const head of [
    [0xdd, 255, 255, 255, 255],
    [0xdf, 255, 255, 255, 255],
    [0xdb, 255, 255, 255, 255],
    [0xc6, 255, 255, 255, 255],
  ])
    expect(() => decodeRecord(Uint8Array.from(head))).toThrow('not one msgpack value')
  expect(() => decodeRecord(new Uint8Array(100_000).fill(0x91))).toThrow()
})

test('CD5 names that mean something to JavaScript are data like any other', () => {
  const hostile = JSON.parse('{"__proto__":{"polluted":true},"constructor":1}')
  const row = spoilt((_, event_row) => event_row.splice(9, 1, hostile))
  decodeRecord(row)
  decodeRecord(pack([1, 1, 1, 1, 'w', 1]))
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})

test('CD6 a state comes back as it was', () => {
  const state = {
    id,
    held: ['a', 'b'],
    at_ms: 1_790_000_000_123,
    rate: 0.25,
    none: null,
    empty: {},
    on: true,
  }
  expect(unpackState(packState(state))).toEqual(state)
  expect(() => unpackState(Uint8Array.from([0xd9]))).toThrow('cut off')
})

test('FZ1 a saved state is refused when any byte of it is another one, or when it is about somebody else', () => {
  const bytes = packState({ id, held: ['a'] }, 'runner a at 3')
  expect(unpackState(bytes, 'runner a at 3')).toEqual({ id, held: ['a'] })
  expect(() => unpackState(bytes, 'runner b at 3')).toThrow('is not that of runner b at 3')
  expect(() => checkState(bytes, 'runner a at 4')).toThrow('is not that of')
  for (const place of bytes.keys()) {
    const changed = bytes.map((byte, index) => (index === place ? byte ^ 1 : byte))
    expect(() => unpackState(changed, 'runner a at 3')).toThrow('a saved state is not')
    expect(() => unpackState(bytes.subarray(0, place), 'runner a at 3')).toThrow('a saved state is')
  }
})
