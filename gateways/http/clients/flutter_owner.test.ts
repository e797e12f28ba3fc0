// The owners' Flutter app (M): Dart's casts, which throw, and enums that know their words alone.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listOf, page, success } from './decoders_testing.ts'
import { message, flutter as model } from './models_testing.ts'
import { AppPlayer, dataOf, johor, order, rowsOf, type Stage, stage, watching } from './play_testing.ts'

let on: Stage
beforeEach(async () => {
  on = await stage()
})
afterEach(() => on.stop())

const user_agent = 'Dart/3.4 (dart:io)'
const newcomer = {
  email: 'mei@kilat.test',
  password: 'a-long-password',
  full_name: 'Mei',
  role: 'owner',
  phone: '+60123456789',
}

/** Registered, with a token; and what registering answered. */
async function registered() {
  const app = new AppPlayer(on.http, { 'user-agent': user_agent })
  const user = dataOf(await app.call('POST', '/auth/register', success(model.auth), newcomer))
  app.token = String(user.access_token)
  return { app, id: (user.user as { id: string }).id }
}

test('DE3 the owners’ Flutter app books, watches, confirms and cancels, and every answer passes its casts', async () => {
  const { app, id: owner_id } = await registered()
  const runner = await on.readyRunner('runner@kilat.test')
  await runner.send('POST', '/runners/me/online', johor)
  const booked = await app.call('POST', '/bookings', success(model.booking), order)
  const id = String(dataOf(booked).id)
  const near = `latitude=${johor.latitude}&longitude=${johor.longitude}`
  await app.call('GET', `/runners/nearby?${near}&radius_km=5`, success(listOf(model.runner)))
  await runner.send('POST', `/bookings/${id}/accept`)
  const feed = await watching(on, id, app.token, user_agent)
  await runner.send('POST', '/runners/me/location', johor)
  model.position(await feed.next('location_update'), 'the feed')
  await app.call('GET', `/tracking/${id}`, success(model.tracking))
  for (const step of ['pickup', 'deliver']) await runner.send('POST', `/bookings/${id}/${step}`)
  const confirmed = await app.call('POST', `/bookings/${id}/confirm`, success(model.booking))
  expect(dataOf(confirmed).status).toBe('completed')
  expect(feed.frames().every((frame) => frame.type === 'location_update')).toBe(true)
  feed.close()
  await on.notify(owner_id, id)
  const told = await app.call('GET', '/notifications?page=1&limit=20', page(model.notification))
  await app.call('PUT', `/notifications/${rowsOf(told)[0]?.id}/read`, success(message))
  await account(app)
  expect([...app.calls].sort()).toEqual(screens)
})

async function account(app: AppPlayer): Promise<void> {
  const another = dataOf(
    await app.call('POST', '/bookings', success(model.booking), { ...order, notes: 'x' }),
  )
  await app.call('POST', `/bookings/${another.id}/cancel`, success(model.booking), { reason: 'changed' })
  await app.call('GET', `/bookings/${another.id}`, success(model.booking))
  await app.call('GET', '/bookings?page=1&limit=5', page(model.booking))
  await app.call('GET', '/petshops', success(listOf(model.pet_shop)))
  await app.call('GET', '/notifications/preferences', success(model.preferences))
  const wishes = { enable_push: false, enable_sms: true, enable_email: true }
  await app.call('PUT', '/notifications/preferences', success(message), wishes)
  const kept = await app.call('GET', '/notifications/preferences', success(model.preferences))
  expect(dataOf(kept)).toMatchObject(wishes)
  await app.call('GET', '/auth/profile', success(model.user))
  await app.call('PUT', '/auth/profile', success(model.user), {
    full_name: 'Mei Ling',
    phone: '',
    avatar_url: '',
  })
  const { email, password } = newcomer
  const logged = dataOf(await app.call('POST', '/auth/login', success(model.auth), { email, password }))
  const { refresh_token } = logged
  await app.call('POST', '/auth/refresh', success(model.auth), { refresh_token })
  await app.call('POST', '/auth/logout', success(message))
}

/** Contract, section 3.9; its detail of a shop is read in the next test. */
const screens = [
  'GET /auth/profile',
  'GET /bookings',
  'GET /bookings/:id',
  'GET /notifications',
  'GET /notifications/preferences',
  'GET /petshops',
  'GET /runners/nearby',
  'GET /tracking/:id',
  'POST /auth/login',
  'POST /auth/logout',
  'POST /auth/refresh',
  'POST /auth/register',
  'POST /bookings',
  'POST /bookings/:id/cancel',
  'POST /bookings/:id/confirm',
  'PUT /auth/profile',
  'PUT /notifications/:id/read',
  'PUT /notifications/preferences',
]

test('DE4 the owners’ Flutter app lists pet shops of a category and opens one', async () => {
  const keeper = await on.http.tokenFor({ id: '99999999-1111-4111-8111-111111111111', role: 'shop' })
  const shop = { name: 'Kedai', address: '1 Jalan Satu', ...johor, category: 'vet', services: ['x-ray'] }
  await on.http.call('POST', '/api/v1/petshops', { token: keeper, body: shop })
  const { app } = await registered()
  const listed = await app.call('GET', '/petshops?category=vet', success(listOf(model.pet_shop)))
  await app.call('GET', `/petshops/${rowsOf(listed)[0]?.id}`, success(model.pet_shop))
  const near = `latitude=${johor.latitude}&longitude=${johor.longitude}`
  const close = await app.call('GET', `/petshops/nearby?${near}`, success(listOf(model.pet_shop)))
  expect(rowsOf(close).map(({ name }) => name)).toEqual(['Kedai'])
})
