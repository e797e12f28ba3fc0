// Every endpoint, role and failure of contract.md that is no command: one row, one request.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Role } from '../../../protocols/actor.ts'
import { type Route, routes } from '../routes.ts'
import { dataOf, johor, type Stage, stage } from './play_testing.ts'

let on: Stage
const ids: Record<string, string> = {}
const tokens: Record<string, string> = {}
const unknown = '77777777-7777-4777-8777-777777777777'

beforeAll(async () => {
  on = await stage()
  const owner = await on.register('owner@kilat.test', 'owner')
  const runner = await on.readyRunner('runner@kilat.test')
  await runner.send('POST', '/runners/me/online', johor)
  const booking = await on.book(owner)
  await runner.send('POST', `/bookings/${booking}/accept`)
  const pet = dataOf(await owner.send('POST', '/pets', { name: 'Tom', pet_type: 'cat' }))
  await on.notify(owner.id, booking)
  const inbox = dataOf(await owner.send('GET', '/notifications'))
  const [notice] = inbox.items as { id: string }[]
  Object.assign(ids, { booking, pet: pet.id, notice: notice?.id, unknown })
  Object.assign(tokens, { owner: owner.token, runner: runner.token })
  Object.assign(tokens, {
    stranger: (await on.register('stranger@kilat.test', 'owner')).token,
    rival: (await on.readyRunner('rival@kilat.test')).token,
    shop: await on.http.tokenFor({ id: unknown.replace('7', '8'), role: 'shop' }),
    keeper: await on.http.tokenFor({ id: unknown.replace('7', '9'), role: 'shop' }),
    admin: await on.http.tokenFor({ id: unknown.replace('7', '6'), role: 'admin' }),
  })
  const shop = { name: 'Kedai', address: 'Jalan 1', ...johor, category: 'vet' }
  const made = await on.http.call('POST', '/api/v1/petshops', { token: tokens.shop as string, body: shop })
  ids.shop = String(dataOf(made).id)
})
afterAll(() => on.stop())

const text = { message_type: 'text', content: 'hello' }
const photo = { photo_type: 'pickup', photo_url: 'https://photos.test/1.jpg' }
const promo = { code: 'raya', discount_type: 'percentage', discount_value: 10 }
const year = { valid_from: '2026-01-01T00:00:00Z', valid_until: '2027-01-01T00:00:00Z' }

// biome-ignore format: a table reads better as one
const rows: readonly (readonly [who: string, method: string, path: string, body: object | undefined, status: number, code?: string])[] = [
  ['stranger', 'GET',    '/bookings/:booking/history',  undefined, 403, 'booking.not_yours'],
  ['rival',    'GET',    '/bookings/:booking/history',  undefined, 403, 'booking.not_yours'],
  ['owner',    'GET',    '/bookings/:unknown/history',  undefined, 404, 'booking.not_found'],
  ['admin',    'GET',    '/bookings/:booking/history',  undefined, 200],
  ['stranger', 'GET',    '/bookings/:booking/tracking', undefined, 403, 'booking.not_yours'],
  ['owner',    'GET',    '/bookings/:unknown/tracking', undefined, 404, 'trip.not_found'],
  ['stranger', 'POST',   '/bookings/:booking/rebook',   undefined, 403, 'booking.not_yours'],
  ['owner',    'POST',   '/bookings/:unknown/rebook',   undefined, 404, 'booking.not_found'],
  ['rival',    'POST',   '/bookings/:booking/photo',    photo,     403, 'booking.not_yours'],
  ['runner',   'POST',   '/bookings/:unknown/photo',    photo,     404, 'booking.not_found'],
  ['runner',   'POST',   '/bookings/:booking/photo',    { ...photo, photo_type: 'selfie' },     400, 'request.malformed'],
  ['runner',   'POST',   '/bookings/:booking/photo',    { ...photo, photo_url: 'file:///etc' }, 400, 'request.malformed'],
  ['stranger', 'GET',    '/bookings/:booking/photos',   undefined, 403, 'booking.not_yours'],
  ['owner',    'POST',   '/pets',                       { name: 'Tom' },                        400, 'request.malformed'],
  ['owner',    'POST',   '/pets',                       { name: 'Tom', pet_type: 'hamster' },   400, 'request.malformed'],
  ['owner',    'GET',    '/pets/:unknown',              undefined, 404, 'pet.not_found'],
  ['stranger', 'GET',    '/pets/:pet',                  undefined, 403, 'pet.not_yours'],
  ['stranger', 'PUT',    '/pets/:pet',                  { name: 'Mine' }, 403, 'pet.not_yours'],
  ['stranger', 'DELETE', '/pets/:pet',                  undefined, 403, 'pet.not_yours'],
  ['owner',    'GET',    '/petshops/:unknown',          undefined, 404, 'shop.not_found'],
  ['owner',    'GET',    '/petshops/nearby?latitude=x&longitude=1', undefined, 400, 'request.malformed'],
  ['shop',     'POST',   '/petshops',                   { name: 'Kedai' }, 400, 'request.malformed'],
  ['keeper',   'PUT',    '/petshops/:shop',             { name: 'Mine' },  403, 'shop.not_yours'],
  ['keeper',   'DELETE', '/petshops/:shop',             undefined, 403, 'shop.not_yours'],
  ['keeper',   'PUT',    '/petshops/:unknown',          { name: 'Mine' },  404, 'shop.not_found'],
  ['stranger', 'POST',   '/chat/:booking/messages',     text,      403, 'booking.not_yours'],
  ['rival',    'POST',   '/chat/:booking/messages',     text,      403, 'booking.not_yours'],
  ['stranger', 'GET',    '/chat/:booking/messages',     undefined, 403, 'booking.not_yours'],
  ['owner',    'POST',   '/chat/:unknown/messages',     text,      404, 'booking.not_found'],
  ['owner',    'POST',   '/chat/:booking/messages',     { ...text, message_type: 'video' }, 400, 'request.malformed'],
  ['owner',    'POST',   '/chat/:booking/messages',     { ...text, content: '' },           400, 'request.malformed'],
  ['stranger', 'POST',   '/tracking/:booking/share',    undefined, 403, 'booking.not_yours'],
  ['stranger', 'DELETE', '/tracking/:booking/share',    undefined, 403, 'booking.not_yours'],
  ['',         'GET',    '/tracking/shared/0123456789abcdef0123456789abcdef', undefined, 404, 'share.not_found'],
  ['',         'GET',    '/tracking/shared/short',      undefined, 404, 'share.not_found'],
  ['owner',    'GET',    '/notifications?cursor=x',     undefined, 400, 'request.malformed'],
  ['owner',    'GET',    '/notifications/:unknown',     undefined, 404, 'notification.not_found'],
  ['stranger', 'GET',    '/notifications/:notice',      undefined, 403, 'notification.not_yours'],
  ['stranger', 'PUT',    '/notifications/:notice/read', undefined, 403, 'notification.not_yours'],
  ['stranger', 'POST',   '/notifications/:notice/read', undefined, 403, 'notification.not_yours'],
  ['owner',    'PUT',    '/notifications/:unknown/read', undefined, 404, 'notification.not_found'],
  ['owner',    'PUT',    '/notifications/preferences',  { enable_push: 'yes' }, 400, 'request.malformed'],
  ['owner',    'PUT',    '/notifications/preferences',  { quiet_hours_start: '25:00' }, 400, 'request.malformed'],
  ['owner',    'POST',   '/notifications/fcm-token',    {},        400, 'request.malformed'],
  ['owner',    'POST',   '/notifications/device-tokens', { token: 'https://127.0.0.1/x', keys: { p256dh: 'a', auth: 'b' } }, 400, 'device.refused'],
  ['owner',    'POST',   '/notifications/device-tokens', { token: 'http://push.test/x', keys: { p256dh: 'a', auth: 'b' } },  400, 'device.refused'],
  ['admin',    'GET',    '/admin/bookings?status=lost', undefined, 400, 'request.malformed'],
  ['admin',    'POST',   '/promos',                     promo,     400, 'request.malformed'],
  ['admin',    'POST',   '/promos',                     { ...promo, ...year, discount_value: 101 }, 400, 'request.malformed'],
  ['admin',    'POST',   '/promos',                     { ...promo, valid_from: year.valid_until, valid_until: year.valid_from }, 400, 'request.malformed'],
  ['admin',    'POST',   '/promos',                     { ...promo, ...year }, 201],
  ['admin',    'POST',   '/promos',                     { ...promo, ...year, code: ' Raya ' }, 409, 'promo.exists'],
  ['owner',    'POST',   '/promos/validate',            { code: 'raya' }, 400, 'request.malformed'],
  ['owner',    'POST',   '/subscriptions',              { plan: 'gold' }, 400, 'request.malformed'],
  ['owner',    'GET',    '/subscriptions/me',           undefined, 404, 'subscription.not_found'],
  ['owner',    'POST',   '/subscriptions/me/cancel',    undefined, 404, 'subscription.not_found'],
  ['',         'POST',   '/runners/apply',              { name: 'Ali' }, 400, 'request.malformed'],
]

test('PT1 each endpoint answers its documented status and code to each kind of stranger and each wrong body', async () => {
  for (const [who, method, path, body, status, code] of rows) {
    const named = path.replaceAll(/:(\w+)/g, (_all, name) => ids[name] ?? name)
    const token = tokens[who]
    const sent = { ...(token ? { token } : {}), ...(body ? { body } : {}) }
    const answered = await on.http.call(method, `/api/v1${named}`, sent)
    const told = { status: answered.status, code: answered.body.code }
    expect(told, `${who} ${method} ${path}: ${answered.text}`).toEqual({ status, code })
  }
})

test('PT2 an id in a path that is none is 400 for every role that the route admits', async () => {
  const with_id = routes.filter((route): route is Exclude<Route, { roles: 'public' }> => {
    return route.roles !== 'public' && route.path.includes(':id')
  })
  for (const route of with_id)
    for (const role of route.roles as readonly Role[]) {
      const token = await on.http.tokenFor({ id: unknown, role })
      const answered = await on.http.call(route.method, route.path.replace(':id', 'draft-1'), { token })
      expect(answered.status, `${role} ${route.method} ${route.path}`).toBe(400)
      expect(answered.body.code).toBe('request.malformed')
    }
  expect(with_id.length).toBeGreaterThan(20)
})
