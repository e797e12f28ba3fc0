import { afterEach, beforeEach, expect, test } from 'vitest'
import { limits } from '../../protocols/limits.ts'
import { overloaded, reject } from '../../protocols/rejections.ts'
import { closeCodes } from '../../protocols/socket.ts'
import { encodeClient, encodeFixes } from '../../protocols/socket_codec.ts'
import { knock, Probe } from './probe.ts'
import { booking_id, owner, rival, runner, startSockets, type TestServer, tokenFor } from './testing.ts'

let server: TestServer
beforeEach(async () => {
  server = await startSockets()
})
afterEach(() => server.stop())

const boot = '0b6e6f5a-7c1d-4f8a-9b7e-2d1a5c3e4f60'
const command_id = '66666666-6666-4666-8666-666666666666'
const fix = (seq: number) => ({ seq, latitude: 1.49, longitude: 103.74, at_ms: 1_763_847_000_000 + seq })
const fixes = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => fix(from + index))
const open = (by = runner, more = '') => Probe.open(`${server.ws_url}/ws/runner?token=${tokenFor(by)}${more}`)
const requested = { id: booking_id, owner_id: owner.id, runner_id: null, status: 'requested' }
const ofRunner = { actor: 'runner', id: runner.id }
const ofBooking = { actor: 'booking', id: booking_id }

test('WS10 a handshake is answered as JSON: no token, a bad one, another role, a foreign page', async () => {
  const url = `${server.ws_url}/ws/runner`
  const none = await knock(url, { 'x-request-id': 'r-1' })
  expect(none.status).toBe(401)
  expect(JSON.parse(none.body)).toMatchObject({ success: false, code: 'auth.missing_token' })
  expect(none.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-request-id': 'r-1' })
  expect((await knock(`${url}?token=rubbish`)).status).toBe(401)
  expect((await knock(`${url}?token=${tokenFor(runner, 1)}`)).status).toBe(401)
  expect((await knock(`${url}?token=${tokenFor(owner)}`)).status).toBe(403)
  expect((await knock(`${url}?token=${'x'.repeat(limits.token_bytes_max + 1)}`)).status).toBe(401)
  const foreign = await knock(`${url}?token=${tokenFor(runner)}`, { origin: 'http://evil.example' })
  expect(foreign).toMatchObject({ status: 403, body: '' })
  const listed = await knock(`${url}?token=${tokenFor(runner)}`, { origin: 'http://localhost:3002' })
  expect(listed.status).toBe(101)
})

test('WS11 the first message is a welcome that names the bounds', async () => {
  const probe = await open()
  expect(await probe.heard('welcome')).toMatchObject({
    runner_id: runner.id,
    fixes_per_frame_max: limits.fixes_per_frame_max,
    unacked_max: limits.socket_unacked_max,
    cadence: limits.cadence,
  })
})

test('WS12 fixes reach the runner’s actor and are acked once it is done with them, together in ranges', async () => {
  const probe = await open()
  server.host.hold = true
  probe.send(encodeFixes(boot, 'live', [fix(1)]))
  probe.send(encodeFixes(boot, 'backlog', fixes(2, 9)))
  probe.send(encodeFixes(boot, 'live', [fix(12)]))
  await server.host.until(() => server.host.signals.length === 3)
  expect(probe.messages.map(({ type }) => type)).toEqual(['welcome'])
  expect(server.host.signals[1]).toEqual({
    to: ofRunner,
    by: runner,
    signal: { type: 'runner.moved', boot, lane: 'backlog', via: 'socket', fixes: fixes(2, 9) },
  })
  server.host.release()
  expect(await probe.heard('acked')).toEqual({
    type: 'acked',
    boot,
    ranges: [
      [1, 9],
      [12, 12],
    ],
  })
})

test('WS13 refused fixes come back with the problem, which says whether to try again', async () => {
  const probe = await open()
  server.host.refuse = reject('runner.not_online', '')
  probe.send(encodeFixes(boot, 'live', [fix(1)]))
  const final = await probe.heard('refused')
  expect(final).toMatchObject({ ranges: [[1, 1]], problem: { code: 'runner.not_online', status: 400 } })
  expect(final.problem.retry_after_ms).toBeUndefined()
  server.host.refuse = overloaded('full', 77)
  probe.send(encodeFixes(boot, 'live', fixes(2, 3)))
  expect(await probe.heard('refused', 1)).toMatchObject({
    ranges: [[2, 3]],
    problem: { retry_after_ms: 77 },
  })
  server.host.refuse = reject('moved', '')
  probe.send(encodeFixes(boot, 'live', [fix(4)]))
  expect((await probe.heard('refused', 2)).problem.retry_after_ms).toBe(limits.overload_retry_ms)
})

test('WS2 an impossible fix is refused by itself', async () => {
  const probe = await open()
  probe.send(encodeFixes(boot, 'live', [fix(1), { ...fix(2), latitude: 200 }]))
  expect(await probe.heard('refused')).toMatchObject({ ranges: [[2, 2]] })
  expect(await probe.heard('acked')).toMatchObject({ ranges: [[1, 1]] })
})

test('WS14 more unacked fixes than the bound are refused, to be tried again', async () => {
  const probe = await open()
  server.host.hold = true
  const frames = Math.floor(limits.socket_unacked_max / limits.fixes_per_frame_max)
  for (let frame = 0; frame <= frames; frame++)
    probe.send(encodeFixes(boot, 'backlog', fixes(frame * 100 + 1, frame * 100 + 100)))
  const { problem } = await probe.heard('refused')
  expect(problem).toMatchObject({ code: 'overloaded', retry_after_ms: limits.overload_retry_ms })
  expect(server.host.signals.length).toBe(frames)
})

test('WS15 a JSON client is answered in JSON', async () => {
  const probe = await open(runner, '&format=json')
  probe.send(JSON.stringify({ type: 'fixes', boot, lane: 'live', fixes: [fix(1)] }))
  await probe.heard('acked')
  expect(probe.frames.every((frame) => typeof frame === 'string')).toBe(true)
  probe.send(encodeClient({ type: 'ping', at_ms: 5 }))
  expect(await probe.heard('pong')).toMatchObject({ at_ms: 5 })
  expect(probe.frames.at(-1)).not.toBeTypeOf('string')
})

test('WS16 a command is submitted for the runner, answered with the view, and noted for his lists', async () => {
  server.host.views.set(`booking/${booking_id}`, requested)
  const probe = await open()
  const command = { type: 'booking.accept', booking_id } as const
  probe.send(encodeClient({ type: 'command', id: command_id, command }))
  const result = await probe.heard('result')
  expect(result).toMatchObject({ id: command_id, view: { status: 'accepted', runner_id: runner.id } })
  expect(server.host.envelopes[0]).toMatchObject({
    to: ofBooking,
    command: { type: 'booking.accept' },
    by: runner,
  })
  expect(server.host.envelopes[0]?.command).not.toHaveProperty('booking_id')
  expect(server.noted).toMatchObject([{ user_id: runner.id }])
})

test('WS17 a command that is sent again on another socket is the same one; another user’s is not', async () => {
  server.host.views.set(`booking/${booking_id}`, requested)
  const command = { type: 'booking.accept', booking_id } as const
  const frame = encodeClient({ type: 'command', id: command_id, command })
  const first = await open()
  first.send(frame)
  const result = await first.heard('result')
  first.close()
  const second = await open()
  second.send(frame)
  expect(await second.heard('result')).toEqual(result)
  const other = await open(rival)
  other.send(frame)
  expect(await other.heard('rejected')).toMatchObject({
    id: command_id,
    problem: { code: 'booking.lost_race', status: 409 },
  })
  const [a, b, c] = server.host.envelopes.map(({ id }) => id)
  expect(a).toBe(b)
  expect(c).not.toBe(a)
})

test('WS18 a fault behind a command is answered unavailable, without detail', async () => {
  server.host.fault = new Error('secret')
  const probe = await open()
  probe.send(encodeClient({ type: 'command', id: command_id, command: { type: 'runner.go_offline' } }))
  const { problem } = await probe.heard('rejected')
  expect(problem).toMatchObject({ code: 'unavailable', status: 503, detail: '' })
  expect(problem.retry_after_ms).toBe(limits.socket_retry_ms)
})

test('WS19 his own changes are pushed, and those of the bookings that he holds', async () => {
  server.host.views.set(`booking/${booking_id}`, { ...requested, runner_id: runner.id, status: 'accepted' })
  const probe = await open()
  await probe.heard('welcome')
  server.host.tell(ofRunner, { type: 'runner.reserved', ...{ booking_id, attempt: 1 } })
  expect(await probe.heard('runner.changed')).toMatchObject({
    event: 'runner.reserved',
    data: { booking_id },
  })
  server.host.tell(ofBooking, { type: 'booking.accepted' })
  expect(await probe.heard('booking.changed')).toMatchObject({
    booking_id,
    event: 'booking.accepted',
    booking: { status: 'accepted' },
  })
  server.host.tell(ofRunner, { type: 'runner.released', ...{ booking_id, outcome: 'declined' } })
  await probe.heard('runner.changed', 1)
  expect(server.host.watchers(ofBooking)).toBe(0)
})

test('WS19 the bookings that he held before he connected are followed too', async () => {
  server.bookings.push({ id: booking_id, status: 'accepted' })
  const probe = await open()
  await server.host.until(() => server.host.watchers(ofBooking) === 1)
  probe.close()
  await server.host.until(() => server.host.watchers(ofBooking) + server.host.watchers(ofRunner) === 0)
})

test('WS20 an announced booking is pushed, and what an actor shows beside it is not', async () => {
  const probe = await open()
  await probe.heard('welcome')
  server.host.show(ofRunner, { type: 'runner.secret' })
  server.host.show(ofRunner, { type: 'booking.open', ...{ booking: requested } })
  expect(await probe.heard('booking.open')).toEqual({ type: 'booking.open', booking: requested })
  expect(probe.messages.map(({ type }) => type)).toEqual(['welcome', 'booking.open'])
})

test('WS21 who comes online is shown the open bookings near by, nearest first', async () => {
  const at = (id: string, latitude: number) => ({
    id,
    status: 'requested',
    pickup_address: { latitude, longitude: 103.74 },
  })
  server.bookings.push(at('near', 1.51), at('nearest', 1.5), at('far', 2.5))
  const probe = await open()
  const command = { type: 'runner.go_online', latitude: 1.49, longitude: 103.74 } as const
  probe.send(encodeClient({ type: 'command', id: command_id, command }))
  expect((await probe.heard('booking.open')).booking).toMatchObject({ id: 'nearest' })
  expect((await probe.heard('booking.open', 1)).booking).toMatchObject({ id: 'near' })
  probe.send(encodeClient({ type: 'ping', at_ms: 1 }))
  await probe.heard('pong')
  expect(probe.messages.filter(({ type }) => type === 'booking.open').length).toBe(2)
})

test('WS22 a runner has three sockets on a thread; a fourth closes the oldest', async () => {
  const probes = []
  for (let index = 0; index <= limits.runner_sockets_max; index++) {
    const probe = await open()
    await probe.heard('welcome')
    probes.push(probe)
  }
  expect(await probes[0]?.closed()).toBe(closeCodes.replaced)
  expect(server.host.watchers(ofRunner)).toBe(1)
})

test('WS23 a newer token of the same runner is taken, any other is refused', async () => {
  const probe = await open()
  const later = Date.now() + 9_000_000
  probe.send(encodeClient({ type: 'token', token: tokenFor(runner, later) }))
  expect(await probe.heard('token.accepted')).toMatchObject({ expires_ms: later })
  probe.send(encodeClient({ type: 'token', token: tokenFor(rival) }))
  expect((await probe.heard('rejected')).problem.code).toBe('auth.role')
  probe.send(encodeClient({ type: 'token', token: 'rubbish' }))
  expect((await probe.heard('rejected', 1)).problem.code).toBe('auth.invalid_token')
})

test('WS23 a token that is about to end is announced, and one that has ended is answered 401', async () => {
  const expires_ms = Date.now() + limits.token_warning_ms / 2
  const probe = await Probe.open(`${server.ws_url}/ws/runner?token=${tokenFor(runner, expires_ms)}`)
  expect(await probe.heard('token.expiring')).toEqual({ type: 'token.expiring', expires_ms })
  expect((await knock(`${server.ws_url}/ws/runner?token=${tokenFor(runner, Date.now() - 1)}`)).status).toBe(
    401,
  )
})

test('WS23 a socket whose token ended is closed after the grace', async () => {
  let ahead_ms = 0
  const after = (ms: number, call: () => void) => {
    const timer = setTimeout(call, ms / 1_000)
    return () => clearTimeout(timer)
  }
  const later = await startSockets({ now_ms: () => Date.now() + ahead_ms, after })
  try {
    const token = tokenFor(runner, Date.now() + 10_000)
    const probe = await Probe.open(`${later.ws_url}/ws/runner?token=${token}`)
    await probe.heard('token.expiring')
    ahead_ms = limits.token_grace_ms + 10_001
    expect(await probe.closed()).toBe(closeCodes.token_expired)
  } finally {
    await later.stop()
  }
})

test('WS24 what cannot be read is answered, and too much of it closes the connection', async () => {
  const probe = await open()
  probe.send(Uint8Array.of(0xc1))
  expect((await probe.heard('rejected')).problem).toMatchObject({ code: 'request.malformed', status: 400 })
  for (let sent = 0; sent < limits.socket_faults_max; sent++) probe.send('{')
  expect(await probe.closed()).toBe(closeCodes.malformed)
})

test('WS25 a flood of frames is refused, then closed', async () => {
  const probe = await open()
  for (let sent = 0; sent < limits.socket_frames_burst + 2 * limits.socket_faults_max; sent++)
    probe.send(encodeClient({ type: 'ping', at_ms: sent }))
  expect(await probe.closed()).toBe(closeCodes.flood)
  expect(probe.messages.some((message) => message.type === 'rejected')).toBe(true)
})

test('WS26 a frame above the bound cuts the connection', async () => {
  const probe = await open()
  probe.send(new Uint8Array(limits.socket_frame_bytes_max + 1))
  expect(await probe.closed()).toBe(1006)
})

test('WS29 a socket that is not read is closed when too much waits for it', async () => {
  const probe = await open()
  await probe.heard('welcome')
  probe.pause()
  const booking = { ...requested, notes: 'x'.repeat(100_000) }
  for (let shown = 0; shown < 200 && server.host.watchers(ofRunner) > 0; shown++)
    server.host.show(ofRunner, { type: 'booking.open', ...{ booking } })
  await server.host.until(() => server.host.watchers(ofRunner) === 0)
  probe.resume()
  expect([closeCodes.slow_reader, 1006]).toContain(await probe.closed())
})

test('WS27 a stop closes every socket as going away and lets nobody in', async () => {
  const probe = await open()
  await probe.heard('welcome')
  const stopped = server.stop()
  expect(await probe.closed()).toBe(closeCodes.going_away)
  await stopped
  expect(server.runners()).toBe(0)
})
