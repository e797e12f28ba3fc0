/** What a booking's events ask of its runner, its trip, its owner and the runners near by. */
import type { Actor, FollowUp, Reaction } from '../protocols/actor.ts'
import type { BookingEvent, bookingCommands, bookingEvents, bookingSteps } from '../protocols/booking.ts'
import type { Effect } from '../protocols/effects.ts'
import type { ReleaseOutcome } from '../protocols/runner.ts'
import { deliveryConfirmed, paymentRequested, toPayment } from './booking_money.ts'
import { pointOf } from './geo.ts'

type Reactions = NonNullable<
  Actor<unknown, typeof bookingCommands & typeof bookingSteps, typeof bookingEvents>['react']
>

export const bookingReactions: Reactions = {
  'booking.requested': ({ pickup_address, requirement }, { id }) => ({
    effects: [announce(id, pointOf(pickup_address), requirement)],
  }),

  'booking.runner_pending': ({ runner_id, requirement, attempt }, { id, policy }) => ({
    follow_ups: [
      {
        to: { actor: 'runner', id: runner_id },
        command: { type: 'runner.reserve', booking_id: id, requirement, attempt },
      },
      {
        to: { actor: 'booking', id },
        command: { type: 'booking.release_pending', runner_id, reason: 'expired', attempt },
        after_ms: policy.pending_ms,
      },
    ],
  }),

  'booking.runner_refused': ({ runner_id, attempt }, { id }) => ({
    follow_ups: [release(runner_id, id, 'refused', attempt)],
  }),

  'booking.accepted': ({ runner_id, owner_id, paid }, { id }) => ({
    follow_ups: [
      { to: { actor: 'trip', id }, command: { type: 'trip.start', runner_id, owner_id } },
      ...(paid ? [toPayment(id, { type: 'payment.assign_runner', runner_id })] : []),
    ],
    effects: [push(owner_id, 'runner_assigned', id)],
  }),

  'booking.declined': ({ runner_id, owner_id, pickup, requirement, paid, attempt = 0 }, { id }) => ({
    follow_ups: [
      endTrip(id, 'cancelled'),
      release(runner_id, id, 'declined', attempt),
      ...(paid ? [toPayment(id, { type: 'payment.assign_runner', runner_id: '' })] : []),
    ],
    effects: [announce(id, pickup, requirement), push(owner_id, 'runner_declined', id)],
  }),

  'booking.pet_picked_up': ({ owner_id }, { id }) => ({ effects: [push(owner_id, 'pet_picked_up', id)] }),

  'booking.delivered': ({ runner_id, owner_id, attempt = 0 }, { id, at_ms, policy }) => ({
    follow_ups: [
      endTrip(id, 'completed'),
      release(runner_id, id, 'delivered', attempt),
      ...(policy.confirmation_window_ms === 0 ? [] : [endWindow(id, at_ms, policy.confirmation_window_ms)]),
    ],
    effects: [push(owner_id, 'delivered', id)],
  }),

  'booking.completed': ({ owner_id, runner_id }, { id }) => ({
    effects: [push(owner_id, 'completed', id), push(runner_id, 'completed', id)],
  }),

  'booking.rated': ({ runner_id, stars }, { id }) => ({
    follow_ups: [
      { to: { actor: 'runner', id: runner_id }, command: { type: 'runner.rate', booking_id: id, stars } },
    ],
  }),

  'booking.cancelled': cancelled,

  'booking.delivery_confirmed': deliveryConfirmed,
  'booking.payment_requested': paymentRequested,
  'booking.payment_changed': ({ orphaned }, { id }) =>
    orphaned ? { follow_ups: [toPayment(id, { type: 'payment.cancel', reason: 'booking cancelled' })] } : {},
  'booking.window_ended': ({ owner_id }, { id }) => ({ effects: [push(owner_id, 'payment_needed', id)] }),
}

function cancelled(
  {
    owner_id,
    runner_id,
    cancelled_by,
    attempt = 0,
    reason,
    paid,
  }: Extract<BookingEvent, { type: 'booking.cancelled' }>,
  { id }: Readonly<{ id: string }>,
): Reaction {
  const own = cancelled_by === runner_id
  const others = [owner_id, runner_id].filter((person) => person !== '' && person !== cancelled_by)
  return {
    follow_ups: [
      ...(runner_id === ''
        ? []
        : [endTrip(id, 'cancelled'), release(runner_id, id, 'cancelled', attempt, own)]),
      ...(paid ? [toPayment(id, { type: 'payment.cancel', reason: `booking cancelled: ${reason}` })] : []),
    ],
    effects: others.map((person) => push(person, 'cancelled', id)),
  }
}

const release = (
  runner_id: string,
  booking_id: string,
  outcome: ReleaseOutcome,
  attempt: number,
  own = false,
): FollowUp => ({
  to: { actor: 'runner', id: runner_id },
  command: { type: 'runner.release', booking_id, outcome, attempt, ...(own ? { own } : {}) },
})

const endTrip = (id: string, outcome: 'completed' | 'cancelled'): FollowUp => ({
  to: { actor: 'trip', id },
  command: { type: 'trip.end', outcome },
})

const endWindow = (id: string, delivered_ms: number, after_ms: number): FollowUp => ({
  to: { actor: 'booking', id },
  command: { type: 'booking.end_window', delivered_ms },
  after_ms,
})

type Push = Extract<Effect, { type: 'push.send' }>
type Announce = Extract<Effect, { type: 'dispatch.announce' }>

const push = (user_id: string, template: Push['data']['template'], booking_id: string): Push => ({
  type: 'push.send',
  data: { user_id, template, booking_id },
})

const announce = (
  booking_id: string,
  pickup: Announce['data']['pickup'],
  requirement: Announce['data']['requirement'],
): Announce => ({ type: 'dispatch.announce', data: { booking_id, pickup, requirement } })
