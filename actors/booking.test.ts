import { expect, test } from 'vitest'
import type { FollowUp, Principal } from '../protocols/actor.ts'
import type { BookingEvent, bookingCommands, PetSpec, PlaceAddress } from '../protocols/booking.ts'
import { firstPolicy } from '../protocols/policy.ts'
import type { RefusalReason, ReleaseOutcome } from '../protocols/runner.ts'
import type { MessageOf } from '../protocols/shape.ts'
import { booking } from './booking.ts'
import { given, noon_ms, self } from './given.ts'

const owner: Principal = { id: '11111111-1111-4111-8111-111111111111', role: 'owner' }
const runner: Principal = { id: '22222222-2222-4222-8222-222222222222', role: 'runner' }
const rival: Principal = { id: '33333333-3333-4333-8333-333333333333', role: 'runner' }
const admin: Principal = { id: '44444444-4444-4444-8444-444444444444', role: 'admin' }

const address = (latitude: number, longitude: number): PlaceAddress => ({
  line1: '1 Jalan Satu',
  line2: '',
  city: 'Kuala Lumpur',
  state: 'Selangor',
  postal_code: '50000',
  country: 'MY',
  latitude,
  longitude,
})
const pet_spec: PetSpec = {
  pet_type: 'cat',
  breed: '',
  name: 'Comel',
  weight_kg: 4,
  age_months: 0,
  vaccinations: [],
  special_needs: '',
  photo_url: '',
}
const request: MessageOf<typeof bookingCommands, 'booking.request'> = {
  type: 'booking.request',
  pet_spec,
  pickup_address: address(1.4927, 103.7414),
  dropoff_address: address(3.139, 101.6869),
  notes: '',
}
const requirement = {
  minimum_size: 'small',
  needs_ventilation: true,
  needs_temp_control: false,
  minimum_weight_capacity: 4.8,
  pet_type: 'cat',
  weight_kg: 4,
} as const
const booking_number = 'BK-ABCDEF'
const pickup = { latitude: 1.4927, longitude: 103.7414 }
const names = { booking_number, owner_id: owner.id }
const held = { ...names, runner_id: runner.id }

const requested: BookingEvent = {
  type: 'booking.requested',
  ...names,
  pet_spec,
  requirement,
  pickup_address: request.pickup_address,
  dropoff_address: request.dropoff_address,
  route_spec: {
    pickup_lat: 1.4927,
    pickup_lng: 103.7414,
    dropoff_lat: 3.139,
    dropoff_lng: 101.6869,
    distance_km: 292.59460674049,
    estimated_duration_min: 391,
    polyline: '',
  },
  estimated_price_cents: 73_948,
  currency: 'MYR',
  scheduled_at: null,
  notes: '',
}
const pendingOf = (runner_id: string, attempt: number): BookingEvent => ({
  type: 'booking.runner_pending',
  runner_id,
  requirement,
  attempt,
})
const pending = pendingOf(runner.id, 1)
const refused = (reason: RefusalReason, attempt = 1): BookingEvent => ({
  type: 'booking.runner_refused',
  runner_id: runner.id,
  reason,
  attempt,
})
const accepted: BookingEvent = { type: 'booking.accepted', ...held }
const declined: BookingEvent = {
  type: 'booking.declined',
  ...held,
  attempt: 1,
  reason: 'too_far',
  pickup,
  requirement,
}
const pickedUp: BookingEvent = { type: 'booking.pet_picked_up', ...held }
const delivered: BookingEvent = { type: 'booking.delivered', ...held, attempt: 1 }
const confirmed: BookingEvent = { type: 'booking.delivery_confirmed', ...held, delivered_ms: noon_ms }
const completed: BookingEvent = {
  type: 'booking.completed',
  ...held,
  final_price_cents: 73_948,
  currency: 'MYR',
  unpaid: true,
}
const cancelled = (by: Principal, runner_id: string, attempt: number): BookingEvent => ({
  type: 'booking.cancelled',
  ...names,
  runner_id,
  attempt,
  cancelled_by: by.id,
  reason: 'ill',
})
const taken = [requested, pending, accepted]
const driving = [...taken, pickedUp]
const done = [...driving, delivered]

const toRunner = (command: FollowUp['command'], id = runner.id): FollowUp => ({
  to: { actor: 'runner', id },
  command,
})
const toTrip = (command: FollowUp['command']): FollowUp => ({ to: { actor: 'trip', id: self }, command })
const release = (outcome: ReleaseOutcome, attempt = 1, id = runner.id) =>
  toRunner({ type: 'runner.release', booking_id: self, outcome, attempt }, id)
const push = (
  person: Principal,
  template: 'runner_assigned' | 'runner_declined' | 'pet_picked_up' | 'delivered' | 'completed' | 'cancelled',
) => ({ type: 'push.send', data: { user_id: person.id, template, booking_id: self } }) as const
const announce = {
  type: 'dispatch.announce',
  data: { booking_id: self, pickup, requirement },
} as const
const expiry = (attempt: number, runner_id = runner.id): FollowUp => ({
  to: { actor: 'booking', id: self },
  command: { type: 'booking.release_pending', runner_id, reason: 'expired', attempt },
  after_ms: 2_000,
})

test('BK1 a booking is born with its number, price, route and need, and runners near its pickup are told', () => {
  const { state } = given(booking, []).when(request, owner).effects([announce]).asks([])
  expect(state).toMatchObject({
    status: 'requested',
    owner_id: owner.id,
    requirement,
    estimated_price_cents: 73_948,
    currency: 'MYR',
    version: 1,
  })
  expect(state.booking_number).toMatch(/^BK-[A-HJ-NP-Z2-9]{6}$/)
  expect(state.route_spec.distance_km).toBeCloseTo(292.5946067405, 9)
  given(booking, [requested]).when(request, owner).isRejected('booking.exists')
})

test('BK2 times become whole seconds in UTC; one that is none refuses the booking', () => {
  const given_on = (date_given: string) => ({
    ...request,
    scheduled_at: '2026-04-01T09:00:00.000',
    pet_spec: {
      ...request.pet_spec,
      vaccinations: [{ vaccine_name: 'F3', date_given, expires_at: null, vet_name: '', verified: true }],
    },
  })
  const { state } = given(booking, []).when(given_on('2026-01-01T00:00:00+08:00'), owner)
  expect(state.scheduled_at).toBe('2026-04-01T01:00:00Z')
  expect(state.pet_spec.vaccinations[0]?.date_given).toBe('2025-12-31T16:00:00Z')
  given(booking, []).when(given_on('yesterday'), owner).isRejected('request.malformed')
  given(booking, [])
    .when({ ...request, scheduled_at: 'soon' }, owner)
    .isRejected('request.malformed')
})

test('BK3 a vaccination that is more than a year old refuses the booking; no vaccination does not', () => {
  const given_on = (date_given: string) => ({
    ...request,
    pet_spec: {
      ...request.pet_spec,
      vaccinations: [{ vaccine_name: 'F3', date_given, expires_at: null, vet_name: '', verified: true }],
    },
  })
  given(booking, []).when(given_on('2025-03-14T01:59:59Z'), owner).isRejected('booking.vaccination_expired')
  expect(given(booking, []).when(given_on('2025-03-14T02:00:00Z'), owner).state.status).toBe('requested')
  expect(given(booking, []).when(request, owner).state.status).toBe('requested')
})

test('BK4 the first runner to accept becomes pending, is asked to reserve himself, and waits', () => {
  given(booking, [requested])
    .when({ type: 'booking.accept' }, runner)
    .yields([pending])
    .asks([toRunner({ type: 'runner.reserve', booking_id: self, requirement, attempt: 1 }), expiry(1)])
    .settles('wait')
  given(booking, taken).settles({ type: 'booking.accept' }, runner, 'done')
})

test('BK5 a runner who comes second loses, with nothing written', () => {
  const accept = { type: 'booking.accept' } as const
  given(booking, [requested, pending]).when(accept, rival).isRejected('booking.lost_race')
  given(booking, taken).when(accept, rival).isRejected('booking.lost_race')
  given(booking, driving)
    .when(accept, rival)
    .isRejected('booking.wrong_status', "cannot transition from 'in_progress' to 'accepted'")
  given(booking, [requested, cancelled(owner, '', 0)])
    .when(accept, rival)
    .isRejected('booking.wrong_status', "cannot transition from 'cancelled' to 'accepted'")
  given(booking, []).when(accept, rival).isRejected('booking.not_found')
  given(booking, [requested]).when(accept, owner).isRejected('booking.not_yours')
})

test('BK6 accepting twice is accepting once', () => {
  const accept = { type: 'booking.accept' } as const
  given(booking, [requested, pending]).when(accept, runner).yieldsNothing().settles('wait')
  given(booking, taken).when(accept, runner).yieldsNothing().settles('done')
})

test('BK7 a reserved runner gets the booking, its trip starts and its owner is told', () => {
  given(booking, [requested, pending])
    .when({ type: 'booking.assign', runner_id: runner.id, attempt: 1 })
    .yields([accepted])
    .asks([toTrip({ type: 'trip.start', runner_id: runner.id, owner_id: owner.id })])
    .effects([push(owner, 'runner_assigned')])
  given(booking, taken).when({ type: 'booking.assign', runner_id: runner.id, attempt: 1 }).yieldsNothing()
})

test('BK8 a runner who is refused is released, told why, and the booking is open again', () => {
  const reasons = [
    ['no_crate', 'runner.no_crate'],
    ['at_capacity', 'runner.at_capacity'],
    ['offline', 'runner.not_online'],
    ['not_registered', 'runner.not_found'],
    ['rating', 'booking.runner_refused'],
    ['expired', 'booking.runner_refused'],
  ] as const
  for (const [reason, code] of reasons) {
    given(booking, [requested, pending])
      .when({ type: 'booking.release_pending', runner_id: runner.id, reason, attempt: 1 })
      .yields([refused(reason)])
      .asks([release('refused')])
    given(booking, [requested, pending, refused(reason)]).settles({ type: 'booking.accept' }, runner, code)
  }
  given(booking, [requested, pending, refused('no_crate')])
    .when({ type: 'booking.accept' }, rival)
    .yields([pendingOf(rival.id, 2)])
  given(booking, [requested, pending, cancelled(owner, '', 1)]).settles(
    { type: 'booking.accept' },
    runner,
    'booking.wrong_status',
  )
})

test('BK9 a reservation that comes too late is released', () => {
  const assign = { type: 'booking.assign', runner_id: runner.id, attempt: 1 } as const
  const over = [
    [requested],
    [requested, cancelled(owner, '', 0)],
    [requested, pending, refused('expired'), pendingOf(rival.id, 2)],
    [...done, confirmed, completed],
  ]
  for (const history of over)
    given(booking, history)
      .when(assign)
      .yields([refused('too_late')])
      .asks([release('refused')])
})

test('BK10 what belongs to an earlier attempt of the same runner does not touch the present one', () => {
  const again = [requested, pending, refused('expired'), pendingOf(runner.id, 2)]
  const late = {
    type: 'booking.release_pending',
    runner_id: runner.id,
    reason: 'expired',
    attempt: 1,
  } as const
  given(booking, again).when(late).yieldsNothing()
  const { state } = given(booking, again)
    .when({ type: 'booking.assign', runner_id: runner.id, attempt: 1 })
    .yields([refused('too_late', 1)])
    .asks([release('refused', 1)])
  expect(state).toMatchObject({ pending_id: runner.id, attempt: 2 })
})

test('BK11 only the runner who holds a booking may decline it; runners are looked for again', () => {
  const decline = { type: 'booking.decline', reason: 'too_far' } as const
  const { state } = given(booking, taken)
    .when(decline, runner)
    .yields([declined])
    .asks([toTrip({ type: 'trip.end', outcome: 'cancelled' }), release('declined')])
    .effects([announce, push(owner, 'runner_declined')])
  expect(state).toMatchObject({ status: 'requested', runner_id: '', version: 3 })
  given(booking, taken).when(decline, rival).isRejected('booking.not_yours')
  given(booking, [requested]).when(decline, runner).isRejected('booking.not_accepted')
  given(booking, driving).when(decline, runner).isRejected('booking.not_accepted')
  given(booking, []).when(decline, runner).isRejected('booking.not_found')
})

test('BK12 only the runner who holds a booking picks the animal up, and its owner is told', () => {
  const pick_up = { type: 'booking.pick_up' } as const
  given(booking, taken)
    .when(pick_up, runner)
    .yields([pickedUp])
    .effects([push(owner, 'pet_picked_up')])
  given(booking, driving).when(pick_up, runner).yieldsNothing()
  given(booking, taken).when(pick_up, rival).isRejected('booking.not_yours')
  given(booking, [requested])
    .when(pick_up, runner)
    .isRejected('booking.wrong_status', "cannot transition from 'requested' to 'in_progress'")
  given(booking, done).when(pick_up, runner).isRejected('booking.wrong_status')
  given(booking, []).when(pick_up, runner).isRejected('booking.not_found')
})

test('BK13 a delivery ends the trip, frees the runner and opens the confirmation window', () => {
  const deliver = { type: 'booking.deliver' } as const
  given(booking, driving)
    .when(deliver, runner)
    .yields([delivered])
    .asks([
      toTrip({ type: 'trip.end', outcome: 'completed' }),
      release('delivered'),
      {
        to: { actor: 'booking', id: self },
        command: { type: 'booking.end_window', delivered_ms: noon_ms },
        after_ms: 24 * 3_600_000,
      },
    ])
    .effects([push(owner, 'delivered')])
  given(booking, done).when(deliver, runner).yieldsNothing()
  given(booking, driving).when(deliver, rival).isRejected('booking.not_yours')
  given(booking, taken)
    .when(deliver, runner)
    .isRejected('booking.wrong_status', "cannot transition from 'accepted' to 'delivered'")
})

test('BK14 without a confirmation window a delivery completes the booking at once', () => {
  given(booking, driving, { policy: { ...firstPolicy, confirmation_window_ms: 0 } })
    .when({ type: 'booking.deliver' }, runner)
    .yields([delivered, confirmed, completed])
    .asks([toTrip({ type: 'trip.end', outcome: 'completed' }), release('delivered')])
})

test('BK15 its owner confirms a delivery, or the end of the window does, once', () => {
  const confirm = { type: 'booking.confirm' } as const
  const end = { type: 'booking.end_window', delivered_ms: noon_ms } as const
  const { state } = given(booking, done)
    .when(confirm, owner)
    .yields([confirmed, completed])
    .effects([push(owner, 'completed'), push(runner, 'completed')])
  expect(state).toMatchObject({ status: 'completed', final_price_cents: 73_948, version: 5 })
  given(booking, done).when(end).yields([confirmed, completed])
  given(booking, done)
    .when({ ...end, delivered_ms: 1 })
    .yieldsNothing()
  given(booking, [...done, confirmed, completed])
    .when(confirm, owner)
    .yieldsNothing()
  given(booking, [...done, confirmed, completed])
    .when(end)
    .yieldsNothing()
  given(booking, done).when(confirm, runner).isRejected('booking.not_yours')
  given(booking, driving)
    .when(confirm, owner)
    .isRejected('booking.wrong_status', "cannot transition from 'in_progress' to 'completed'")
  given(booking, []).when(confirm, owner).isRejected('booking.not_found')
})

test('BK16 its owner or its runner cancels a booking until pick-up, an admin also after', () => {
  const cancel = { type: 'booking.cancel', reason: 'ill' } as const
  given(booking, [requested])
    .when(cancel, owner)
    .yields([cancelled(owner, '', 0)])
    .asks([])
    .effects([])
  const ending = [toTrip({ type: 'trip.end', outcome: 'cancelled' }), release('cancelled')]
  given(booking, taken)
    .when(cancel, owner)
    .yields([cancelled(owner, runner.id, 1)])
    .asks(ending)
    .effects([push(runner, 'cancelled')])
  given(booking, taken)
    .when(cancel, runner)
    .yields([cancelled(runner, runner.id, 1)])
    .asks(ending)
    .effects([push(owner, 'cancelled')])
  given(booking, driving)
    .when(cancel, admin)
    .yields([cancelled(admin, runner.id, 1)])
    .asks(ending)
    .effects([push(owner, 'cancelled'), push(runner, 'cancelled')])
  for (const person of [owner, runner])
    given(booking, driving)
      .when(cancel, person)
      .isRejected('booking.wrong_status', "cannot transition from 'in_progress' to 'cancelled'")
  given(booking, done).when(cancel, admin).isRejected('booking.wrong_status')
  given(booking, taken).when(cancel, rival).isRejected('booking.not_yours')
  given(booking, [...taken, cancelled(owner, runner.id, 1)])
    .when(cancel, owner)
    .yieldsNothing()
  given(booking, []).when(cancel, owner).isRejected('booking.not_found')
})

test('BK17 a cancel also lets go of a runner who is pending', () => {
  given(booking, [requested, pending])
    .when({ type: 'booking.cancel', reason: 'ill' }, owner)
    .yields([refused('too_late'), cancelled(owner, '', 1)])
    .asks([release('refused')])
    .settles('done')
  given(booking, [requested, pending])
    .when({ type: 'booking.cancel', reason: 'ill' }, runner)
    .isRejected('booking.not_yours')
})

test('BK18 a booking is shown to its owner, its runner and admins, and while it is open to every runner', () => {
  const query = { type: 'booking.view' } as const
  for (const person of [owner, runner, admin])
    expect(given(booking, taken).answers(query, person)).toMatchObject({ id: self })
  expect(given(booking, taken).answers(query, rival)).toMatchObject({ rejected: 'booking.not_yours' })
  expect(given(booking, [requested]).answers(query, rival)).toMatchObject({ status: 'requested' })
  const stranger: Principal = { id: rival.id, role: 'owner' }
  expect(given(booking, [requested]).answers(query, stranger)).toMatchObject({
    rejected: 'booking.not_yours',
  })
  expect(given(booking, []).answers(query, owner)).toMatchObject({ rejected: 'booking.not_found' })
})

test('BK19 the view has every field that a client insists on', () => {
  expect(given(booking, done).view()).toEqual({
    id: self,
    booking_number,
    owner_id: owner.id,
    runner_id: runner.id,
    status: 'delivered',
    pet_spec,
    crate_requirement: {
      minimum_size: 'small',
      needs_ventilation: true,
      needs_temp_control: false,
      minimum_weight_capacity: 4.8,
    },
    pickup_address: request.pickup_address,
    dropoff_address: request.dropoff_address,
    route_spec: expect.objectContaining({ estimated_duration_min: 391, polyline: '' }),
    estimated_price_cents: 73_948,
    final_price_cents: null,
    currency: 'MYR',
    scheduled_at: null,
    picked_up_at: '2026-03-14T02:00:00Z',
    delivered_at: '2026-03-14T02:00:00Z',
    cancelled_at: null,
    cancel_note: '',
    notes: '',
    version: 4,
    created_at: '2026-03-14T02:00:00Z',
    updated_at: '2026-03-14T02:00:00Z',
  })
  expect(given(booking, [requested]).view()).toMatchObject({ runner_id: null, version: 1 })
})
