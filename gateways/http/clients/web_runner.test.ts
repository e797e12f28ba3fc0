// Web-runner (W): TypeScript in a browser, so each call carries its Origin.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { page, record, success } from './decoders_testing.ts'
import { message, web_runner as model } from './models_testing.ts'
import { AppPlayer, dataOf, johor, refusal, rowsOf, type Stage, stage } from './play_testing.ts'

let on: Stage
beforeEach(async () => {
  on = await stage()
})
afterEach(() => on.stop())

const origin = 'http://localhost:3002'
const setup = { vehicle_type: 'car', vehicle_plate: 'WXY 1', vehicle_model: 'Myvi', air_conditioned: true }

/** Registered and set up as its screens do it: no name, no phone, no year. */
async function running() {
  const app = new AppPlayer(on.http, { origin })
  const registered = await app.call('POST', '/auth/register', success(model.auth), {
    email: 'W@kilat.test',
    password: 'a-long-password',
    full_name: 'Wan',
    role: 'runner',
  })
  app.token = String(dataOf(registered).access_token)
  await app.call('GET', '/runners/me', refusal, undefined, 404)
  await app.call('POST', '/runners', success(model.runner), setup)
  const crate = { size: 'medium', pet_types: ['cat', 'hamster'], max_weight_kg: 12, ventilated: true }
  await app.call('POST', '/runners/me/crates', success(model.crate), crate)
  await app.call('POST', '/runners/me/online', success(message), johor)
  return app
}

test('DE1 web-runner registers, sets up, drives a job to its delivery and reads what it is told', async () => {
  const app = await running()
  const owner = await on.register('owner@kilat.test', 'owner')
  const id = await on.book(owner)
  const jobs = await app.call('GET', '/bookings?page=1&limit=20', page(model.booking))
  expect(rowsOf(jobs).map((job) => [job.id, job.status])).toEqual([[id, 'requested']])
  await app.call('GET', `/bookings/${id}`, success(model.booking))
  await app.call('POST', `/bookings/${id}/accept`, success(model.booking))
  await app.call('POST', '/runners/me/location', success(message), johor)
  const picked = await app.call('POST', `/bookings/${id}/pickup`, success(model.booking))
  expect(dataOf(picked).status).toBe('in_transit')
  expect(dataOf(await app.call('GET', `/bookings/${id}`, success(model.booking))).status).toBe('in_transit')
  const active = await app.call('GET', '/bookings?page=1&limit=5', page(model.booking))
  expect(rowsOf(active)[0]?.status).toBe('in_transit')
  await app.call('POST', `/bookings/${id}/deliver`, success(model.booking))
  await app.call('GET', '/runners/me', success(model.runner))
  await on.notify(String(dataOf(picked).runner_id), id)
  const told = await app.call('GET', '/notifications?page=1&limit=50', page(model.notification))
  await app.call('PUT', `/notifications/${rowsOf(told)[0]?.id}/read`, success(message))
  await app.call('PUT', '/auth/profile', success(model.user), { full_name: 'Wan', phone: '+60111111111' })
  await app.call('POST', '/runners/me/offline', success(message))
  const refreshed = await login(app)
  await app.call('POST', '/auth/refresh', success(model.auth), { refresh_token: refreshed })
  await app.call('POST', '/auth/logout', success(message))
  expect([...app.calls].sort()).toEqual(screens)
})

async function login(app: AppPlayer): Promise<unknown> {
  const credentials = { email: 'w@kilat.test', password: 'a-long-password' }
  return dataOf(await app.call('POST', '/auth/login', success(model.auth), credentials)).refresh_token
}

/** Contract, section 3.9. */
const screens = [
  'GET /bookings',
  'GET /bookings/:id',
  'GET /notifications',
  'GET /runners/me',
  'POST /auth/login',
  'POST /auth/logout',
  'POST /auth/refresh',
  'POST /auth/register',
  'POST /bookings/:id/accept',
  'POST /bookings/:id/deliver',
  'POST /bookings/:id/pickup',
  'POST /runners',
  'POST /runners/me/crates',
  'POST /runners/me/location',
  'POST /runners/me/offline',
  'POST /runners/me/online',
  'PUT /auth/profile',
  'PUT /notifications/:id/read',
]

test('DE2 only the requests of web-runner’s own pages hear of in_transit, and only of bookings', async () => {
  const app = await running()
  const owner = await on.register('owner@kilat.test', 'owner')
  const id = await on.book(owner)
  for (const step of ['accept', 'pickup']) await app.call('POST', `/bookings/${id}/${step}`, record({}))
  const shown = async (headers: Readonly<Record<string, string>>, path: string) => {
    const { body } = await on.http.call('GET', `/api/v1${path}`, { token: app.token, headers })
    const data = body.data as { items?: { status: string }[]; status?: string }
    return Array.isArray(data) ? data[0].status : (data.items?.[0]?.status ?? data.status)
  }
  for (const path of [`/bookings/${id}`, '/bookings', '/bookings?page=1']) {
    expect(await shown({ origin }, path), path).toBe('in_transit')
    expect(await shown({}, path), path).toBe('in_progress')
  }
})
