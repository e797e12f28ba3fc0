// The runners' Flutter app (R): as the owners', and its lists of bookings are indexed by `items`.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listOf, page, record, success } from './decoders_testing.ts'
import { message, flutter as model } from './models_testing.ts'
import { AppPlayer, dataOf, type Fields, johor, refusal, rowsOf, type Stage, stage } from './play_testing.ts'

let on: Stage
beforeEach(async () => {
  on = await stage()
})
afterEach(() => on.stop())

const bookings = success(record({ items: listOf(model.booking) }))
const itemsOf = (data: Fields) => data.items as readonly Fields[]
const newcomer = {
  email: 'raj@kilat.test',
  password: 'a-long-password',
  full_name: 'Raj',
  role: 'runner',
  phone: '+60123456789',
}

test('DE5 the runners’ Flutter app sets up, finds jobs under items, accepts and picks up', async () => {
  const app = new AppPlayer(on.http, { 'user-agent': 'Dart/3.4 (dart:io)' })
  const user = dataOf(await app.call('POST', '/auth/register', success(model.auth), newcomer))
  app.token = String(user.access_token)
  await app.call('GET', '/runners/me', refusal, undefined, 404)
  const vehicle = { vehicle_type: 'car', vehicle_plate: 'R 1', vehicle_model: 'Axia', vehicle_year: 2020 }
  const profile = { full_name: 'Raj', phone: newcomer.phone, ...vehicle, air_conditioned: true }
  await app.call('POST', '/runners', success(model.runner), profile)
  const id = await work(app, String((user.user as Fields).id))
  await on.notify(String((user.user as Fields).id), id)
  const told = await app.call('GET', '/notifications?page=1&limit=20', page(model.notification))
  await app.call('PUT', `/notifications/${rowsOf(told)[0]?.id}/read`, success(message))
  await account(app)
  expect([...app.calls].sort()).toEqual(screens)
})

/** The app never adds a crate: one comes by other means. */
async function work(app: AppPlayer, runner_id: string): Promise<string> {
  const crate = { size: 'medium', pet_types: ['cat'], max_weight_kg: 20, ventilated: true }
  const { token } = app
  await on.http.call('POST', '/api/v1/runners/me/crates', { token, body: crate })
  await app.call('POST', '/runners/me/online', success(message), johor)
  const id = await on.book(await on.register('owner@kilat.test', 'owner'))
  const open = dataOf(await app.call('GET', '/bookings?status=requested', bookings))
  expect(itemsOf(open).map((job) => job.id)).toEqual([id])
  await app.call('GET', `/bookings/${id}`, success(model.booking))
  await app.call('POST', `/bookings/${id}/accept`, success(model.booking))
  const mine = dataOf(await app.call('GET', '/bookings', bookings))
  expect(itemsOf(mine)).toMatchObject([{ id, status: 'accepted', runner_id }])
  const place = { ...johor, speed_kmh: -1, heading_degrees: -1 }
  await app.call('POST', '/runners/me/location', success(message), place)
  await app.call('POST', `/bookings/${id}/pickup`, success(model.booking))
  await app.call('POST', `/bookings/${id}/deliver`, success(model.booking))
  await app.call('POST', '/runners/me/offline', success(message))
  return id
}

async function account(app: AppPlayer): Promise<void> {
  await app.call('GET', '/runners/me', success(model.runner))
  await app.call('GET', '/notifications/preferences', success(model.preferences))
  const wishes = { enable_push: true, enable_sms: false, enable_email: true }
  await app.call('PUT', '/notifications/preferences', success(message), wishes)
  await app.call('GET', '/auth/profile', success(model.user))
  await app.call('PUT', '/auth/profile', success(model.user), { full_name: 'Raj K', phone: newcomer.phone })
  const { email, password } = newcomer
  const logged = dataOf(await app.call('POST', '/auth/login', success(model.auth), { email, password }))
  await app.call('POST', '/auth/refresh', success(model.auth), { refresh_token: logged.refresh_token })
  await app.call('POST', '/auth/logout', success(message))
}

/** Contract, section 3.9. */
const screens = [
  'GET /auth/profile',
  'GET /bookings',
  'GET /bookings/:id',
  'GET /notifications',
  'GET /notifications/preferences',
  'GET /runners/me',
  'POST /auth/login',
  'POST /auth/logout',
  'POST /auth/refresh',
  'POST /auth/register',
  'POST /bookings/:id/accept',
  'POST /bookings/:id/deliver',
  'POST /bookings/:id/pickup',
  'POST /runners',
  'POST /runners/me/location',
  'POST /runners/me/offline',
  'POST /runners/me/online',
  'PUT /auth/profile',
  'PUT /notifications/:id/read',
  'PUT /notifications/preferences',
]
