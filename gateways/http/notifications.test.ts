import { afterEach, beforeEach, expect, test } from 'vitest'
import { limits } from '../../protocols/limits.ts'
import { devices } from '../../protocols/notice_tables.ts'
import { dataOf, type Fields, rowsOf, type Stage, stage } from './clients/play_testing.ts'

let on: Stage
beforeEach(async () => {
  on = await stage()
})
afterEach(() => on.stop())

const booking_id = '11111111-1111-4111-8111-111111111111'

test('NT1 the inbox comes by pages when a page is named, else by a cursor that ends in an empty text', async () => {
  const owner = await on.register('owner@kilat.test', 'owner')
  const other = await on.register('other@kilat.test', 'owner')
  for (let index = 0; index < 5; index++) await on.notify(owner.id, booking_id, `1:${index}:0:0`)
  await on.notify(other.id, booking_id, '2:0:0:0')
  const paged = await owner.send('GET', '/notifications?page=2&limit=2')
  expect(paged.body).toMatchObject({
    success: true,
    pagination: { total: 5, page: 2, limit: 2, total_pages: 3 },
  })
  expect(rowsOf(paged)).toHaveLength(2)
  const seen = new Set<unknown>()
  let cursor = ''
  do {
    const data = dataOf(await owner.send('GET', `/notifications?limit=2&cursor=${cursor}`))
    for (const { id } of data.items as Fields[]) seen.add(id)
    cursor = String(data.next_cursor)
  } while (cursor !== '')
  expect(seen.size).toBe(5)
  const wide = await owner.send('GET', '/notifications?page=1&limit=101')
  expect(wide.body.pagination).toMatchObject({ limit: limits.list_page_default })
})

test('NT2 a notice is read by PUT and by POST, once and for all', async () => {
  const owner = await on.register('owner@kilat.test', 'owner')
  await on.notify(owner.id, booking_id)
  const [notice] = rowsOf(await owner.send('GET', '/notifications?page=1'))
  expect(notice).toMatchObject({ is_read: false, read_at: null, event_type: 'booking.accepted' })
  const path = `/notifications/${notice?.id}`
  expect((await owner.send('PUT', `${path}/read`)).status).toBe(200)
  const read = dataOf(await owner.send('GET', path))
  expect(read).toMatchObject({ is_read: true, booking_id, type: 'runner_assigned' })
  await on.http.env.advance(60_000)
  expect((await owner.send('POST', `${path}/read`, { read_at: '2020-01-01T00:00:00Z' })).status).toBe(200)
  expect(dataOf(await owner.send('GET', path)).read_at).toBe(read.read_at)
})

test('NT3 a notice is told in Malay to whom asks for it, by choice before the device’s languages', async () => {
  const owner = await on.register('owner@kilat.test', 'owner')
  await on.notify(owner.id, booking_id)
  const title = async (language: string) => {
    const headers = { 'accept-language': language }
    const answered = await on.http.call('GET', '/api/v1/notifications', { token: owner.token, headers })
    return (dataOf(answered).items as Fields[])[0]?.title
  }
  expect(await title('ms-MY,en;q=0.5')).toBe('Runner dalam perjalanan')
  expect(await title('en-MY,ms;q=0.5')).toBe('A runner is on the way')
  await owner.send('PUT', '/notifications/preferences', { language: 'ms' })
  expect(await title('en')).toBe('Runner dalam perjalanan')
})

test('NT4 preferences are all on until they are set, and a change keeps what it does not name', async () => {
  const owner = await on.register('owner@kilat.test', 'owner')
  const path = '/notifications/preferences'
  const first = dataOf(await owner.send('GET', path))
  const all = { enable_push: true, enable_sms: true, enable_email: true }
  expect(first).toMatchObject({ user_id: owner.id, ...all, email: owner.email })
  await owner.send('PUT', path, {
    ...all,
    enable_sms: false,
    quiet_hours_start: '22:00',
    quiet_hours_end: '07:00',
  })
  await owner.send('PUT', path, { ...all, enable_push: false })
  const { quiet_hours_start, enable_push } = dataOf(await owner.send('GET', path))
  expect({ quiet_hours_start, enable_push }).toEqual({ quiet_hours_start: '22:00', enable_push: false })
})

test('NT5 a device belongs to who used it last, and of too many the oldest are forgotten', async () => {
  const owner = await on.register('owner@kilat.test', 'owner')
  const other = await on.register('other@kilat.test', 'owner')
  const { rows } = on.http.doors
  await owner.send('POST', '/notifications/fcm-token', { token: 'shared' })
  await other.send('POST', '/notifications/fcm-token', { token: 'shared' })
  expect(await rows.count(devices, { user_id: owner.id })).toBe(0)
  expect(await rows.count(devices, { user_id: other.id, token: 'shared' })).toBe(1)
  for (let phone = 0; phone <= limits.devices_per_user_max; phone++) {
    await on.http.env.advance(1_000)
    await owner.send('POST', '/notifications/device-tokens', { token: `phone ${phone}`, platform: 'ios' })
  }
  expect(await rows.count(devices, { user_id: owner.id })).toBe(limits.devices_per_user_max)
  expect(await rows.count(devices, { token: 'phone 0' })).toBe(0)
  const keys = { p256dh: 'a', auth: 'b' }
  const subscription = { token: 'https://eu.push.test/x', platform: 'web', keys }
  expect((await other.send('POST', '/notifications/device-tokens', subscription)).status).toBe(200)
  expect(await rows.count(devices, { channel: 'web', user_id: other.id })).toBe(1)
  expect(dataOf(await other.send('GET', '/notifications/vapid-key'))).toEqual({ public_key: '' })
})

test('NT17 who logs out has no devices any more, and nobody else loses his', async () => {
  const owner = await on.register('owner@kilat.test', 'owner')
  const other = await on.register('other@kilat.test', 'owner')
  for (const who of [owner, other]) await who.send('POST', '/notifications/fcm-token', { token: who.id })
  await owner.send('POST', '/auth/logout')
  const { rows } = on.http.doors
  const count = (user_id: string) => rows.count(devices, { user_id })
  expect([await count(owner.id), await count(other.id)]).toEqual([0, 1])
})
