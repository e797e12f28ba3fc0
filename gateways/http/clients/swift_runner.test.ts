// The runners' iOS app (RI): Codable with whole-second times and non-optional fields.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listOf, page, record, success, text } from './decoders_testing.ts'
import { message, swift as model } from './models_testing.ts'
import { AppPlayer, dataOf, johor, rowsOf, type Stage, stage, watching } from './play_testing.ts'

let on: Stage
beforeEach(async () => {
  on = await stage()
})
afterEach(() => on.stop())

const user_agent = 'KilatRunner/1 CFNetwork/1490.0.4 Darwin/23.2.0'
/** It has no registration: it relies on this account and its profile. */
const seeded = { email: 'runner.test@kilat.my', password: 'TestRunner123!' }

test('DE6 the runners’ iOS app drives a job and its live socket, and decodes every answer', async () => {
  await on.readyRunner(seeded.email, seeded.password)
  const app = new AppPlayer(on.http, { 'user-agent': user_agent })
  const logged = dataOf(await app.call('POST', '/auth/login', success(model.auth), seeded))
  app.token = String(logged.access_token)
  const again = { refresh_token: logged.refresh_token }
  const tokens = record({ access_token: text, refresh_token: text })
  app.token = String(dataOf(await app.call('POST', '/auth/refresh', success(tokens), again)).access_token)
  await app.call('GET', '/runners/me', success(model.runner))
  await app.call('POST', '/runners/me/online', success(message), johor)
  const owner = await on.register('owner@kilat.test', 'owner')
  const id = await on.book(owner)
  const jobs = await app.call('GET', '/bookings?status=requested&page=1&limit=20', page(model.booking))
  expect(rowsOf(jobs).map((job) => job.id)).toEqual([id])
  await app.call('GET', `/bookings/${id}`, success(model.booking))
  const accepted = await app.call('POST', `/bookings/${id}/accept`, success(model.booking))
  expect(dataOf(accepted).route_spec).toMatchObject({ distance_km: expect.any(Number) })
  const feed = await watching(on, id, app.token, user_agent)
  await app.call('POST', '/runners/me/location', success(message), {
    ...johor,
    speed_kmh: 0,
    heading_degrees: 0,
  })
  model.position(await feed.next('location_update'), 'the feed')
  await app.call('GET', `/bookings/${id}/tracking`, success(listOf(model.position)))
  expect(dataOf(await app.call('POST', `/bookings/${id}/pickup`, success(model.booking))).status).toBe(
    'in_progress',
  )
  await app.call('POST', `/bookings/${id}/deliver`, success(model.booking))
  feed.close()
  await owner.send('POST', `/bookings/${id}/confirm`)
  const done = await app.call('GET', '/bookings?status=completed&page=1&limit=20', page(model.booking))
  expect(done.body.pagination).toMatchObject({ total: 1 })
  await app.call('POST', '/runners/me/offline', success(message))
  expect([...app.calls].sort()).toEqual(screens)
})

/** Contract, section 3.9, with the two reads that no screen makes yet. */
const screens = [
  'GET /bookings',
  'GET /bookings/:id',
  'GET /bookings/:id/tracking',
  'GET /runners/me',
  'POST /auth/login',
  'POST /auth/refresh',
  'POST /bookings/:id/accept',
  'POST /bookings/:id/deliver',
  'POST /bookings/:id/pickup',
  'POST /runners/me/location',
  'POST /runners/me/offline',
  'POST /runners/me/online',
]
