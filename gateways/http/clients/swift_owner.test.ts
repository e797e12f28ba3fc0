// The owners' iOS app (MI): the strictest Codable, ids in upper case, and its inbox by cursor.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listOf, page, record, success, text } from './decoders_testing.ts'
import { message, swift as model } from './models_testing.ts'
import {
  AppPlayer,
  dataOf,
  type Fields,
  johor,
  order,
  rowsOf,
  type Stage,
  stage,
  watching,
} from './play_testing.ts'

let on: Stage
beforeEach(async () => {
  on = await stage()
})
afterEach(() => on.stop())

const user_agent = 'KilatOwner/1 CFNetwork/1490.0.4 Darwin/23.2.0'
const newcomer = {
  email: 'siti@kilat.test',
  password: 'a-long-password',
  full_name: 'Siti',
  role: 'owner',
  phone: '+60123456789',
  first_pet: { pet_type: 'rabbit', name: 'Arnab', weight_kg: 2 },
}
const inbox = success(record({ items: listOf(model.notification), next_cursor: text }))

async function registered() {
  const app = new AppPlayer(on.http, { 'user-agent': user_agent })
  const user = dataOf(await app.call('POST', '/auth/register', success(model.auth), newcomer))
  app.token = String(user.access_token)
  return { app, id: (user.user as { id: string }).id }
}

/** The app has no form that books: its owner has booked elsewhere. */
const booked = async ({ token }: AppPlayer, more: object = {}) =>
  String(dataOf(await on.http.call('POST', '/api/v1/bookings', { token, body: { ...order, ...more } })).id)

test('DE7 the owners’ iOS app follows its booking live under the id as it wrote it, and decodes every answer', async () => {
  const { app, id: owner_id } = await registered()
  const pets = await app.call('GET', '/users/me/pets', success(listOf(model.pet)))
  expect(rowsOf(pets)).toMatchObject([{ name: 'Arnab', pet_type: 'rabbit', owner_id }])
  const id = (await booked(app)).toUpperCase()
  const active = await app.call('GET', '/bookings?status=active', page(model.booking))
  expect(rowsOf(active)).toMatchObject([{ id: id.toLowerCase(), status: 'requested' }])
  const runner = await on.readyRunner('runner@kilat.test')
  await runner.send('POST', '/runners/me/online', johor)
  await runner.send('POST', `/bookings/${id}/accept`)
  const feed = await watching(on, id, app.token, user_agent)
  await runner.send('POST', '/runners/me/location', johor)
  const shown = await feed.next('location_update')
  model.position(shown, 'the feed')
  expect(shown.booking_id).toBe(id)
  await runner.send('POST', `/bookings/${id}/pickup`)
  const status = await feed.next('booking_status_changed')
  model.status(status, 'the feed')
  expect(status).toMatchObject({ booking_id: id, new_status: 'in_progress' })
  feed.close()
  await app.call('GET', `/bookings/${id}`, success(model.booking))
  await runner.send('POST', `/bookings/${id}/deliver`)
  await app.call('GET', '/bookings?status=completed&limit=5', page(model.booking))
  await account(app)
  await read(app, owner_id, id.toLowerCase())
  expect([...app.calls].sort()).toEqual(screens)
})

async function account(app: AppPlayer): Promise<void> {
  const another = await booked(app, { notes: 'another' })
  const reason = { reason: 'other: the cat is asleep' }
  const cancelled = await app.call('POST', `/bookings/${another}/cancel`, success(model.booking), reason)
  expect(dataOf(cancelled)).toMatchObject({ status: 'cancelled', cancel_note: reason.reason })
  await app.call('GET', '/auth/profile', success(model.user))
  const { email, password } = newcomer
  const forgot = await app.call('POST', '/auth/forgot-password', model.nothing, { email }, 202)
  expect(forgot.text).toBe('')
  const logged = dataOf(await app.call('POST', '/auth/login', success(model.auth), { email, password }))
  await app.call('POST', '/auth/refresh', success(model.auth), { refresh_token: logged.refresh_token })
}

async function read(app: AppPlayer, owner_id: string, id: string): Promise<void> {
  for (const effect of ['1:1:0:0', '1:2:0:0']) await on.notify(owner_id, id, effect)
  const first = dataOf(await app.call('GET', '/notifications?limit=1', inbox))
  const cursor = String(first.next_cursor)
  expect(cursor).toMatch(/^[\w-]+$/)
  const rest = dataOf(await app.call('GET', `/notifications?limit=1&cursor=${cursor}`, inbox))
  expect(rest.next_cursor).toBe('')
  const [one, other] = [first, rest].map(({ items }) => (items as readonly Fields[])[0]?.id)
  expect(one).not.toBe(other)
  const read_at = { read_at: '2026-11-22T10:00:00Z' }
  await app.call('POST', `/notifications/${one}/read`, success(message), read_at)
  await app.call('POST', '/auth/logout', success(message))
}

/** Contract, section 3.9. */
const screens = [
  'GET /auth/profile',
  'GET /bookings',
  'GET /bookings/:id',
  'GET /notifications',
  'GET /users/me/pets',
  'POST /auth/forgot-password',
  'POST /auth/login',
  'POST /auth/logout',
  'POST /auth/refresh',
  'POST /auth/register',
  'POST /bookings/:id/cancel',
  'POST /notifications/:id/read',
]

test('DE8 the owners’ iOS app adds a pet with every field, and a made-up booking id is 400', async () => {
  const { app } = await registered()
  const pet = {
    name: 'Ular',
    pet_type: 'reptile',
    breed: '',
    weight_kg: 1.5,
    age_months: 0,
    allergies: '',
    special_needs: '',
    notes: '',
    photo_url: '',
    vaccination_status: '',
  }
  await app.call('POST', '/users/me/pets', success(model.pet), pet)
  await app.call('GET', '/users/me/pets', success(listOf(model.pet)))
  await app.call('GET', '/bookings/draft-vet-1', record({ error: text }), undefined, 400)
})
