import { expect, test } from 'vitest'
import { decodeClient, encodeServer } from '../../protocols/socket_codec.ts'
import { ackedIn, FixFrame } from './fix_frame.ts'

const boot = '0b6e6f5a-7c1d-4f8a-9b7e-2d1a5c3e4f60'

test('BN1 the load generator’s frames are those that the engine reads', () => {
  const frame = new FixFrame(boot)
  for (const seq of [0, 300, 70_000]) {
    const bytes = frame.of(seq, 1.4927, 103.7414, 1_700_000_000_123)
    expect([bytes[0], bytes[1]]).toEqual([0x82, 0x80 | (bytes.length - 6)])
    expect(decodeClient(bytes.subarray(6), true)).toEqual({
      type: 'fixes',
      boot,
      lane: 'live',
      unusable: [],
      fixes: [
        {
          seq,
          latitude: 1.4927,
          longitude: 103.7414,
          at_ms: 1_700_000_000_123,
          accuracy_m: 8,
          speed_kmh: 40,
          heading_degrees: 0,
        },
      ],
    })
  }
})

test('BN1 it counts the fixes that an ack names, and no other message', () => {
  const many = Array.from({ length: 20 }, (_, index): [number, number] => [index * 1_000, index * 1_000 + 4])
  const acked = (ranges: [number, number][]) => {
    const bytes = Buffer.from(encodeServer({ type: 'acked', boot, ranges }, true) as Uint8Array)
    return ackedIn(bytes, 0, bytes.length)
  }
  expect(acked([[0, 0]])).toBe(1)
  expect(
    acked([
      [100, 130],
      [200, 200],
      [70_000, 70_001],
    ]),
  ).toBe(34)
  expect(acked(many)).toBe(100)
  const pong = Buffer.from(encodeServer({ type: 'pong', at_ms: 1, server_ms: 2 }, true) as Uint8Array)
  expect(ackedIn(pong, 0, pong.length)).toBeUndefined()
})
