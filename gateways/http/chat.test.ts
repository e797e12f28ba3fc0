import { afterEach, beforeEach, expect, test } from 'vitest'
import { limits } from '../../protocols/limits.ts'
import { shared_trips } from '../../protocols/tables.ts'
import { dataOf, type Fields, johor, rowsOf, type Stage, stage, watching } from './clients/play_testing.ts'

let on: Stage
beforeEach(async () => {
  on = await stage()
})
afterEach(() => on.stop())

async function riding() {
  const owner = await on.register('owner@kilat.test', 'owner')
  const runner = await on.readyRunner('runner@kilat.test')
  await runner.send('POST', '/runners/me/online', johor)
  const id = await on.book(owner)
  await runner.send('POST', `/bookings/${id}/accept`)
  return { owner, runner, id }
}

test('CH1 a message is kept, listed oldest first by pages, and told to the other party alone', async () => {
  const { owner, runner, id } = await riding()
  const path = `/chat/${id}/messages`
  const sent = dataOf(await owner.send('POST', path, { message_type: 'text', content: 'he bites' }))
  expect(sent).toMatchObject({
    booking_id: id,
    sender_id: owner.id,
    sender_role: 'owner',
    content: 'he bites',
  })
  await on.http.env.advance(1_000)
  await runner.send('POST', path, { message_type: 'quick_reply', content: 'ok' })
  const listed = await runner.send('GET', path)
  expect(rowsOf(listed).map(({ content }) => content)).toEqual(['he bites', 'ok'])
  expect(listed.body.pagination).toMatchObject({ total: 2, limit: limits.chat_page_default })
  expect(rowsOf(await owner.send('GET', `${path}?page=2&limit=1`)).map(({ content }) => content)).toEqual([
    'ok',
  ])
  const noticesOf = async (who: typeof owner) =>
    dataOf(await who.send('GET', '/notifications')).items as Fields[]
  expect(await noticesOf(runner)).toMatchObject([{ type: 'chat_message', body: 'he bites' }])
  expect(await noticesOf(owner)).toMatchObject([{ type: 'chat_message', body: 'ok' }])
})

test('CH2 a message goes to the open sockets of the booking in the form of the contract, but not to Dart', async () => {
  const { owner, runner, id } = await riding()
  const swift = await watching(on, id.toUpperCase(), owner.token, 'KilatOwner/1 CFNetwork/1490.0.4')
  const dart = await watching(on, id, owner.token, 'Dart/3.4 (dart:io)')
  const content = 'on my "way"\n'
  const body = { message_type: 'text', content }
  const { id: message_id, created_at } = dataOf(await runner.send('POST', `/chat/${id}/messages`, body))
  expect(await swift.next('chat_message')).toEqual({
    type: 'chat_message',
    seq: expect.any(Number),
    booking_id: id.toUpperCase(),
    message_id,
    sender_id: runner.id,
    sender_role: 'runner',
    message_type: 'text',
    content,
    created_at,
  })
  await runner.send('POST', '/runners/me/location', johor)
  await dart.next('location_update')
  expect(dart.frames().map(({ type }) => type)).toEqual(['location_update'])
  swift.close()
  dart.close()
})

test('CH3 a trip is shared by a link that shows the way and nobody’s name, until its day is over', async () => {
  const { owner, id } = await riding()
  on.http.waypoints.push({
    id: 'w',
    ...johor,
    speed_kmh: 1,
    heading_degrees: 2,
    recorded_at: '2026-01-01T00:00:00Z',
  })
  const shared = dataOf(await owner.send('POST', `/tracking/${id}/share`))
  expect(shared.share_token).toMatch(/^[0-9a-f]{32}$/)
  expect(shared).toMatchObject({ booking_id: id, share_url: `/api/v1/tracking/shared/${shared.share_token}` })
  const seen = await on.http.call('GET', String(shared.share_url))
  const { expires_at } = shared
  const place = { ...johor, speed_kmh: 1, heading_degrees: 2, recorded_at: '2026-01-01T00:00:00Z' }
  expect(dataOf(seen)).toEqual({ booking_id: id, status: 'active', waypoints: [place], expires_at })
  const [kept] = await on.http.doors.rows.find(shared_trips, {
    where: { booking_id: id },
    order: [],
    limit: 9,
  })
  expect(JSON.stringify(kept)).not.toContain(String(shared.share_token))
  await on.http.env.advance(limits.share_life_ms)
  expect((await on.http.call('GET', String(shared.share_url))).status).toBe(404)
})

test('CH4 links are revoked: the runner ends his own, the owner ends all; and there is a bound on them', async () => {
  const { owner, runner, id } = await riding()
  const share = async (who: typeof owner) =>
    String(dataOf(await who.send('POST', `/tracking/${id}/share`)).share_url)
  const statusOf = async (url: string) => (await on.http.call('GET', url)).status
  const [of_owner, of_runner] = [await share(owner), await share(runner)]
  expect((await runner.send('DELETE', `/tracking/${id}/share`)).status).toBe(200)
  expect([await statusOf(of_owner), await statusOf(of_runner)]).toEqual([200, 404])
  await owner.send('DELETE', `/tracking/${id}/share`)
  expect(await statusOf(of_owner)).toBe(404)
  for (let links = 0; links < limits.shares_per_booking_max; links++) await share(owner)
  expect((await owner.send('POST', `/tracking/${id}/share`)).body.code).toBe('share.too_many')
})

test('CH5 a link to a booking without a trip shows nothing yet', async () => {
  const owner = await on.register('owner@kilat.test', 'owner')
  const id = await on.book(owner)
  const { share_url } = dataOf(await owner.send('POST', `/tracking/${id}/share`))
  expect((await on.http.call('GET', String(share_url))).body.code).toBe('share.not_found')
})

test('CH6 a message, a pet, a shop or a photo that is sent again under its key is the one that was made', async () => {
  const { owner, runner, id } = await riding()
  const keeper = await on.http.tokenFor({ id: runner.id, role: 'shop' })
  const shop = { name: 'Kedai', address: 'Jalan 1', ...johor, category: 'vet' }
  const photo = { photo_type: 'pickup', photo_url: 'https://photos.test/1.jpg' }
  const made = [
    [owner.token, `/chat/${id}/messages`, { message_type: 'text', content: 'ok' }],
    [owner.token, '/pets', { name: 'Tom', pet_type: 'cat' }],
    [keeper, '/petshops', shop],
    [runner.token, `/bookings/${id}/photo`, photo],
  ] as const
  for (const [token, path, body] of made) {
    const send = (key: string) =>
      on.http.call('POST', `/api/v1${path}`, { token, body, headers: { 'idempotency-key': key } })
    const [first, again, other] = [await send('a'), await send('a'), await send('b')].map(dataOf)
    expect(again, path).toEqual(first)
    expect(other?.id, path).not.toBe(first?.id)
  }
  expect(dataOf(await runner.send('GET', '/notifications')).items).toHaveLength(2)
})

test('CH7 a link that met a bug does not stand in the log', async () => {
  const { owner, id } = await riding()
  const { share_token, share_url } = dataOf(await owner.send('POST', `/tracking/${id}/share`))
  on.http.doors.rows.find = async () => {
    throw new Error('a bug')
  }
  expect((await on.http.call('GET', String(share_url))).status).toBe(500)
  const lines = JSON.stringify(on.http.env.lines)
  expect(lines).toContain('/tracking/shared/:token')
  expect(lines).not.toContain(String(share_token))
})
