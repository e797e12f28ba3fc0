import { afterEach, beforeEach, expect, test } from 'vitest'
import { closeCodes } from '../../protocols/socket.ts'
import { encodeClient, encodeFixes } from '../../protocols/socket_codec.ts'
import { Probe } from './probe.ts'
import { booking_id, runner, startSockets, type TestServer, tokenFor } from './testing.ts'

let server: TestServer
beforeEach(async () => {
  server = await startSockets()
})
afterEach(() => server.stop())

const boot = '0b6e6f5a-7c1d-4f8a-9b7e-2d1a5c3e4f60'
const seeds: readonly Uint8Array[] = [
  encodeFixes(boot, 'live', [{ seq: 1, latitude: 1, longitude: 2, at_ms: 3, speed_kmh: 4 }]),
  encodeClient({ type: 'command', id: boot, command: { type: 'booking.accept', booking_id } }),
  encodeClient({ type: 'token', token: 'rubbish' }),
  encodeClient({ type: 'ping', at_ms: 1 }),
  new TextEncoder().encode(
    JSON.stringify({ type: 'command', id: boot, command: { type: 'runner.go_offline' } }),
  ),
]

/** Mulberry32: the same seed gives the same frames. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296
  }
}

function mutated(next: () => number): Uint8Array {
  const below = (bound: number) => Math.floor(next() * bound)
  if (next() < 0.3) return Uint8Array.from({ length: below(300) }, () => below(256))
  const bytes = Uint8Array.from(seeds[below(seeds.length)] ?? [])
  for (let changes = 1 + below(6); changes > 0; changes--) bytes[below(bytes.length)] = below(256)
  return next() < 0.3 ? bytes.subarray(0, below(bytes.length)) : bytes
}

test('WS28 two thousand random and mutated frames: each connection answers or closes with a documented code', async () => {
  const next = chance(20_260_102)
  const documented = new Set<number>([...Object.values(closeCodes), 1006, 1007])
  const codes: number[] = []
  for (let round = 0; round < 40; round++) {
    const probe = await Probe.open(`${server.ws_url}/ws/runner?token=${tokenFor(runner)}`)
    for (let sent = 0; sent < 50; sent++) {
      const frame = mutated(next)
      probe.send(next() < 0.5 ? frame : new TextDecoder().decode(frame))
    }
    probe.send(encodeClient({ type: 'ping', at_ms: round }))
    const outcome = probe.heard('pong').then(
      () => 0,
      () => probe.closed(),
    )
    const code = await outcome
    if (code > 0) codes.push(code)
    probe.close()
    await probe.closed()
  }
  expect(codes.filter((code) => !documented.has(code))).toEqual([])
  const honest = await Probe.open(`${server.ws_url}/ws/runner?token=${tokenFor(runner)}`)
  honest.send(encodeFixes(boot, 'live', [{ seq: 9, latitude: 1, longitude: 2, at_ms: 3 }]))
  expect(await honest.heard('acked')).toMatchObject({ ranges: [[9, 9]] })
  expect(server.host.signals.length).toBeGreaterThan(1)
}, 60_000)
