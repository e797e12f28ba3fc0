import { afterEach, beforeEach, expect, test } from 'vitest'
import { applications } from '../../protocols/offer_tables.ts'
import { booking_counts, status_changes } from '../../protocols/tables.ts'
import { dataOf, order, rowsOf, type Stage, stage } from './clients/play_testing.ts'

let on: Stage
beforeEach(async () => {
  on = await stage()
})
afterEach(() => on.stop())

const admin_id = '66666666-6666-4666-8666-666666666666'
async function admin() {
  const token = await on.http.tokenFor({ id: admin_id, role: 'admin' })
  return (method: string, path: string, body?: object) =>
    on.http.call(method, `/api/v1${path}`, { token, ...(body ? { body } : {}) })
}

test('PT11 a promo takes off what it says, cut off, capped and never more than the amount; else it says why not', async () => {
  const send = await admin()
  const now_ms = on.http.env.now_ms()
  const time = (days: number) => new Date(now_ms + days * 86_400_000).toISOString()
  const valid = { valid_from: time(-1), valid_until: time(1) }
  const percent = { code: ' raya ', discount_type: 'percentage', discount_value: 15, ...valid }
  await send('POST', '/promos', { ...percent, max_discount_cents: 1_000, min_amount_cents: 500 })
  await send('POST', '/promos', { ...percent, code: 'FIX', discount_type: 'fixed', discount_value: 700 })
  await send('POST', '/promos', { ...percent, code: 'OLD', valid_from: time(-9), valid_until: time(-8) })
  const check = async (code: string, amount_cents: number) => {
    const { valid, discount_cents, message } = dataOf(
      await send('POST', '/promos/validate', { code, amount_cents }),
    )
    return [valid, discount_cents, message]
  }
  expect(await check('raya', 999)).toEqual([true, 149, undefined])
  expect(await check('RAYA', 100_000)).toEqual([true, 1_000, undefined])
  expect(await check('fix', 300)).toEqual([true, 300, undefined])
  expect(await check('raya', 499)).toEqual([false, 0, 'the amount is below the minimum'])
  expect(await check('old', 499)).toEqual([false, 0, 'the code is not valid now'])
  expect(await check('none', 499)).toEqual([false, 0, 'the code is unknown'])
  const active = rowsOf(await send('GET', '/promos/active'))
  expect(active.map(({ code }) => code).sort()).toEqual(['FIX', 'RAYA'])
})

test('PT12 a user has one subscription at a time, which he may cancel and which lapses', async () => {
  const owner = await on.register('owner@kilat.test', 'owner')
  const plans = rowsOf(await on.http.call('GET', '/api/v1/subscriptions/plans'))
  expect(plans.map(({ plan, price_cents }) => [plan, price_cents])).toEqual([
    ['basic', 1_990],
    ['premium', 4_990],
  ])
  const both = await Promise.all(
    ['basic', 'premium'].map((plan) => owner.send('POST', '/subscriptions', { plan })),
  )
  expect(both.map(({ status }) => status).sort()).toEqual([201, 409])
  expect(dataOf(await owner.send('POST', '/subscriptions/me/cancel'))).toMatchObject({ status: 'cancelled' })
  await on.http.env.advance(1_000)
  expect((await owner.send('POST', '/subscriptions', { plan: 'basic' })).status).toBe(201)
  await on.http.env.advance(31 * 86_400_000)
  const token = await on.http.tokenFor({ id: owner.id, role: 'owner' })
  const later = (method: string, path: string, body?: object) =>
    on.http.call(method, `/api/v1${path}`, { token, ...(body ? { body } : {}) })
  expect(dataOf(await later('GET', '/subscriptions/me'))).toMatchObject({ status: 'expired', plan: 'basic' })
  expect((await later('POST', '/subscriptions', { plan: 'premium' })).status).toBe(201)
})

test('PT13 a referral code is made at its first use and stays', async () => {
  const owner = await on.register('owner@kilat.test', 'owner')
  const codes = await Promise.all([1, 2].map(() => owner.send('GET', '/referrals/code')))
  const [first] = codes.map((answered) => String(dataOf(answered).referral_code))
  expect(first).toMatch(/^REF-[0-9a-f]{8}$/)
  expect(dataOf(await owner.send('GET', '/referrals/me'))).toEqual({
    referral_code: first,
    total_referrals: 0,
    referrals: [],
  })
})

test('PT14 applications are numbered along the year, one for an IC number however it is written', async () => {
  const form = {
    name: 'Ali',
    phone: '+60123456789',
    plateNumber: 'WXY 1',
    vehicleType: 'car',
    petExperience: ['dogs'],
    consentAcknowledged: true,
  }
  const apply = (icNumber: string, more: object = {}) =>
    on.http.call('POST', '/api/v1/runners/apply', { body: { ...form, icNumber, ...more } })
  const year = new Date(on.http.env.now_ms()).getUTCFullYear()
  const made = await Promise.all(
    ['900101-01-1111', '900101-01-1112', '900101-01-1113'].map((ic) => apply(ic)),
  )
  const numbers = made.map((answered) => dataOf(answered).applicationId).sort()
  expect(numbers).toEqual([1, 2, 3].map((number) => `KR-${year}-0000${number}`))
  expect((await apply('900101011111')).body.code).toBe('application.exists')
  expect((await apply('900101-01-1114', { consentAcknowledged: false })).status).toBe(400)
  expect(await on.http.doors.rows.count(applications, {})).toBe(3)
})

test('PT15 an admin lists everybody’s bookings and counts them by status', async () => {
  const send = await admin()
  const owner = await on.register('owner@kilat.test', 'owner')
  await owner.send('POST', '/bookings', order)
  const { id } = dataOf(await owner.send('POST', '/bookings', { ...order, notes: 'x' }))
  await owner.send('POST', `/bookings/${id}/cancel`)
  const all = await send('GET', '/admin/bookings?page=1')
  expect(all.body.pagination).toMatchObject({ total: 2, limit: 20 })
  expect(rowsOf(await send('GET', '/admin/bookings?status=cancelled'))).toMatchObject([{ id }])
  for (const [digit, status] of ['completed', 'completed', 'requested'].entries())
    await on.http.doors.rows.add(booking_counts, {
      id: `0000000${digit}-0000-4000-8000-000000000000`,
      status,
    })
  const { total_bookings, by_status } = dataOf(await send('GET', '/admin/stats/bookings'))
  const none = { accepted: 0, in_progress: 0, delivered: 0, cancelled: 0 }
  expect([total_bookings, by_status]).toEqual([3, { ...none, completed: 2, requested: 1 }])
})

test('PT16 the history of a booking tells who changed it, when, why, and in which frame', async () => {
  const owner = await on.register('owner@kilat.test', 'owner')
  const booking_id = await on.book(owner)
  const change = {
    id: '00000000-0000-4000-8000-000000000001',
    booking_id,
    from_status: '',
    to_status: 'requested',
    changed_by: owner.id,
    changed_by_role: 'owner',
    reason: '',
    frame_shard: 3,
    frame_n: 17,
    log_seq: 99,
    event_id: '3:17:0',
    created_at: 1_790_000_000_000,
  }
  const { rows } = on.http.doors
  await rows.add(status_changes, { ...change, id: booking_id, event_id: '3:17:10' })
  await rows.add(status_changes, change)
  const { frame_shard: shard, frame_n: n, log_seq, created_at: _at, ...told } = change
  const history = rowsOf(await owner.send('GET', `/bookings/${booking_id}/history`))
  expect(history[0]).toEqual({ ...told, frame: { shard, n, log_seq }, created_at: '2026-09-21T14:13:20Z' })
  expect(history.map(({ event_id }) => event_id)).toEqual(['3:17:0', '3:17:10'])
})
