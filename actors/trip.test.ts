import { expect, test } from 'vitest'
import { behaviourOf, type Principal } from '../protocols/actor.ts'
import { limits } from '../protocols/limits.ts'
import type { TripEvent, TripSignal, Waypoint } from '../protocols/trip.ts'
import { given, noon_ms, self, standing } from './given.ts'
import { idFrom } from './ids.ts'
import { trip } from './trip.ts'

const owner: Principal = { id: '11111111-1111-4111-8111-111111111111', role: 'owner' }
const runner: Principal = { id: '22222222-2222-4222-8222-222222222222', role: 'runner' }
const rival: Principal = { id: '33333333-3333-4333-8333-333333333333', role: 'runner' }
const boot = '44444444-4444-4444-8444-444444444444'
const track_id = idFrom('command-1', 'track')
const names = { track_id, runner_id: runner.id, owner_id: owner.id }

/** A place one kilometre further north each second. */
const at = (seq: number, over: Partial<Waypoint> = {}): Waypoint => ({
  boot,
  seq,
  latitude: 3 + seq / 111.19492664455873,
  longitude: 101.6,
  speed_kmh: 50,
  heading_degrees: 0,
  at_ms: noon_ms + seq * 1_000,
  live: true,
  ...over,
})
const started: TripEvent = { type: 'tracking.started', ...names }
const recorded = (added_m: number, ...waypoints: Waypoint[]): TripEvent => ({
  type: 'trip.waypoints',
  waypoints,
  added_m,
})
const completed = (
  total_distance_km: number,
  outcome: 'completed' | 'cancelled' = 'completed',
): TripEvent => ({
  type: 'tracking.completed',
  ...names,
  outcome,
  total_distance_km,
})
const record = (...waypoints: Waypoint[]) =>
  ({ type: 'trip.record', runner_id: runner.id, waypoints }) as const
const near = (metres: number): number => expect.closeTo(metres, 6) as unknown as number

test('TR1 a trip starts once for its runner, and anew for the next one', () => {
  const start = { type: 'trip.start', runner_id: runner.id, owner_id: owner.id } as const
  given(trip, []).when(start).yields([started])
  given(trip, [started]).when(start).yieldsNothing()
  const over = completed(0, 'cancelled')
  const { state } = given(trip, [started, recorded(1_000, at(1), at(2)), over])
    .when({ ...start, runner_id: rival.id })
    .yields([{ type: 'tracking.started', ...names, runner_id: rival.id }])
  expect(state).toMatchObject({ status: 'active', total_m: 0, boots: [], ended_ms: 0 })
})

test('TR2 places are recorded once, with the metres that they add', () => {
  const update: TripEvent = {
    type: 'tracking.updated',
    ...names,
    latitude: at(2).latitude,
    longitude: 101.6,
    speed_kmh: 50,
  }
  const { state } = given(trip, [started])
    .when(record(at(1), at(2), at(2)))
    .yields([recorded(near(1_000), at(1), at(2)), update])
  expect(state.total_m).toBeCloseTo(1_000, 6)
  given(trip, [started, recorded(1_000, at(1), at(2))])
    .when(record(at(1), at(2)))
    .yieldsNothing()
  const other_boot = { boot: rival.id, at_ms: noon_ms + 3_000 }
  given(trip, [started, recorded(1_000, at(1), at(2)), update])
    .when(record(at(2), at(2, other_boot)))
    .yields([recorded(near(0), at(2, other_boot))])
})

test('TR3 the public position goes out at most every 5 s, and never of an old place', () => {
  const history = [
    started,
    recorded(0, at(9)),
    { type: 'tracking.updated', ...names, latitude: 3, longitude: 101, speed_kmh: 0 },
  ] as const
  const types = (at_ms: number, place: Waypoint) => {
    const before = given(trip, history).state
    const decided = behaviourOf(trip).decide(before, record(place), { ...standing, at_ms })
    return Array.isArray(decided) ? decided.map(({ type }) => type) : decided
  }
  expect(types(noon_ms + 4_999, at(10))).toEqual(['trip.waypoints'])
  expect(types(noon_ms + 5_000, at(10))).toEqual(['trip.waypoints', 'tracking.updated'])
  expect(types(noon_ms + 5_000, at(8))).toEqual(['trip.waypoints'])
  expect(types(noon_ms + 5_000, at(10, { live: false }))).toEqual(['trip.waypoints'])
})

test('TR4 an end gives the distance in kilometres to the metre, once', () => {
  given(trip, [started, recorded(1_234.56, at(1), at(2))])
    .when({ type: 'trip.end', outcome: 'completed' })
    .yields([completed(1.235)])
  given(trip, [started, completed(0)])
    .when({ type: 'trip.end', outcome: 'completed' })
    .yieldsNothing()
  given(trip, []).when({ type: 'trip.end', outcome: 'cancelled' }).yieldsNothing()
})

test('TR5 after its end a trip takes for an hour what was driven before it, and nothing else', () => {
  const history = [started, recorded(0, at(-60), at(-1)), completed(0)]
  const before = given(trip, history).state
  const decide = (at_ms: number, place: Waypoint) =>
    behaviourOf(trip).decide(before, record(place), { ...standing, at_ms })
  expect(decide(noon_ms + 3_600_000, at(-30))).toMatchObject([{ type: 'trip.waypoints' }])
  expect(decide(noon_ms + 3_605_001, at(-30))).toMatchObject({ rejected: 'trip.not_active' })
  expect(decide(noon_ms + 60_000, at(6))).toMatchObject({ rejected: 'trip.not_active' })
  given(trip, [started])
    .when({ ...record(at(1)), runner_id: rival.id })
    .isRejected('trip.not_active')
  given(trip, [])
    .when(record(at(1)))
    .isRejected('trip.not_active')
})

const moved = (runner_id: string, ...waypoints: Waypoint[]): TripSignal => ({
  type: 'trip.moved',
  runner_id,
  waypoints,
})

test('TR6 those who watch are shown the newest live place at once, and never an older one', () => {
  const { sense, volatile } = behaviourOf(trip)
  const { state } = given(trip, [started])
  const feel = (before: unknown, signal: TripSignal) => sense({ state, volatile: before }, signal, standing)
  const first = feel(volatile, moved(runner.id, at(3), at(4, { heading_degrees: 90 })))
  expect(first.shows).toEqual([
    {
      type: 'location_update',
      booking_id: self,
      runner_id: runner.id,
      latitude: at(4).latitude,
      longitude: 101.6,
      speed_kmh: 50,
      heading_degrees: 90,
      timestamp: '2026-03-14T02:00:04Z',
      at_ms: noon_ms + 4_000,
    },
  ])
  expect(feel(first.volatile, moved(runner.id, at(4), at(2))).shows ?? []).toEqual([])
  expect(feel(first.volatile, moved(runner.id, at(9, { live: false }))).shows ?? []).toEqual([])
  expect(feel(first.volatile, moved(runner.id, at(5))).shows).toHaveLength(1)
})

test('TR7 fixes of another runner, or without a trip under way, are refused and not gathered', () => {
  const { sense, volatile } = behaviourOf(trip)
  const feel = (history: TripEvent[], signal: TripSignal) =>
    sense({ state: given(trip, history).state, volatile }, signal, standing)
  const refused = { skip: true, refused: { rejected: 'trip.not_active' } }
  expect(feel([started], moved(rival.id, at(1)))).toMatchObject(refused)
  expect(feel([], moved(runner.id, at(1)))).toMatchObject(refused)
  expect(feel([started, completed(0)], moved(runner.id, at(60)))).toMatchObject(refused)
  expect(feel([started, completed(0)], moved(runner.id, at(1)))).toMatchObject(refused)
  const late = feel([started, completed(0)], moved(runner.id, at(-60, { live: false })))
  expect(late.refused).toBeUndefined()
})

test('TR18 a fix of one who was reserved only just is to be sent again until his trip has begun', () => {
  const { sense, volatile } = behaviourOf(trip)
  const signal: TripSignal = { ...moved(runner.id, at(1)), beginning: true }
  const feel = (history: TripEvent[]) =>
    sense({ state: given(trip, history).state, volatile }, signal, standing)
  const later = { rejected: 'trip.not_active', retry_after_ms: limits.trip_begin_retry_ms }
  const former = { ...started, runner_id: rival.id }
  for (const history of [[], [former], [former, completed(0, 'cancelled')]])
    expect(feel(history)).toMatchObject({ skip: true, refused: later })
  expect(feel([started]).refused).toBeUndefined()
  expect(
    sense({ state: given(trip, []).state, volatile }, moved(runner.id, at(1)), standing).refused,
  ).toEqual({
    rejected: 'trip.not_active',
    detail: 'the runner is not on this trip',
  })
})

test('TR8 the signals of one linger become one command', () => {
  expect(behaviourOf(trip).gather([moved(runner.id, at(1)), moved(runner.id, at(2), at(3))])).toEqual(
    record(at(1), at(2), at(3)),
  )
})

test('TR9 a trip is shown to its owner, its runner and admins, with its distance so far', () => {
  const query = { type: 'trip.view' } as const
  const view = {
    id: track_id,
    booking_id: self,
    runner_id: runner.id,
    status: 'active',
    total_distance_km: 1.5,
    started_at: '2026-03-14T02:00:00Z',
    completed_at: null,
    last_position: null,
  }
  const history = [started, recorded(1_500, at(1), at(2))]
  expect(given(trip, history).answers(query, owner)).toEqual(view)
  expect(given(trip, history).answers(query, runner)).toEqual(view)
  expect(given(trip, history).answers(query, { id: rival.id, role: 'admin' })).toEqual(view)
  expect(given(trip, history).answers(query, rival)).toMatchObject({ rejected: 'booking.not_yours' })
  expect(given(trip, []).answers(query, owner)).toMatchObject({ rejected: 'trip.not_found' })
  expect(given(trip, [...history, completed(1.5)]).view()).toMatchObject({
    status: 'completed',
    completed_at: '2026-03-14T02:00:00Z',
  })
})

test('TR17 who asks for a trip is told what its watchers were shown last, and nothing of an earlier leg', () => {
  const { sense, answer } = behaviourOf(trip)
  const { state } = given(trip, [started])
  const signal: TripSignal = { type: 'trip.moved', runner_id: runner.id, waypoints: [at(3)] }
  const { volatile, shows = [] } = sense({ state, volatile: trip.volatile }, signal, standing)
  const asked = { type: 'trip.view' }
  expect(answer({ state, volatile }, asked, { ...standing, by: owner })).toMatchObject({
    last_position: shows[0],
  })
  expect(shows).toHaveLength(1)
  const next_leg: TripEvent = { ...started, track_id: idFrom('command-2', 'track') } as TripEvent
  const later = given(trip, [started, completed(0, 'cancelled'), next_leg]).state
  expect(answer({ state: later, volatile }, asked, { ...standing, by: owner })).toMatchObject({
    last_position: null,
  })
})
