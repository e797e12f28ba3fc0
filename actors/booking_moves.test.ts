import { expect, test } from 'vitest'
import type { Principal } from '../protocols/actor.ts'
import { firstPolicy } from '../protocols/policy.ts'
import {
  admin,
  announce,
  booking_number,
  cancelled,
  completed,
  confirmed,
  declined,
  delivered,
  done,
  driving,
  owner,
  pending,
  pet_spec,
  pickedUp,
  push,
  refused,
  release,
  request,
  requested,
  rival,
  runner,
  taken,
  toRunner,
  toTrip,
} from './booking.given.ts'
import { booking } from './booking.ts'
import { given, noon_ms, self } from './given.ts'

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
  const gone = { booking_id: self, outcome: 'cancelled', attempt: 1 } as const
  const own = toRunner({ type: 'runner.release', ...gone, own: true })
  given(booking, taken)
    .when(cancel, owner)
    .yields([cancelled(owner, runner.id, 1)])
    .asks(ending)
    .effects([push(runner, 'cancelled')])
  given(booking, taken)
    .when(cancel, runner)
    .yields([cancelled(runner, runner.id, 1)])
    .asks([toTrip({ type: 'trip.end', outcome: 'cancelled' }), own])
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
    quote: expect.objectContaining({ strategy: 'standard', policy_version: 1 }),
    itinerary: null,
    high_tier: true,
    needs_certified: false,
    stars: null,
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
