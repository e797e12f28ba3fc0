import { expect, test } from 'vitest'
import type { BookingEvent } from '../protocols/booking.ts'
import {
  accepted,
  announce,
  booking_number,
  cancelled,
  completed,
  confirmed,
  done,
  driving,
  expiry,
  owner,
  pending,
  pendingOf,
  push,
  refused,
  release,
  request,
  requested,
  requirement,
  rival,
  runner,
  taken,
  toRunner,
  toTrip,
} from './booking.given.ts'
import { booking } from './booking.ts'
import { given, self } from './given.ts'

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

test('BK23 its owner adds notes until the animal is picked up', () => {
  const note = (text: string) => ({ type: 'booking.note', note: text }) as const
  const noted: BookingEvent = {
    type: 'booking.noted',
    booking_number,
    owner_id: owner.id,
    notes: 'she is shy',
  }
  const { state } = given(booking, [requested, noted]).when(note('ring twice'), owner)
  expect(state).toMatchObject({ notes: 'she is shy\nring twice', version: 3 })
  given(booking, taken).when(note('ring twice'), runner).isRejected('booking.not_yours')
  given(booking, []).when(note('ring twice'), owner).isRejected('booking.not_found')
  given(booking, driving).when(note('ring twice'), owner).isRejected('booking.wrong_status')
  const full: BookingEvent = { ...noted, notes: 'x'.repeat(1_990) }
  given(booking, [requested, full]).when(note('ring twice'), owner).isRejected('booking.notes_full')
})

test('BK24 sealed notes count as many characters as were said, and are never read', () => {
  const sealed = (characters: number) => `~1.${owner.id}.${characters}.${'A'.repeat(60)}`
  const note = (text: string) => ({ type: 'booking.note', note: text }) as const
  const noted = (notes: string): BookingEvent => ({
    type: 'booking.noted',
    booking_number,
    owner_id: owner.id,
    notes,
  })
  const { state } = given(booking, [requested, noted(sealed(1_900))]).when(note(sealed(99)), owner)
  expect(state).toMatchObject({ notes: `${sealed(1_900)}\n${sealed(99)}` })
  given(booking, [requested, noted(sealed(1_900))])
    .when(note(sealed(100)), owner)
    .isRejected('booking.notes_full')
  const many = Array.from({ length: 80 }, () => sealed(1)).join('\n')
  given(booking, [requested, noted(many)])
    .when(note(sealed(1)), owner)
    .isRejected('booking.notes_full')
})
