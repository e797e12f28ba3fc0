import { expect, test } from 'vitest'
import type { FollowUp, Principal } from '../protocols/actor.ts'
import { behaviourOf } from '../protocols/actor.ts'
import { limits } from '../protocols/limits.ts'
import { firstPolicy } from '../protocols/policy.ts'
import { bitsFor, type RunnerEvent, type RunnerSignal, runnerBits } from '../protocols/runner.ts'
import { given, noon_ms, self, standing } from './given.ts'
import { idFrom } from './ids.ts'
import { runner } from './runner.ts'

const person: Principal = { id: self, role: 'runner' }
const booking_id = '11111111-1111-4111-8111-111111111111'
const other_id = '22222222-2222-4222-8222-222222222222'
const boot = '33333333-3333-4333-8333-333333333333'
const profile_id = idFrom('command-1', 'profile')

const profile = {
  full_name: 'Aminah',
  phone: '+60123456789',
  vehicle_type: 'car',
  vehicle_plate: 'JKL 1',
  vehicle_model: 'Myvi',
  vehicle_year: 0,
  air_conditioned: false,
}
const box = {
  size: 'medium',
  pet_types: ['cat', 'dog'],
  max_weight_kg: 15,
  width_cm: 0,
  height_cm: 0,
  depth_cm: 0,
  ventilated: true,
  temperature_controlled: false,
} as const
const crate = { ...box, pet_types: ['cat', 'dog'], id: idFrom('command-1', 'crate') }
const registered: RunnerEvent = { type: 'runner.registered', profile_id, ...profile }
const crated: RunnerEvent = { type: 'runner.crate_added', crate }
const online: RunnerEvent = { type: 'runner.online', runner_id: self, latitude: 3.1, longitude: 101.6 }
const offline: RunnerEvent = { type: 'runner.offline', runner_id: self }
const reserved = (attempt: number, id = booking_id): RunnerEvent => ({
  type: 'runner.reserved',
  booking_id: id,
  attempt,
})
const released: RunnerEvent = { type: 'runner.released', booking_id, outcome: 'delivered', attempt: 1 }
const requirement = {
  minimum_size: 'small',
  needs_ventilation: true,
  needs_temp_control: false,
  minimum_weight_capacity: 4.8,
  pet_type: 'cat',
  weight_kg: 4,
} as const
const ready: readonly RunnerEvent[] = [registered, crated, online]
const reserve = (attempt: number) => ({ type: 'runner.reserve', booking_id, requirement, attempt }) as const
const answer = (command: FollowUp['command']): FollowUp => ({
  to: { actor: 'booking', id: booking_id },
  command,
})
const refusal = (reason: 'at_capacity' | 'no_crate' | 'not_registered' | 'offline') =>
  ({ type: 'runner.reserve_refused', booking_id, reason, attempt: 1 }) as const

test('RN1 a user registers once as a runner, and is inactive at first', () => {
  given(runner, [])
    .when({ type: 'runner.register', ...profile }, person)
    .yields([registered])
  given(runner, [registered])
    .when({ type: 'runner.register', ...profile }, person)
    .isRejected('runner.exists')
  expect(given(runner, [registered]).view()).toEqual({
    id: profile_id,
    user_id: self,
    full_name: 'Aminah',
    phone: '+60123456789',
    vehicle_type: 'car',
    vehicle_plate: 'JKL 1',
    vehicle_model: 'Myvi',
    air_conditioned: false,
    session_status: 'inactive',
    rating: 0,
    total_trips: 0,
    completion_rate: 1,
    certified: false,
    crate_specs: [],
    created_at: '2026-03-14T02:00:00Z',
  })
})

test('RN2 an update changes only what is given, not empty and different', () => {
  given(runner, [registered])
    .when({
      type: 'runner.update',
      full_name: '',
      vehicle_year: 0,
      phone: '+60123456789',
      vehicle_plate: 'B 2',
    })
    .yields([{ type: 'runner.updated', vehicle_plate: 'B 2' }])
  given(runner, [registered]).when({ type: 'runner.update', air_conditioned: false }).yieldsNothing()
  const { state } = given(runner, [registered]).when({ type: 'runner.update', air_conditioned: true })
  expect(state).toMatchObject({ air_conditioned: true, full_name: 'Aminah' })
})

test('RN3 without a profile a runner can do nothing', () => {
  const commands = [
    { type: 'runner.update', phone: '' },
    { type: 'runner.go_online', latitude: 1, longitude: 1 },
    { type: 'runner.go_offline' },
    { type: 'runner.add_crate', ...box, pet_types: ['cat'] },
  ] as const
  for (const command of commands)
    given(runner, [])
      .when({ ...command } as never, person)
      .isRejected('runner.not_found')
  expect(given(runner, []).answers({ type: 'runner.view' }, person)).toMatchObject({
    rejected: 'runner.not_found',
  })
})

test('RN4 going online again updates the position; the same again within 10 s is a repeat', () => {
  const go = { type: 'runner.go_online', latitude: 3.1, longitude: 101.6 } as const
  given(runner, [registered]).when(go, person).yields([online])
  given(runner, [registered, online]).when(go, person).yieldsNothing()
  given(runner, [registered, online])
    .when({ ...go, latitude: 3.2 }, person)
    .yields([{ ...online, latitude: 3.2 }])
  given(runner, [registered, online, offline]).when(go, person).yields([online])
})

test('RN5 going offline takes him out of the grid; a booking that he holds stays his', () => {
  given(runner, ready).when({ type: 'runner.go_offline' }, person).yields([offline])
  given(runner, [...ready, offline])
    .when({ type: 'runner.go_offline' }, person)
    .yieldsNothing()
  const { state } = given(runner, [...ready, reserved(1)]).when({ type: 'runner.go_offline' }, person)
  expect(state.bookings).toHaveLength(1)
  expect(behaviourOf(runner).place({ state, volatile: runner.volatile }, firstPolicy)).toBeUndefined()
})

test('RN6 every crate gets an id of its own, and a profile holds fifty', () => {
  given(runner, [registered])
    .when({ type: 'runner.add_crate', ...box, pet_types: ['cat', 'dog'] }, person)
    .yields([crated])
  const full = [registered, ...new Array<RunnerEvent>(50).fill(crated)]
  given(runner, full)
    .when({ type: 'runner.add_crate', ...box, pet_types: ['cat'] }, person)
    .isRejected('runner.too_many_crates')
})

test('RN7 a registered, free runner who is online with a crate that fits is reserved', () => {
  given(runner, ready)
    .when(reserve(1))
    .yields([reserved(1)])
    .asks([answer({ type: 'booking.assign', runner_id: self, attempt: 1 })])
  const refused = [
    ['not_registered', []],
    ['offline', [registered, crated]],
    ['at_capacity', [...ready, reserved(1, other_id)]],
    ['no_crate', [registered, online]],
  ] as const
  for (const [reason, history] of refused)
    given(runner, history)
      .when(reserve(1))
      .yields([refusal(reason)])
      .asks([answer({ type: 'booking.release_pending', runner_id: self, reason, attempt: 1 })])
})

test('RN8 a runner holds as many bookings as the policy allows', () => {
  given(runner, [...ready, reserved(1, other_id)], { policy: { ...firstPolicy, runner_capacity: 2 } })
    .when(reserve(1))
    .yields([reserved(1)])
})

test('RN9 a reservation is repeated without effect; a later attempt takes it over', () => {
  given(runner, [...ready, reserved(1)])
    .when(reserve(1))
    .yieldsNothing()
  given(runner, [...ready, reserved(2)])
    .when(reserve(1))
    .yieldsNothing()
  given(runner, [...ready, reserved(1)])
    .when(reserve(2))
    .yields([reserved(2)])
    .asks([answer({ type: 'booking.assign', runner_id: self, attempt: 2 })])
})

test('RN10 a released runner is free again; a release twice, or of another attempt, changes nothing', () => {
  const release = { type: 'runner.release', booking_id, outcome: 'delivered', attempt: 1 } as const
  const { state } = given(runner, [...ready, reserved(1)])
    .when(release)
    .yields([released])
  expect(state).toMatchObject({ bookings: [], total_trips: 1 })
  given(runner, [...ready, reserved(1), released])
    .when(release)
    .yieldsNothing()
  given(runner, [...ready, reserved(2)])
    .when(release)
    .yieldsNothing()
  const cancelled = given(runner, [...ready, reserved(1)]).when({ ...release, outcome: 'cancelled' })
  expect(cancelled.state.total_trips).toBe(0)
})

test('RN11 a profile is shown to its runner and to admins', () => {
  const query = { type: 'runner.view' } as const
  expect(given(runner, ready).answers(query, person)).toMatchObject({ session_status: 'active' })
  expect(given(runner, ready).answers(query, { id: other_id, role: 'admin' })).toMatchObject({
    user_id: self,
  })
  expect(given(runner, ready).answers(query, { id: other_id, role: 'runner' })).toMatchObject({
    rejected: 'auth.role',
  })
})

const { sense, place, match, volatile } = behaviourOf(runner)
const moved = (over: Partial<RunnerSignal> = {}, at_ms = noon_ms): RunnerSignal => ({
  type: 'runner.moved',
  boot,
  lane: 'live',
  via: 'socket',
  fixes: [{ seq: 1, latitude: 3.15, longitude: 101.65, at_ms, speed_kmh: -1, heading_degrees: 400 }],
  ...over,
})
const feel = (
  history: readonly RunnerEvent[],
  signal: RunnerSignal,
  { before = volatile, at_ms = noon_ms } = {},
) => sense({ state: given(runner, history).state, volatile: before }, signal, { ...standing, at_ms })

test('RN12 a fix moves a runner who is online, and is reported; nobody else is heard', () => {
  const seen = feel(ready, moved())
  expect(seen.reports).toEqual([
    {
      type: 'runner.location_update',
      key: `${self}:${boot}:1`,
      data: {
        runner_id: self,
        latitude: 3.15,
        longitude: 101.65,
        speed_kmh: 0,
        heading_degrees: 0,
        timestamp: '2026-03-14T02:00:00Z',
      },
    },
  ])
  expect(seen.relays).toEqual([])
  const { state } = given(runner, ready)
  expect(place({ state, volatile: seen.volatile }, firstPolicy)).toMatchObject({ latitude: 3.15 })
  expect(feel([], moved()).refused).toMatchObject({ rejected: 'runner.not_found' })
  expect(feel([...ready, offline], moved()).refused).toMatchObject({ rejected: 'runner.not_online' })
  expect(feel([...ready, reserved(1), offline], moved()).refused).toBeUndefined()
})

test('RN13 a fix on a trip goes on to it with the time of the server, and again when it is sent again', () => {
  const on_trip = [...ready, reserved(1)]
  const ahead_ms = 3_600_000
  const signal = moved({}, noon_ms + ahead_ms)
  const first = feel(on_trip, signal)
  const relay = {
    to: { actor: 'trip', id: booking_id },
    signal: {
      type: 'trip.moved',
      runner_id: self,
      waypoints: [
        {
          boot,
          seq: 1,
          latitude: 3.15,
          longitude: 101.65,
          speed_kmh: 0,
          heading_degrees: 0,
          at_ms: noon_ms,
          live: true,
        },
      ],
      beginning: true,
    },
  }
  expect(first.relays).toEqual([relay])
  expect(first.reports).toMatchObject([{ data: { booking_id, skewed: true } }])
  const again = feel(on_trip, signal, { before: first.volatile })
  expect(again.relays).toEqual([relay])
  expect(again.reports).toEqual([])
})

test('RN17 a trip is told for a minute that its runner was reserved only just', () => {
  const told = (at_ms: number) =>
    feel([...ready, reserved(1)], moved({}, at_ms), { at_ms }).relays?.map(({ signal }) =>
      signal.type === 'trip.moved' ? signal.beginning : undefined,
    )
  expect(told(noon_ms + limits.trip_begin_max_ms)).toEqual([true])
  expect(told(noon_ms + limits.trip_begin_max_ms + 1)).toEqual([undefined])
  const behaviour = behaviourOf(runner)
  const state = behaviour.evolve(given(runner, [...ready, reserved(1)]).state, released, standing)
  const late = behaviour.sense({ state, volatile }, moved({ lane: 'backlog' }), standing)
  expect(late.relays?.map(({ signal }) => 'beginning' in signal)).toEqual([false])
})

test('RN16 a fix goes to the trip that it may belong to when the clock of the server was set before the trip began', () => {
  const set_ms = 30_000
  const fix = (seq: number) => ({ seq, latitude: 3.15, longitude: 101.65, at_ms: noon_ms + 1_000 * seq })
  const known = feel(ready, moved({ fixes: [fix(1)] }), { at_ms: noon_ms + 1_000 }).volatile
  const at = (at_ms: number) => ({ ...standing, at_ms })
  const behaviour = behaviourOf(runner)
  const state = behaviour.evolve(given(runner, ready).state, reserved(1), at(noon_ms + set_ms + 2_000))
  const seqs = (before: unknown, signal: ReturnType<typeof moved>, at_ms: number) => {
    const { relays = [], volatile: after } = behaviour.sense({ state, volatile: before }, signal, at(at_ms))
    const taken = relays.flatMap(({ signal: told }) => (told.type === 'trip.moved' ? told.waypoints : []))
    return { seqs: taken.map(({ seq }) => seq), after }
  }
  const live = seqs(known, moved({ fixes: [fix(10)] }), noon_ms + set_ms + 10_000)
  expect(live.seqs).toEqual([10])
  const backlog = moved({ lane: 'backlog', fixes: [{ ...fix(2), at_ms: noon_ms - 8_000 }, fix(9)] })
  expect(seqs(live.after, backlog, noon_ms + set_ms + 11_000).seqs).toEqual([9])
})

test('RN14 a backlog goes to the trip during which it was taken, also when that has ended', () => {
  const later_ms = noon_ms + 600_000
  const behaviour = behaviourOf(runner)
  const at = (at_ms: number) => ({ ...standing, at_ms })
  let state: unknown = given(runner, [...ready, reserved(1)]).state
  state = behaviour.evolve(state, released, at(noon_ms + 60_000))
  state = behaviour.evolve(state, reserved(1, other_id), at(noon_ms + 120_000))
  const fix = (seq: number, at_ms: number) => ({ seq, latitude: 3.15, longitude: 101.65, at_ms })
  const fixes = [fix(1, noon_ms + 30_000), fix(2, noon_ms + 90_000), fix(3, noon_ms + 180_000)]
  const seen = behaviour.sense({ state, volatile }, moved({ lane: 'backlog', fixes }), at(later_ms))
  const seqs = (seen.relays ?? []).map(({ to, signal }) => [
    to.id,
    signal.type === 'trip.moved' ? signal.waypoints.map(({ seq }) => seq) : [],
  ])
  expect(Object.fromEntries(seqs)).toEqual({ [booking_id]: [1], [other_id]: [3] })
  state = behaviour.evolve(state, reserved(2), at(noon_ms + 150_000))
  const anew = behaviour.sense({ state, volatile }, moved({ lane: 'backlog', fixes }), at(later_ms))
  expect(anew.relays?.map(({ to }) => to.id)).toEqual([other_id, booking_id])
  expect(anew.relays?.[1]?.signal).toMatchObject({ waypoints: [{ seq: 3 }] })
})

test('RN15 a search finds runners who are fresh, free and can carry', () => {
  const { state } = given(runner, ready)
  const on = (seen: unknown, at_ms: number, criteria: object, history: readonly RunnerEvent[] = ready) =>
    match({ state: given(runner, history).state, volatile: seen }, criteria, {
      id: self,
      at_ms,
      policy: firstPolicy,
    })
  const socket = feel(ready, moved()).volatile
  const http = feel(ready, moved({ via: 'http' })).volatile
  expect(on(socket, noon_ms + 75_000, {})).toBe(true)
  expect(on(socket, noon_ms + 75_001, {})).toBe(false)
  expect(on(http, noon_ms + 75_001, {})).toBe(true)
  expect(on(http, noon_ms + 900_001, {})).toBe(false)
  expect(on(socket, noon_ms, { requirement })).toBe(true)
  expect(on(socket, noon_ms, { requirement: { ...requirement, minimum_size: 'large' } })).toBe(false)
  expect(on(socket, noon_ms, { only_free: true }, [...ready, reserved(1)])).toBe(false)
  const bits = place({ state, volatile: socket }, firstPolicy)?.bits ?? 0
  expect(bits & bitsFor(requirement)).toBe(bitsFor(requirement))
  const busy = given(runner, [...ready, reserved(1)]).state
  expect((place({ state: busy, volatile: socket }, firstPolicy)?.bits ?? 0) & runnerBits.free).toBe(0)
})
