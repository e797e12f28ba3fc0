// Ratings, ranking, certificates and routes over HTTP, in front of the real actors.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { behaviours } from '../../actors/behaviours.ts'
import type { Role } from '../../protocols/actor.ts'
import type { Routing } from '../../protocols/routing.ts'
import { estimate } from '../maps/estimate.ts'
import { accountOf, startHttp, type TestHttp } from './testing.ts'

let http: TestHttp
let asked = 0
/** A road that is longer each time that it is asked for. */
const routing: Routing = {
  async route(pickup, dropoff) {
    asked += 1
    const { distance_km, ...rest } = await estimate.route(pickup, dropoff)
    return { ...rest, distance_km: distance_km + asked }
  },
}
beforeEach(async () => {
  asked = 0
  http = await startHttp(behaviours, { routing })
})
afterEach(() => http.stop())

const bangsar = { latitude: 3.13, longitude: 101.67 }
const klcc = { latitude: 3.1579, longitude: 101.7116 }
const address = (place: object) => ({ line1: '1', city: 'KL', state: 'KL', country: 'MY', ...place })
const wanted = (more: object = {}) => ({
  pet_spec: { pet_type: 'cat', name: 'Tom', weight_kg: 4, ...more },
  pickup_address: address(bangsar),
  dropoff_address: address(klcc),
})
const vehicle = { vehicle_type: 'van', vehicle_plate: 'W 1', vehicle_model: 'Hiace', air_conditioned: true }

async function person(role: Role, digit: string) {
  const id = `${digit.repeat(8)}-1111-4111-8111-111111111111`
  await http.doors.accounts.create(accountOf({ id, role }))
  const token = await http.tokenFor({ id, role })
  const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    http.call(method, `/api/v1${path}`, { token, body, headers })
  return {
    id,
    send,
    ask: async (method: string, path: string, body?: unknown) =>
      (await send(method, path, body)).body.data as Record<string, unknown>,
  }
}

async function driver(digit: string, size: string, place = bangsar) {
  const runner = await person('runner', digit)
  await runner.send('POST', '/runners', vehicle)
  await runner.send('POST', '/runners/me/crates', {
    size,
    pet_types: ['cat'],
    max_weight_kg: 20,
    ventilated: true,
  })
  await runner.send('POST', '/runners/me/online', place)
  return runner
}

test('DS23 an owner rates his runner over HTTP once, and the runner’s profile shows the mean', async () => {
  const owner = await person('owner', 'a')
  const runner = await driver('b', 'small')
  const path = `/bookings/${String((await owner.ask('POST', '/bookings', wanted())).id)}`
  expect((await owner.send('POST', `${path}/rate`, { stars: 5 })).status).toBe(422)
  for (const step of ['accept', 'pickup', 'deliver']) await runner.send('POST', `${path}/${step}`)
  await owner.send('POST', `${path}/confirm`)
  for (const stars of [0, 6, 4.5, '5'])
    expect((await owner.send('POST', `${path}/rate`, { stars })).status).toBe(400)
  expect(await owner.ask('POST', `${path}/rate`, { stars: 4 })).toMatchObject({ stars: 4 })
  expect((await owner.send('POST', `${path}/rate`, { stars: 5 })).body).toMatchObject({
    code: 'booking.already_rated',
  })
  expect(await runner.ask('GET', '/runners/me')).toMatchObject({
    rating: 4,
    total_trips: 1,
    completion_rate: 1,
  })
})

test('DS24 the runners of a booking come in the order of their rank, each with the reason for his place', async () => {
  const owner = await person('owner', 'a')
  const large = await driver('b', 'large')
  const small = await driver('c', 'small', { ...bangsar, latitude: 3.1301 })
  const path = `/bookings/${String((await owner.ask('POST', '/bookings', wanted())).id)}/runners`
  const found = (await owner.send('GET', path)).body.data as Record<string, unknown>[]
  expect(found.map(({ user_id }) => user_id)).toEqual([small.id, large.id])
  expect(found[0]).toMatchObject({
    full_name: 'A runner',
    rank: {
      place: 1,
      cost: expect.any(Number),
      policy_version: 1,
      factors: { quality_tier: 1, crate_surplus: 0 },
      weights: { eta_min: 1 },
    },
  })
  expect(found[1]).toMatchObject({ distance_km: 0, rank: { place: 2, factors: { crate_surplus: 2 } } })
})

test('DS25 an animal that needs care is taken by a runner whom an admin has certified', async () => {
  const owner = await person('owner', 'a')
  const runner = await driver('b', 'small')
  const admin = await person('admin', 'e')
  const made = await owner.ask('POST', '/bookings', wanted({ health_status: 'needs_care' }))
  expect(made).toMatchObject({ needs_certified: true, pet_spec: { health_status: 'needs_care' } })
  const path = `/bookings/${String(made.id)}`
  expect((await owner.send('GET', `${path}/runners`)).body.data).toEqual([])
  expect((await runner.send('POST', `${path}/accept`)).body).toMatchObject({
    status: 422,
    code: 'runner.not_certified',
  })
  expect(await admin.ask('POST', `/admin/runners/${runner.id}/certify`)).toMatchObject({ certified: true })
  expect((await owner.send('GET', `${path}/runners`)).body.data).toHaveLength(1)
  expect((await runner.send('POST', `${path}/accept`)).status).toBe(200)
  const unfit = await owner.send('POST', '/bookings', wanted({ health_status: 'unfit' }))
  expect(unfit.body).toMatchObject({ status: 422, code: 'booking.unfit_animal' })
  expect((await owner.send('POST', '/bookings', wanted({ health_status: 'tired' }))).status).toBe(400)
})

test('RT10 the door asks for the route and the booking keeps it; a client’s own is not heard', async () => {
  const owner = await person('owner', 'a')
  const forged = {
    ...wanted(),
    route: { distance_km: 0, duration_min: 0, polyline: '', source: 'google', fallback: false },
  }
  const made = await owner.ask('POST', '/bookings', forged)
  const { distance_km } = await estimate.route(bangsar, klcc)
  expect(made).toMatchObject({ itinerary: { distance_km: distance_km + 1, source: 'estimate' } })
  expect(made.route_spec).toMatchObject({ distance_km: expect.closeTo(distance_km / 1.35, 6) })
})

test('RT11 a repeat is the same command, whatever the maps say the second time', async () => {
  const owner = await person('owner', 'a')
  const keyed = () => owner.send('POST', '/bookings', wanted(), { 'idempotency-key': 'key-1' })
  const [first, again] = [await keyed(), await keyed()]
  expect([first.status, again.status]).toEqual([201, 201])
  expect(again.body).toEqual(first.body)
  expect(asked).toBe(2)
})
