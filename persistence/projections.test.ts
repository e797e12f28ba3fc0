import { afterAll, expect, test } from 'vitest'
import { projectionsContract } from '../engine/projections.contract.ts'
import {
  bookingFacts,
  crate_requirement,
  GivenShard,
  idOf,
  owner,
  pet_spec,
  request,
  rival,
  runner,
  runnerFact,
  start_ms,
  tripFacts,
} from './given_facts.ts'
import { openLists } from './lists.ts'
import { sharedTestDatabase } from './migrated.ts'
import { openProjections } from './projections.ts'

const database = sharedTestDatabase()
afterAll(() => database.close())
const opened = async () => {
  const { sql } = await database.open()
  return { sql, projections: openProjections(sql), lists: openLists(sql) }
}

projectionsContract('PostgreSQL', async () => ({
  projections: (await opened()).projections,
  close: async () => undefined,
}))

const { requested, of } = bookingFacts
const whole = {
  pet_spec,
  crate_requirement,
  pickup_address: request.pickup_address,
  dropoff_address: request.dropoff_address,
  route_spec: request.route_spec,
  estimated_price_cents: 73_948,
  currency: 'MYR',
  quote: null,
  itinerary: null,
  high_tier: false,
  needs_certified: false,
  stars: null,
  scheduled_at: '2026-01-16T01:00:00Z',
  notes: 'He bites.',
  cancel_note: '',
  created_at: '2026-01-15T10:00:00Z',
}

test('PJ5 a booking becomes its wire shape, whether its events come in one call or one by one', async () => {
  const { projections, lists } = await opened()
  const ids = [idOf(101), idOf(102)]
  const life = (id: string) => [
    requested(id),
    of(id, 'runner_pending', 1),
    of(id, 'accepted', 2),
    of(id, 'pet_picked_up', 60),
    of(id, 'delivered', 120),
    of(id, 'delivery_confirmed', 130, { delivered_ms: 1 }, owner),
    of(id, 'completed', 130, { final_price_cents: 73_948, currency: 'MYR', unpaid: true }, owner),
  ]
  const [together, apart] = [new GivenShard(101), new GivenShard(102)]
  await projections.project([together.frame(...life(ids[0] ?? ''))])
  for (const said of life(ids[1] ?? '')) await projections.project([apart.frame(said)])
  const { items, total } = await lists.bookings({
    runner_id: runner.id,
    statuses: ['completed'],
    page: 1,
    limit: 10,
  })
  expect(total).toBe(2)
  const expected = (id: string) => ({
    ...whole,
    id,
    booking_number: `BK-${id.slice(-6)}`,
    owner_id: owner.id,
    runner_id: runner.id,
    status: 'completed',
    final_price_cents: 73_948,
    picked_up_at: '2026-01-15T10:01:00Z',
    delivered_at: '2026-01-15T10:02:00Z',
    cancelled_at: null,
    version: 5,
    updated_at: '2026-01-15T10:02:10Z',
  })
  expect(items).toEqual(ids.toReversed().map(expected))
})

test('PJ6 a booking that is given back is open again, and the reason stays', async () => {
  const { sql, projections, lists } = await opened()
  const id = idOf(111)
  const shard = new GivenShard(111)
  await projections.project([shard.frame(requested(id)), shard.frame(of(id, 'accepted', 5))])
  await projections.project([shard.frame(of(id, 'declined', 9, { reason: 'too_far' }))])
  const { items } = await lists.bookings({ owner_id: owner.id, statuses: ['requested'], page: 1, limit: 10 })
  expect(items.find((item) => 'id' in item && item.id === id)).toEqual({
    ...whole,
    id,
    booking_number: 'BK-000111',
    owner_id: owner.id,
    runner_id: null,
    status: 'requested',
    final_price_cents: null,
    picked_up_at: null,
    delivered_at: null,
    cancelled_at: null,
    version: 3,
    updated_at: '2026-01-15T10:00:09Z',
  })
  const reasons = await sql`SELECT runner_id, reason FROM booking_decline_reasons WHERE booking_id = ${id}`
  expect([...reasons]).toEqual([{ runner_id: runner.id, reason: 'too_far' }])
})

test('PJ7 the history says who changed the status, when, why, and in which frame', async () => {
  const { sql, projections } = await opened()
  const id = idOf(121)
  const shard = new GivenShard(121)
  await projections.project([shard.frame(requested(id), of(id, 'accepted', 5))])
  const cancel = { cancelled_by: owner.id, reason: 'a change of plans' }
  const last = shard.frame(of(id, 'runner_refused', 6), of(id, 'cancelled', 7, cancel, owner))
  await projections.project([last])
  await projections.project([last])
  const rows = await sql`
    SELECT from_status, to_status, changed_by, changed_by_role, reason, frame_shard, frame_n, log_seq, event_id, created_at
    FROM booking_status_history WHERE booking_id = ${id} ORDER BY frame_n, event_id`
  const row = (
    from_status: string,
    to_status: string,
    by: typeof owner,
    n: number,
    index: number,
    s: number,
  ) => ({
    from_status,
    to_status,
    changed_by: by.id,
    changed_by_role: by.role,
    reason: to_status === 'cancelled' ? 'a change of plans' : '',
    frame_shard: 121,
    frame_n: n,
    log_seq: n * 3,
    event_id: `121:${n}:${index}`,
    created_at: new Date(start_ms + s * 1_000),
  })
  expect([...rows]).toEqual([
    row('', 'requested', owner, 1, 0, 0),
    row('requested', 'accepted', runner, 1, 1, 5),
    row('accepted', 'cancelled', owner, 2, 1, 7),
  ])
})

test('PJ8 a runner has a profile, crates, a session and a count of trips', async () => {
  const { sql, projections } = await opened()
  const [user_id, profile_id, crate_id] = [idOf(131), idOf(132), idOf(133)]
  const shard = new GivenShard(131)
  const profile = {
    full_name: 'Ali',
    phone: '',
    vehicle_type: 'van',
    vehicle_plate: 'JHR 1',
    vehicle_model: 'V',
  }
  const registered = { profile_id, ...profile, vehicle_year: 2020, air_conditioned: true }
  const crate = {
    id: crate_id,
    size: 'medium',
    pet_types: ['cat'],
    max_weight_kg: 12.5,
    width_cm: 1,
    height_cm: 2,
  }
  const sizes = { ...crate, depth_cm: 3, ventilated: true, temperature_controlled: false }
  await projections.project([
    shard.frame(
      runnerFact(user_id, 'registered', 0, registered),
      runnerFact(user_id, 'crate_added', 1, { crate: sizes }),
    ),
    shard.frame(runnerFact(user_id, 'online', 2, { runner_id: user_id, latitude: 1.5, longitude: 103.7 })),
  ])
  await projections.project([
    shard.frame(
      runnerFact(user_id, 'updated', 3, { phone: '+60', vehicle_year: 2022 }),
      runnerFact(user_id, 'released', 4, { booking_id: idOf(1), outcome: 'delivered' }),
      runnerFact(user_id, 'released', 5, { booking_id: idOf(1), outcome: 'declined' }),
    ),
  ])
  const [found] = await sql`SELECT * FROM runners WHERE user_id = ${user_id}`
  expect(found).toMatchObject({
    id: profile_id,
    ...profile,
    phone: '+60',
    vehicle_year: 2022,
    air_conditioned: true,
  })
  expect(found).toMatchObject({ session_status: 'active', current_lat: 1.5, total_trips: 1, version: 6 })
  await projections.project([shard.frame(runnerFact(user_id, 'offline', 9, { runner_id: user_id }))])
  const [later] = await sql`SELECT session_status FROM runners WHERE user_id = ${user_id}`
  expect(later).toEqual({ session_status: 'inactive' })
  const crates =
    await sql`SELECT id, runner_id, pet_types, max_weight_kg, depth_cm FROM crate_specs WHERE id = ${crate_id}`
  expect([...crates]).toEqual([
    { id: crate_id, runner_id: profile_id, pet_types: ['cat'], max_weight_kg: 12.5, depth_cm: 3 },
  ])
})

test('PJ9 a trip shows the places of its present track in the order of time', async () => {
  const { sql, projections, lists } = await opened()
  const [id, first, second] = [idOf(141), idOf(142), idOf(143)]
  const shard = new GivenShard(141)
  await projections.project([
    shard.frame(tripFacts.started(id, first), tripFacts.waypoints(id, [1, 2])),
    shard.frame(tripFacts.completed(id, first, 'cancelled', 5), tripFacts.started(id, second, rival.id)),
    shard.frame(tripFacts.waypoints(id, [8, 9])),
  ])
  await projections.project([shard.frame(tripFacts.waypoints(id, [3, 8]))])
  const places = await lists.waypoints(id)
  expect(places.map(({ recorded_at, latitude }) => [recorded_at, latitude])).toEqual([
    ['2026-01-15T10:00:03Z', 1.503],
    ['2026-01-15T10:00:08Z', 1.508],
    ['2026-01-15T10:00:09Z', 1.509],
  ])
  expect(places[0]).toMatchObject({ longitude: 103.7, speed_kmh: 60.5, heading_degrees: 350 })
  expect(places[0]?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  const tracks =
    await sql`SELECT id, status, total_distance_km FROM trip_tracks WHERE booking_id = ${id} ORDER BY started_seq`
  expect([...tracks]).toEqual([
    { id: first, status: 'cancelled', total_distance_km: 12.345 },
    { id: second, status: 'active', total_distance_km: 0 },
  ])
  const [near] = await sql`
    SELECT count(*) AS places FROM waypoints
    WHERE ST_DWithin(place::geography, ST_SetSRID(ST_MakePoint(103.7, 1.5), 4326)::geography, 250)`
  expect(near).toEqual({ places: 2 })
  expect(await lists.waypoints(idOf(149))).toEqual([])
})

test('PJ10 letters that PostgreSQL cannot store do not stop the projection', async () => {
  const { projections, lists } = await opened()
  const id = idOf(151)
  const odd = { notes: 'a\0b\uD800c\\u0000', owner_id: idOf(159), scheduled_at: null }
  await projections.project([new GivenShard(151).frame(requested(id, 0, odd))])
  const { items } = await lists.bookings({ owner_id: idOf(159), page: 1, limit: 5 })
  expect(items).toMatchObject([{ notes: 'a\uFFFDb\uFFFDc\\u0000', scheduled_at: null }])
})

test('PJ11 an event of a booking or a trip that never began is a fault, and nothing of the call is in', async () => {
  const { projections } = await opened()
  const shard = new GivenShard(161)
  await expect(projections.project([shard.frame(of(idOf(161), 'accepted', 1))])).rejects.toThrow(
    'unknown booking',
  )
  const other = new GivenShard(162)
  await expect(projections.project([other.frame(tripFacts.waypoints(idOf(161), [1]))])).rejects.toThrow(
    'never started',
  )
  expect(await projections.watermark(161)).toEqual({ n: 0, seq: 0 })
})

test('PJ12 lists are filtered, counted and cut into pages, the newest first', async () => {
  const { projections, lists } = await opened()
  const ids = Array.from({ length: 7 }, (_, index) => idOf(171 + index))
  const mine = { owner_id: idOf(170) }
  const shard = new GivenShard(171)
  await projections.project([shard.frame(...ids.map((id, index) => requested(id, index, mine)))])
  const taken = { ...mine, runner_id: rival.id }
  await projections.project([
    shard.frame(of(ids[0] ?? '', 'accepted', 50, taken), of(ids[1] ?? '', 'accepted', 51, taken)),
    shard.frame(of(ids[1] ?? '', 'cancelled', 52, { ...taken, cancelled_by: rival.id, reason: 'ill' })),
  ])
  const found = async (filter: object) => {
    const { items, total } = await lists.bookings({ page: 1, limit: 100, ...filter })
    return { ids: items.map((item) => ('id' in item ? item.id : '')), total }
  }
  expect(await found(mine)).toEqual({ ids: ids.toReversed(), total: 7 })
  expect(await found({ ...mine, page: 2, limit: 3 })).toEqual({ ids: ids.slice(1, 4).toReversed(), total: 7 })
  expect(await found({ ...mine, page: 9, limit: 3 })).toEqual({ ids: [], total: 7 })
  expect(await found({ runner_id: rival.id })).toEqual({ ids: [ids[1], ids[0]], total: 2 })
  expect(await found({ runner_id: rival.id, statuses: ['accepted'] })).toEqual({ ids: [ids[0]], total: 1 })
  expect(await found({ ...mine, statuses: [] })).toEqual({ ids: [], total: 0 })
  const open = await found({ ...mine, runner_id: rival.id, with_open: true })
  expect(open).toEqual({ ids: ids.toReversed(), total: 7 })
  const only_open = await found({ runner_id: rival.id, with_open: true, statuses: ['requested'] })
  expect(only_open.ids).toEqual(expect.arrayContaining(ids.slice(2)))
  expect(only_open.ids).not.toContain(ids[0])
})

test('DS19 the lists show what a price was made of, the way to drive, the tier and the stars', async () => {
  const { projections, lists } = await opened()
  const id = idOf(671)
  const quote = { strategy: 'standard', policy_version: 3, parts: { base: 500 } }
  const itinerary = { distance_km: 330.5, duration_min: 210, polyline: '', source: 'osrm', fallback: false }
  const requirement = { ...crate_requirement, high_tier: true, needs_certified: true }
  const shard = new GivenShard(671)
  await projections.project([
    shard.frame(
      requested(id, 0, { quote, itinerary, requirement, owner_id: idOf(672) }),
      of(id, 'accepted', 2),
    ),
    shard.frame(of(id, 'rated', 300, { stars: 4, comment: '' }, owner)),
  ])
  const { items } = await lists.bookings({ owner_id: idOf(672), page: 1, limit: 10 })
  expect(items).toMatchObject([
    { quote, itinerary, high_tier: true, needs_certified: true, stars: 4, version: 3 },
  ])
})

test('DS20 a runner’s row has his rating, his completion rate and his certificate', async () => {
  const { sql, projections } = await opened()
  const user_id = idOf(681)
  const shard = new GivenShard(681)
  const profile = { full_name: 'A', phone: '', vehicle_type: 'van', vehicle_plate: 'J', vehicle_model: 'V' }
  const registered = { profile_id: idOf(682), ...profile, vehicle_year: 0, air_conditioned: true }
  const released = (s: number, outcome: string, own?: true) =>
    runnerFact(user_id, 'released', s, { booking_id: idOf(1), outcome, ...(own ? { own } : {}) })
  await projections.project([
    shard.frame(
      runnerFact(user_id, 'registered', 0, registered),
      released(1, 'delivered'),
      released(2, 'declined'),
    ),
    shard.frame(released(3, 'delivered'), released(4, 'cancelled', true), released(5, 'cancelled')),
    shard.frame(
      runnerFact(user_id, 'rated', 6, { booking_id: idOf(1), stars: 5, rating: 4.5, ratings: 2 }),
      runnerFact(user_id, 'certified', 7, { certified: true }),
    ),
  ])
  const [found] = await sql`SELECT * FROM runners WHERE user_id = ${user_id}`
  expect(found).toMatchObject({
    rating: 4.5,
    total_trips: 2,
    dropped: 2,
    completion_rate: 0.5,
    certified: true,
  })
})
