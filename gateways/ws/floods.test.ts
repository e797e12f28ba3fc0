// Sockets that are too many, say too much, or send what would grow: each is refused within its bound, and others are served.
import { deflateRawSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { systemEnv } from '../../engine/system_env.ts'
import { limits } from '../../protocols/limits.ts'
import { isRefusal } from '../../protocols/rejections.ts'
import { closeCodes } from '../../protocols/socket.ts'
import { decodeClient, encodeClient, encodeFixes } from '../../protocols/socket_codec.ts'
import { knock, Probe } from './probe.ts'
import { admin, booking_id, owner, runner, startSockets, type TestServer, tokenFor } from './testing.ts'
import { Turnstile } from './turnstile.ts'

let server: TestServer
afterEach(() => server?.stop())

/** On a clock that stands, where this machine is nobody special. */
async function strict() {
  const clock = { now_ms: () => 1_790_000_000_000, monotonic_ms: () => 1_000 }
  server = await startSockets(clock, { trusted_addresses: [] })
  server.host.views.set(`booking/${booking_id}`, {
    id: booking_id,
    status: 'accepted',
    owner_id: owner.id,
    runner_id: runner.id,
  })
  const far_ms = Date.now() + 90_000_000
  return {
    feed: (by = owner) => `${server.ws_url}/ws/tracking/${booking_id}?token=${tokenFor(by, far_ms)}`,
    runner: `${server.ws_url}/ws/runner?token=${tokenFor(runner, far_ms)}`,
  }
}

test('AB30 an account has so many sockets open and no more; one that closes makes place, and others are served', async () => {
  const { feed } = await strict()
  const probes: Probe[] = []
  for (let index = 0; index < limits.sockets_per_account_max; index++) probes.push(await Probe.open(feed()))
  const refused = await knock(feed())
  expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '1' } })
  expect(JSON.parse(refused.body)).toMatchObject({ code: 'auth.rate_limited' })
  expect((await knock(feed(admin))).status).toBe(101)
  probes[0]?.close()
  await probes[0]?.closed()
  expect((await knock(feed())).status).toBe(101)
})

test('AB31 an address knocks so often a minute and no more, with good tokens and with bad ones', async () => {
  const { feed } = await strict()
  const bad = feed().replace(/token=.*/, 'token=x')
  for (let index = 0; index < limits.rate_sockets_per_min; index++)
    expect((await knock(bad)).status).toBe(401)
  expect((await knock(bad)).status).toBe(429)
  expect((await knock(feed())).status).toBe(429)
}, 60_000)

test('AB31 an address has so many sockets open and no more, whoever they belong to', () => {
  const config = { trusted_addresses: ['10.0.0.9'] } as unknown as ConstructorParameters<
    typeof Turnstile
  >[0]['config']
  const turnstile = new Turnstile({ config, env: systemEnv('error') })
  const enter = (whom: string, index: number) => turnstile.enter(whom, `account-${index}`)
  const leaves = Array.from({ length: limits.sockets_per_address_max }, (_, index) =>
    enter('10.0.0.1', index),
  )
  expect(leaves.some(isRefusal)).toBe(false)
  expect(enter('10.0.0.1', 999_999)).toMatchObject({ rejected: 'auth.rate_limited' })
  expect(turnstile.knock('10.0.0.1')).toMatchObject({ rejected: 'auth.rate_limited' })
  expect(turnstile.knock('10.0.0.2')).toBeUndefined()
  const [first] = leaves
  if (first && !isRefusal(first)) first()
  expect(isRefusal(enter('10.0.0.1', 999_999))).toBe(false)
  expect(turnstile.whom(new Uint8Array([10, 0, 0, 9]).buffer)).toBe('')
  expect(isRefusal(enter('', 1))).toBe(false)
})

test('AB32 a watcher who talks is closed as a flood, by frames or by pings, and other watchers are not', async () => {
  const { feed } = await strict()
  const quiet = await Probe.open(feed(admin))
  const talker = await Probe.open(feed())
  for (let index = 0; index <= limits.feed_inbound_burst; index++) talker.send('x')
  expect(await talker.closed()).toBe(closeCodes.flood)
  const pinger = new WebSocket(feed(), { perMessageDeflate: false })
  const code = new Promise<number>((resolve) => pinger.once('close', resolve))
  pinger.once('open', () => {
    for (let index = 0; index <= limits.feed_inbound_burst; index++) pinger.ping()
  })
  expect(await code).toBe(closeCodes.flood)
  quiet.send('one')
  expect(server.watchers()).toBe(1)
})

test('AB33 a runner’s frames are bounded in bytes as well: what is above is refused unread, and too much of it ends the connection', async () => {
  const urls = await strict()
  const probe = await Probe.open(urls.runner)
  await probe.heard('welcome')
  const large = JSON.stringify({
    type: 'ping',
    at_ms: 1,
    filler: 'x'.repeat(limits.socket_frame_bytes_max - 100),
  })
  const fitting = Math.floor(limits.socket_bytes_burst / large.length)
  for (let index = 0; index < fitting; index++) probe.send(large)
  await probe.heard('pong', fitting - 1)
  probe.send(large)
  expect(await probe.heard('rejected')).toMatchObject({
    problem: { code: 'auth.rate_limited', retry_after_ms: limits.socket_retry_ms },
  })
  for (let index = 0; index < limits.socket_faults_max; index++) probe.send(large)
  expect([closeCodes.flood, 1006]).toContain(await probe.closed())
})

test('AB33 pings of the protocol itself count as frames', async () => {
  const urls = await strict()
  const socket = new WebSocket(urls.runner, { perMessageDeflate: false })
  const code = new Promise<number>((resolve) => socket.once('close', resolve))
  socket.once('open', () => {
    const pings = limits.socket_frames_burst + limits.socket_faults_max + 1
    for (let index = 0; index < pings; index++) socket.ping()
  })
  expect(await code).toBe(closeCodes.flood)
})

test('AB34 no socket agrees to compression, so nothing small unfolds into something large', async () => {
  const urls = await strict()
  for (const url of [urls.runner, urls.feed()]) {
    const socket = new WebSocket(url, { perMessageDeflate: true })
    await new Promise((resolve) => socket.once('open', resolve))
    expect(socket.extensions).toBe('')
    socket.close()
  }
  const probe = await Probe.open(urls.runner)
  const bomb = deflateRawSync(Buffer.alloc(10_000_000))
  probe.send(bomb)
  expect(await probe.heard('rejected')).toMatchObject({ problem: { code: 'request.malformed' } })
  expect(server.host.signals).toEqual([])
  probe.close()
})

const bytes = (...parts: (number[] | Uint8Array)[]) => Uint8Array.from(parts.flatMap((part) => [...part]))
const bombs: Readonly<Record<string, Uint8Array>> = {
  'nested arrays': bytes(Array.from({ length: 100_000 }, () => 0x91)),
  'nested maps': bytes(Array.from({ length: 30_000 }, () => [0x81, 0xa1, 0x61]).flat()),
  'an array of four thousand million': bytes([0xdd, 0xff, 0xff, 0xff, 0xff]),
  'a map of four thousand million': bytes([0xdf, 0xff, 0xff, 0xff, 0xff]),
  'a string of four gigabytes': bytes([0xdb, 0xff, 0xff, 0xff, 0xff]),
  'a binary of four gigabytes': bytes([0xc6, 0xff, 0xff, 0xff, 0xff]),
  'arrays in arrays of large counts': bytes(Array.from({ length: 1_000 }, () => [0xdc, 0xff, 0xff]).flat()),
  'a fixed extension': bytes([0xd4, 0x01, 0x00]),
  'a wide extension': bytes([0xc9, 0xff, 0xff, 0xff, 0xff, 0x01]),
  'a time': bytes([0xd6, 0xff, 0, 0, 0, 0]),
  'the byte that is never used': bytes([0xc1]),
  'fixes of four thousand million': bytes([0x94, 0xa1, 0x66], [0xdd, 0xff, 0xff, 0xff, 0xff]),
  nothing: bytes([]),
}

test.each(Object.entries(bombs))(
  'AB35 %s is malformed as a whole, before anything is made of it',
  (_what, frame) => {
    expect(decodeClient(frame, true)).toMatchObject({ type: 'malformed' })
  },
)

test('AB35 text that nests or repeats without end is malformed, and the connection goes on', async () => {
  const urls = await strict()
  const probe = await Probe.open(urls.runner)
  const deep = '['.repeat(100_000)
  const texts = [
    deep,
    deep + ']'.repeat(100_000),
    '{"a":'.repeat(50_000),
    '"\\u0000'.repeat(1_000),
    '1e999999999',
    '',
  ]
  for (const text of texts) probe.send(text)
  for (let index = 0; index < texts.length; index++)
    expect(await probe.heard('rejected', index)).toMatchObject({ problem: { code: 'request.malformed' } })
  for (const frame of Object.values(bombs)) probe.send(frame)
  await probe.heard('rejected', texts.length + Object.keys(bombs).length - 1)
  const boot = '0b6e6f5a-7c1d-4f8a-9b7e-2d1a5c3e4f60'
  probe.send(encodeClient({ type: 'ping', at_ms: 7 }))
  expect(await probe.heard('pong')).toMatchObject({ at_ms: 7 })
  probe.send(encodeFixes(boot, 'live', [{ seq: 1, latitude: 1, longitude: 2, at_ms: 3 }]))
  expect(await probe.heard('acked')).toMatchObject({ ranges: [[1, 1]] })
  probe.close()
})
