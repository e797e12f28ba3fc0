// The way of a booking over HTTP, in front of the real actors.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { behaviours } from '../../actors/behaviours.ts'
import type { Role } from '../../protocols/actor.ts'
import { limits } from '../../protocols/limits.ts'
import { type Answered, accountOf, type Sent, startHttp, type TestHttp } from './testing.ts'

let http: TestHttp
beforeEach(async () => {
  http = await startHttp(behaviours)
})
afterEach(() => http.stop())

type Fields = Readonly<Record<string, unknown>>
interface Person {
  readonly id: string
  send(method: string, path: string, body?: unknown, headers?: Sent['headers']): Promise<Answered>
}

const johor = { latitude: 1.4927, longitude: 103.7414 }
const kuala_lumpur = { latitude: 3.139, longitude: 101.6869 }
const address = (place: object) => ({ line1: '1 Jalan Satu', city: 'A', state: 'B', country: 'MY', ...place })
const wanted = (more: object = {}) => ({
  pet_spec: { pet_type: 'cat', name: 'Tom', weight_kg: 4, vaccinations: [] },
  pickup_address: address(johor),
  dropoff_address: address(kuala_lumpur),
  ...more,
})
const crate = { size: 'medium', pet_types: ['cat', 'dog'], max_weight_kg: 20, ventilated: true }
const vehicle = { vehicle_type: 'van', vehicle_plate: 'JHR 1', vehicle_model: 'Hiace', air_conditioned: true }

async function person(role: Role, digit: string): Promise<Person> {
  const id = `${digit.repeat(8)}-1111-4111-8111-111111111111`
  await http.doors.accounts.create(accountOf({ id, role }))
  const token = await http.tokenFor({ id, role })
  return {
    id,
    send: (method, path, body, headers) =>
      http.call(method, `/api/v1${path}`, { token, body, ...(headers ? { headers } : {}) }),
  }
}

async function readyRunner(digit = 'b'): Promise<Person> {
  const runner = await person('runner', digit)
  expect((await runner.send('POST', '/runners', vehicle)).status).toBe(201)
  expect((await runner.send('POST', '/runners/me/crates', crate)).status).toBe(201)
  expect((await runner.send('POST', '/runners/me/online', johor)).status).toBe(200)
  return runner
}

const dataOf = ({ body }: Answered) => body.data as Fields
const told = ({ status, body }: Answered) => ({ status, code: body.code })

async function booked(owner: Person, more: object = {}): Promise<string> {
  const answered = await owner.send('POST', '/bookings', wanted(more))
  expect(answered.status, answered.text).toBe(201)
  return String(dataOf(answered).id)
}

test('HT30 a booking goes from request to completion, and its version counts each change', async () => {
  const owner = await person('owner', 'a')
  const runner = await readyRunner()
  const id = await booked(owner)
  const path = `/bookings/${id.toUpperCase()}`
  expect(dataOf(await owner.send('GET', path))).toMatchObject({
    id,
    status: 'requested',
    version: 1,
    runner_id: null,
  })
  const accepted = dataOf(await runner.send('POST', `${path}/accept`))
  expect(accepted).toMatchObject({ status: 'accepted', runner_id: runner.id })
  expect(dataOf(await runner.send('POST', `${path}/pickup`))).toMatchObject({ status: 'in_progress' })
  expect(dataOf(await runner.send('POST', `${path}/deliver`))).toMatchObject({ status: 'delivered' })
  const done = await owner.send('POST', `${path}/confirm`)
  expect(done).toMatchObject({ status: 200, body: { success: true } })
  expect(dataOf(done)).toMatchObject({ status: 'completed', final_price_cents: 73948 })
})

test('HT30 what a command rested on is noted for its user, so that his lists show it', async () => {
  const owner = await person('owner', 'a')
  await booked(owner)
  expect(http.noted).toEqual([{ user_id: owner.id, shard: expect.any(Number), n: expect.any(Number) }])
})

test('HT48 a list that has not caught up with its reader says so', async () => {
  const answers: (string | null)[][] = []
  for (const has_caught_up of [true, false]) {
    await http.stop()
    http = await startHttp(behaviours, { reads: { note: () => {}, caughtUp: async () => has_caught_up } })
    const [owner, runner, admin] = [
      await person('owner', 'a'),
      await readyRunner(),
      await person('admin', 'e'),
    ]
    const path = `/bookings/${await booked(owner)}`
    await runner.send('POST', `${path}/accept`)
    const lists = [
      await owner.send('GET', '/bookings'),
      await runner.send('GET', '/bookings'),
      await admin.send('GET', '/admin/bookings'),
      await runner.send('GET', '/payments'),
      await owner.send('GET', `${path}/history`),
      await owner.send('GET', `${path}/tracking`),
      await owner.send('GET', path),
    ]
    expect(lists.map(({ status }) => status)).toEqual(lists.map(() => 200))
    answers.push(lists.map(({ headers }) => headers.get('X-Lists-Behind')))
  }
  const [current, behind] = answers
  expect(current).toEqual([null, null, null, null, null, null, null])
  expect(behind).toEqual(['true', 'true', 'true', 'true', 'true', 'true', null])
})

test('HT31 the loser of an accept and whoever skips a step are told so', async () => {
  const owner = await person('owner', 'a')
  const [winner, loser] = [await readyRunner('b'), await readyRunner('c')]
  const path = `/bookings/${await booked(owner)}`
  expect((await winner.send('POST', `${path}/accept`)).status).toBe(200)
  expect([409, 422]).toContain((await loser.send('POST', `${path}/accept`)).status)
  expect((await winner.send('POST', `${path}/deliver`)).status).toBe(422)
  expect((await loser.send('POST', `${path}/pickup`)).status).toBe(403)
  const stranger = await person('owner', 'd')
  expect((await stranger.send('GET', path)).status).toBe(403)
  expect((await stranger.send('POST', `${path}/cancel`, { reason: 'x' })).status).toBe(403)
})

test('HT32 the times of a request may come in any offset or none, and leave in whole seconds', async () => {
  const owner = await person('owner', 'a')
  const today = new Date(http.env.now_ms()).toISOString().slice(0, 10)
  const pet_spec = {
    ...wanted().pet_spec,
    vaccinations: [{ vaccine_name: 'rabies', date_given: `${today}T00:00:00.123+08:00` }],
  }
  const id = await booked(owner, { pet_spec, scheduled_at: '2027-02-10T09:00:00.000' })
  const shown = dataOf(await owner.send('GET', `/bookings/${id}`))
  expect(shown.scheduled_at).toBe('2027-02-10T01:00:00Z')
  const wrong = await owner.send('POST', '/bookings', wanted({ scheduled_at: 'tomorrow' }))
  expect(told(wrong)).toEqual({ status: 400, code: 'request.malformed' })
  expect(wrong.body.detail).toContain('scheduled_at')
})

test('HT46 a field that is null counts as left out', async () => {
  const owner = await person('owner', 'a')
  const { pet_spec, pickup_address } = wanted()
  const id = await booked(owner, {
    pet_spec: { ...pet_spec, breed: null, age_months: null, vaccinations: null },
    pickup_address: { ...pickup_address, line2: null, postal_code: null },
    scheduled_at: null,
    notes: null,
  })
  expect(dataOf(await owner.send('GET', `/bookings/${id}`))).toMatchObject({
    pet_spec: { breed: '', age_months: 0, vaccinations: [] },
    pickup_address: { line2: '', postal_code: '' },
    scheduled_at: null,
    notes: '',
  })
})

test('HT33 a repeated request without a key is one booking, and another ten seconds later', async () => {
  const owner = await person('owner', 'a')
  const first = await booked(owner)
  expect(await booked(owner)).toBe(first)
  expect(await booked(owner, { notes: 'another' })).not.toBe(first)
  await http.env.advance(limits.repeat_window_ms + 1_000)
  expect(await booked(owner)).not.toBe(first)
})

test('HT34 an Idempotency-Key makes a repeat harmless, and serves one body only', async () => {
  const owner = await person('owner', 'a')
  const keyed = (body: object, key = 'key-1') =>
    owner.send('POST', '/bookings', body, { 'idempotency-key': key })
  const first = await keyed(wanted())
  await http.env.advance(600_000)
  const again = await keyed(wanted())
  expect(dataOf(again).id).toBe(dataOf(first).id)
  expect(told(await keyed(wanted({ notes: 'changed' })))).toEqual({ status: 422, code: 'request.key_reused' })
  expect(dataOf(await keyed(wanted(), 'key-2')).id).not.toBe(dataOf(first).id)
  expect((await keyed(wanted(), 'x'.repeat(limits.idempotency_key_max + 1))).status).toBe(400)
})

test('HT35 a runner who sends no name or phone gets those of his account', async () => {
  const runner = await person('runner', 'b')
  expect(told(await runner.send('GET', '/runners/me'))).toEqual({ status: 404, code: 'runner.not_found' })
  const made = await runner.send('POST', '/runners', vehicle)
  expect(dataOf(made)).toMatchObject({
    user_id: runner.id,
    full_name: 'A runner',
    phone: '+60123456789',
    session_status: 'inactive',
    crate_specs: [],
  })
  expect(
    dataOf(await runner.send('PUT', '/runners/me', { vehicle_plate: 'KUL 2', full_name: '' })),
  ).toMatchObject({
    full_name: 'A runner',
    vehicle_plate: 'KUL 2',
    air_conditioned: true,
  })
  await http.env.advance(limits.repeat_window_ms + 1_000)
  expect(told(await runner.send('POST', '/runners', vehicle))).toEqual({ status: 409, code: 'runner.exists' })
})

test('HT36 adding a crate answers that crate with all its fields', async () => {
  const runner = await readyRunner()
  const small = { size: 'small', pet_types: ['bird'], max_weight_kg: 2 }
  const added = dataOf(await runner.send('POST', '/runners/me/crates', small))
  expect(added).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    ...small,
    width_cm: 0,
    height_cm: 0,
    depth_cm: 0,
    ventilated: false,
    temperature_controlled: false,
  })
  expect(dataOf(await runner.send('POST', '/runners/me/crates', small)).id).toBe(added.id)
  expect(dataOf(await runner.send('GET', '/runners/me')).crate_specs).toHaveLength(2)
})

test('HT37 a position is acknowledged when it is used, odd speeds and headings are put right, and offline is 400', async () => {
  const runner = await readyRunner()
  const move = (body: object) => runner.send('POST', '/runners/me/location', body)
  await http.env.advance(10_000)
  expect(dataOf(await move(johor))).toEqual({ message: expect.any(String) })
  await http.env.advance(10_000)
  const odd = await move({ latitude: 1.4928, longitude: 103.7415, speed_kmh: -1, heading_degrees: 361 })
  expect(odd.status).toBe(200)
  expect(told(await move({ latitude: 91, longitude: 0 }))).toEqual({ status: 400, code: 'request.malformed' })
  expect((await move({ latitude: 1.4 })).body.detail).toBe('the body must have required properties longitude')
  expect((await move({ ...johor, speed_kmh: 'fast' })).status).toBe(400)
  expect(dataOf(await runner.send('POST', '/runners/me/offline'))).toEqual({ message: expect.any(String) })
  expect(told(await move(johor))).toEqual({ status: 400, code: 'runner.not_online' })
})

test('HT38 anybody may see who is near, nearest first, without phone and plate', async () => {
  await readyRunner('b')
  const far = await readyRunner('c')
  await far.send('POST', '/runners/me/online', { latitude: 1.5, longitude: 103.7414 })
  const owner = await person('owner', 'a')
  const near = (query: string, who = owner) => who.send('GET', `/runners/nearby?${query}`)
  const here = 'latitude=1.4927&longitude=103.7414'
  const found = (await near(here)).body.data as Fields[]
  expect(found).toHaveLength(2)
  expect(found[0]).toMatchObject({ full_name: 'A runner', phone: '', vehicle_plate: '', distance_km: 0 })
  expect(found[1]?.distance_km).toBeCloseTo(0.81, 1)
  expect(String(found[1]?.distance_km)).toMatch(/^\d+\.\d{1,3}$/)
  expect((await near(`${here}&radius_km=0.5`)).body.data).toHaveLength(1)
  expect((await near('latitude=3.1&longitude=101.6')).body.data).toEqual([])
  const admin = await person('admin', 'e')
  expect((await near(here, admin)).body.data).toMatchObject([{ vehicle_plate: 'JHR 1' }, {}])
  for (const wrong of [
    '',
    'latitude=1',
    'latitude=x&longitude=1',
    'latitude=&longitude=1',
    'latitude=91&longitude=1',
    `${here}&radius_km=-1`,
  ])
    expect((await near(wrong)).status, wrong).toBe(400)
})

test('HT39 the owner of a booking sees who near its pickup could take it', async () => {
  const owner = await person('owner', 'a')
  await readyRunner('b')
  const bare = await person('runner', 'c')
  await bare.send('POST', '/runners', vehicle)
  await bare.send('POST', '/runners/me/online', johor)
  const path = `/bookings/${await booked(owner)}/runners`
  expect((await owner.send('GET', path)).body.data).toMatchObject([{ full_name: 'A runner', phone: '' }])
  const stranger = await person('owner', 'd')
  expect((await stranger.send('GET', path)).status).toBe(403)
  const unknown = '/bookings/99999999-9999-4999-8999-999999999999/runners'
  expect((await owner.send('GET', unknown)).status).toBe(404)
})

test('HT43 a runner sees open and own bookings, in the shape that his question asks for', async () => {
  const owner = await person('owner', 'a')
  const runner = await readyRunner()
  const open = await booked(owner)
  const own = await booked(owner, { notes: 'mine' })
  await runner.send('POST', `/bookings/${own}/accept`)
  const other = await booked(owner, { notes: 'gone' })
  await owner.send('POST', `/bookings/${other}/cancel`)
  const ids = (items: unknown) => (items as Fields[]).map(({ id }) => id)
  const paged = await runner.send('GET', '/bookings?page=1&limit=20')
  expect(ids(paged.body.data)).toEqual([own, open])
  expect(paged.body.pagination).toEqual({ total: 2, page: 1, limit: 20, total_pages: 1 })
  const mine = dataOf(await runner.send('GET', '/bookings'))
  expect(mine).toMatchObject({ total: 1, page: 1, limit: 20, total_pages: 1 })
  expect(ids(mine.items)).toEqual([own])
  expect(ids(dataOf(await runner.send('GET', '/bookings?status=requested')).items)).toEqual([open])
  expect(ids((await runner.send('GET', '/bookings?status=requested&page=1')).body.data)).toEqual([open])
  expect(ids((await runner.send('GET', '/bookings?status=completed&limit=5')).body.data)).toEqual([])
  expect(ids(dataOf(await runner.send('GET', '/bookings?status=active')).items)).toEqual([own])
})

test('HT44 an owner sees his own bookings as a page, newest first, with the usual page rules', async () => {
  const owner = await person('owner', 'a')
  const [first, second] = [await booked(owner), await booked(owner, { notes: 'second' })]
  await owner.send('POST', `/bookings/${first}/cancel`, { reason: 'changed_mind' })
  const list = async (query: string, who = owner) => {
    const { body } = await who.send('GET', `/bookings${query}`)
    return { ids: (body.data as Fields[]).map(({ id }) => id), ...(body.pagination as Fields) }
  }
  expect(await list('')).toEqual({ ids: [second, first], total: 2, page: 1, limit: 20, total_pages: 1 })
  expect((await list('?status=active')).ids).toEqual([second])
  expect((await list('?status=cancelled')).ids).toEqual([first])
  expect(await list('?page=2&limit=1')).toEqual({ ids: [first], total: 2, page: 2, limit: 1, total_pages: 2 })
  expect(await list('?page=0&limit=0')).toMatchObject({ page: 1, limit: 20 })
  expect(await list('?page=x&limit=-5')).toMatchObject({ page: 1, limit: 20 })
  expect(await list('?limit=1000')).toMatchObject({ limit: 100 })
  expect((await owner.send('GET', '/bookings?status=unknown')).status).toBe(400)
  const stranger = await person('owner', 'd')
  expect(await list('', stranger)).toEqual({ ids: [], total: 0, page: 1, limit: 20, total_pages: 0 })
})

test('HT45 a trip and its way are seen by those who take part, and by nobody else', async () => {
  const owner = await person('owner', 'a')
  const runner = await readyRunner()
  const id = await booked(owner)
  expect((await owner.send('GET', `/tracking/${id}`)).status).toBe(404)
  await runner.send('POST', `/bookings/${id}/accept`)
  const place = {
    id: owner.id,
    ...johor,
    latitude: 1.4929999999999999,
    speed_kmh: 60,
    heading_degrees: 0,
    recorded_at: '2026-10-01T00:00:00Z',
  }
  http.waypoints.push(place)
  expect(dataOf(await owner.send('GET', `/tracking/${id}`))).toMatchObject({
    booking_id: id,
    runner_id: runner.id,
    status: 'active',
    waypoints: [place],
  })
  const way = await runner.send('GET', `/tracking/${id}/route`)
  expect(way.headers.get('content-type')).toBe('application/geo+json')
  expect(way.body).toEqual({ type: 'LineString', coordinates: [[johor.longitude, 1.493]] })
  const stranger = await person('owner', 'd')
  expect((await stranger.send('GET', `/tracking/${id}`)).status).toBe(403)
  expect((await stranger.send('GET', `/tracking/${id}/route`)).status).toBe(403)
})
