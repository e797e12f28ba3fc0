import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Principal } from '../../protocols/actor.ts'
import { limits } from '../../protocols/limits.ts'
import { closeCodes } from '../../protocols/socket.ts'
import { knock, Probe } from './probe.ts'
import {
  admin,
  booking_id,
  owner,
  rival,
  runner,
  startSockets,
  type TestServer,
  tokenFor,
} from './testing.ts'

const accepted = { id: booking_id, owner_id: owner.id, runner_id: runner.id, status: 'accepted' }
const trip = { actor: 'trip', id: booking_id }
const booking = { actor: 'booking', id: booking_id }
const start_ms = Date.UTC(2026, 0, 2, 3, 4, 5)

let server: TestServer
beforeEach(async () => {
  server = await startSockets()
  server.host.views.set(`booking/${booking_id}`, accepted)
})
afterEach(() => server.stop())

const path = (id = booking_id) => `${server.ws_url}/ws/tracking/${id}`
async function open(by: Principal = owner, { id = booking_id, from = '', agent = 'KilatOwner/1' } = {}) {
  const before = server.watchers()
  const probe = await Probe.open(`${path(id)}?token=${tokenFor(by)}${from}`, { 'user-agent': agent })
  await server.host.until(() => server.watchers() > before || server.host.watchers(trip) > 0)
  return probe
}
function move(at_ms: number, latitude = 1.5) {
  const place = {
    runner_id: runner.id,
    latitude,
    longitude: 103.7,
    speed_kmh: 40,
    heading_degrees: 90,
    at_ms,
  }
  server.host.tell(trip, { type: 'location_update', ...place }, 0)
}
const documents = (probe: Probe): Record<string, unknown>[] =>
  probe.frames.map((frame) => JSON.parse(String(frame)))
const heard = (probe: Probe, count: number) => probe.until(() => probe.frames.length >= count)

test('FD1 the checks come in order: token, then its validity, then the booking id, then who asks', async () => {
  expect((await knock(path('rubbish'))).status).toBe(401)
  expect((await knock(`${path('rubbish')}?token=rubbish`)).status).toBe(401)
  expect((await knock(`${path('rubbish')}?token=${tokenFor(owner)}`)).status).toBe(400)
  const unknown = await knock(`${path(owner.id)}?token=${tokenFor(owner)}`)
  expect(unknown.status).toBe(404)
  expect(JSON.parse(unknown.body)).toMatchObject({ success: false, code: 'booking.not_found' })
  const page = { origin: 'http://evil.example' }
  expect((await knock(`${path()}?token=${tokenFor(owner)}`, page)).status).toBe(403)
})

test('FD2 only the owner, the assigned runner and admins may watch', async () => {
  for (const by of [owner, runner, admin])
    expect((await knock(`${path()}?token=${tokenFor(by)}`)).status).toBe(101)
  expect((await knock(`${path()}?token=${tokenFor(rival)}`)).status).toBe(403)
  expect((await knock(`${path()}?token=${tokenFor({ ...owner, id: rival.id })}`)).status).toBe(403)
})

test('FD3 a position stands at top level and under data, in whole seconds, with the id as it was asked for', async () => {
  const id = booking_id.toUpperCase()
  const probe = await open(owner, { id })
  move(start_ms + 999)
  await heard(probe, 1)
  const data = {
    booking_id: id,
    runner_id: runner.id,
    latitude: 1.5,
    longitude: 103.7,
    speed_kmh: 40,
    heading_degrees: 90,
    at_ms: start_ms + 999,
    timestamp: '2026-01-02T03:04:05Z',
  }
  expect(documents(probe)[0]).toEqual({ type: 'location_update', seq: expect.any(Number), ...data, data })
})

test('FD4 the feed never goes back in time', async () => {
  const probe = await open()
  move(start_ms + 2_000)
  move(start_ms + 1_000)
  move(start_ms + 2_000)
  move(start_ms + 3_000)
  await heard(probe, 2)
  expect(documents(probe).map(({ at_ms }) => at_ms)).toEqual([start_ms + 2_000, start_ms + 3_000])
})

test('FD5 the last known place comes at once', async () => {
  const first = await open()
  move(start_ms)
  await heard(first, 1)
  const second = await open(runner)
  await heard(second, 1)
  expect(second.frames).toEqual(first.frames)
})

test('FD5 the last known place may come from the lists, where nobody has watched yet', async () => {
  server.host.views.set(`trip/${booking_id}`, { runner_id: runner.id })
  const place = { id: 'w', latitude: 2, longitude: 103, speed_kmh: 1, heading_degrees: 2 }
  server.waypoints.push({ ...place, recorded_at: '2026-01-02T03:04:05Z' })
  const probe = await open()
  await heard(probe, 1)
  expect(documents(probe)[0]).toMatchObject({ latitude: 2, runner_id: runner.id, at_ms: start_ms })
})

test('FD6 a change of status is sent, but not to Dart, whose app cannot read it', async () => {
  const swift = await open()
  const dart = await open(owner, { agent: 'Dart/3.4 (dart:io)' })
  server.host.tell(booking, { type: 'booking.runner_pending' }, 4, start_ms)
  server.host.tell(booking, { type: 'booking.pet_picked_up', ...{ runner_id: runner.id } }, 5, start_ms)
  move(start_ms)
  await Promise.all([heard(swift, 2), heard(dart, 1)])
  expect(documents(swift)[0]).toEqual({
    type: 'booking_status_changed',
    seq: expect.any(Number),
    booking_id,
    old_status: 'accepted',
    new_status: 'in_progress',
    timestamp: '2026-01-02T03:04:05Z',
  })
  expect(documents(dart).map(({ type }) => type)).toEqual(['location_update'])
})

test('FD7 numbers grow, and a reconnect resumes after the last one seen', async () => {
  const first = await open()
  for (let at = 0; at < 5; at++) move(start_ms + at)
  await heard(first, 5)
  const seqs = documents(first).map(({ seq }) => Number(seq))
  expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b))
  const second = await open(owner, { from: `&from=${seqs[2]}` })
  await heard(second, 2)
  expect(second.frames).toEqual(first.frames.slice(3))
})

test('FD7 a reconnect after the ring’s time is given the newest place and the status as they stand', async () => {
  const first = await open()
  move(start_ms)
  await heard(first, 1)
  const late = await open(owner, { from: '&from=1000' })
  await heard(late, 2)
  expect(documents(late)[0]).toMatchObject({ type: 'location_update' })
  expect(documents(late)[1]).toMatchObject({ type: 'booking_status_changed', new_status: 'accepted' })
  expect(documents(late)[1]).not.toHaveProperty('old_status')
})

test('FD8 a reader who is slow is sent the newest place, and every change of status', async () => {
  const probe = await open()
  probe.pause()
  const frames = 60_000
  for (let at = 0; at < frames; at++) {
    move(start_ms + at)
    if (at === frames - 2)
      server.host.tell(booking, { type: 'booking.pet_picked_up', ...{ runner_id: runner.id } })
  }
  probe.resume()
  await probe.until(() => String(probe.frames.at(-1)).includes(`"at_ms":${start_ms + frames - 1}`))
  const seen = documents(probe)
  expect(seen.length).toBeLessThan(frames)
  expect(seen.filter(({ type }) => type === 'booking_status_changed').length).toBe(1)
  const seqs = seen.map(({ seq }) => Number(seq))
  expect(seqs.every((seq, index) => index === 0 || seq > (seqs[index - 1] ?? 0))).toBe(true)
})

test('FD9 any number of sockets share one watch, which outlives them for those who come back', async () => {
  const probes = await Promise.all([open(), open(runner), open(admin)])
  expect([server.host.watchers(trip), server.host.watchers(booking)]).toEqual([1, 1])
  for (const probe of probes) {
    probe.close()
    await probe.closed()
  }
  expect([server.host.watchers(trip), server.host.watchers(booking)]).toEqual([1, 1])
  await server.stop()
  expect([server.host.watchers(trip), server.host.watchers(booking)]).toEqual([0, 0])
})

test('FD10 a runner who gives the booking back is shown it no longer', async () => {
  const [his, hers] = await Promise.all([open(runner), open(owner)])
  server.host.tell(booking, { type: 'booking.declined', ...{ runner_id: runner.id } })
  expect(await his?.closed()).toBe(closeCodes.not_participant)
  await heard(hers as Probe, 1)
  expect(documents(hers as Probe)[0]).toMatchObject({ old_status: 'accepted', new_status: 'requested' })
})

test('FD11 what clients send is not read; more than the bound cuts the connection', async () => {
  const probe = await open()
  probe.send('x'.repeat(limits.feed_inbound_bytes_max))
  move(start_ms)
  await heard(probe, 1)
  probe.send('x'.repeat(limits.feed_inbound_bytes_max + 1))
  expect(await probe.closed()).toBe(1006)
})

test('FD12 the feed pings, and cuts a peer that no longer answers', async () => {
  const quick = { monotonic_ms: () => performance.now() * 1_000, after: quickAfter }
  const fast = await startSockets(quick)
  try {
    fast.host.views.set(`booking/${booking_id}`, accepted)
    const url = `${fast.ws_url}/ws/tracking/${booking_id}?token=${tokenFor(owner)}`
    const alive = await Probe.open(url)
    const dead = await Probe.open(url, {}, false)
    expect(await dead.closed()).toBe(1006)
    expect(dead.pings).toBeGreaterThan(0)
    const heard_pings = alive.pings
    await alive.until(() => alive.pings > heard_pings)
  } finally {
    await fast.stop()
  }
})

/** A thousand times as fast as the clock on the wall. */
function quickAfter(ms: number, call: () => void) {
  const timer = setTimeout(call, ms / 1_000)
  return () => clearTimeout(timer)
}
