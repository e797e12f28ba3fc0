/** What a payment's events ask of the provider, of its booking, and of the people who wait for the money. */
import type { Actor, FollowUp } from '../protocols/actor.ts'
import type { MoneyStatus } from '../protocols/booking.ts'
import type { Effect } from '../protocols/effects.ts'
import type { paymentCommands, paymentEvents, paymentSteps } from '../protocols/payment.ts'

type Reactions = NonNullable<
  Actor<unknown, typeof paymentCommands & typeof paymentSteps, typeof paymentEvents>['react']
>

/** Later words about a payment have a higher stage: its hold's number, then how far that is. */
const ranks: Readonly<Record<MoneyStatus, number>> = {
  pending: 0,
  waiting: 1,
  held: 2,
  released: 3,
  refunded: 3,
  failed: 3,
}

export const paymentReactions: Reactions = {
  'payment.escrow_created': (event, { id, at_ms, policy }) => ({
    follow_ups: [tell(id, 'pending', event.hold), look(id, event.hold, 1, policy.hold_review_ms)],
    effects: [
      {
        type: 'stripe.create',
        data: {
          booking_id: id,
          hold: event.hold,
          amount_cents: event.amount_cents,
          currency: event.currency,
          payment_method: event.payment_method,
          since_ms: at_ms,
        },
      },
    ],
  }),

  'payment.action_required': ({ hold, owner_id }, { id }) => ({
    follow_ups: [tell(id, 'waiting', hold)],
    effects: [push(owner_id, 'payment_needed', id)],
  }),

  'payment.escrow_held': ({ hold, owner_id, expires_ms }, { id, at_ms, policy }) => ({
    follow_ups: [
      tell(id, 'held', hold),
      {
        to: { actor: 'payment', id },
        command: { type: 'payment.warn', hold },
        after_ms: Math.max(0, expires_ms - at_ms - policy.hold_warning_ms),
      },
      look(id, hold, 1, Math.max(0, expires_ms - at_ms) + policy.hold_review_ms),
    ],
    effects: [push(owner_id, 'payment_held', id)],
  }),

  'payment.capture_requested': ({ hold, stripe_payment_id, amount_cents }, { id }) => ({
    effects: [{ type: 'stripe.capture', data: { booking_id: id, hold, stripe_payment_id, amount_cents } }],
  }),

  'payment.return_requested': (event, { id }) => ({ effects: [letGo(event, id)] }),

  'payment.escrow_released': ({ hold, runner_id }, { id }) => ({
    follow_ups: [tell(id, 'released', hold)],
    effects: runner_id === '' ? [] : [push(runner_id, 'payment_released', id)],
  }),

  'payment.escrow_refunded': ({ hold, owner_id }, { id }) => ({
    follow_ups: [tell(id, 'refunded', hold)],
    effects: [push(owner_id, 'payment_refunded', id)],
  }),

  // Whatever is left of the intent ends, so that nobody can still approve it.
  'payment.failed': (event, { id }) => ({
    follow_ups: [tell(id, 'failed', event.hold)],
    effects: [letGo(event, id), push(event.owner_id, 'payment_failed', id)],
  }),

  'payment.stray_found': ({ hold, stripe_payment_id }, { id }) => ({
    effects: [{ type: 'stripe.refund', data: { booking_id: id, hold, stripe_payment_id } }],
  }),

  'payment.reviewed': ({ hold, round, stripe_payment_id, since_ms }, { id, policy }) => ({
    follow_ups: [look(id, hold, round + 1, Math.min(policy.hold_review_ms * 2 ** round, look_max_ms))],
    effects: [{ type: 'stripe.check', data: { booking_id: id, hold, stripe_payment_id, since_ms } }],
  }),

  'payment.hold_expiring': ({ owner_id, runner_id }, { id }) => ({
    effects: [owner_id, runner_id]
      .filter((person) => person !== '')
      .map((person) => push(person, 'hold_expiring', id)),
  }),
}

const look_max_ms = 3_600_000

const tell = (id: string, money: MoneyStatus, hold: number): FollowUp => ({
  to: { actor: 'booking', id },
  command: { type: 'booking.payment_is', money, stage: 10 * hold + ranks[money] },
})

const look = (id: string, hold: number, round: number, after_ms: number): FollowUp => ({
  to: { actor: 'payment', id },
  command: { type: 'payment.review', hold, round: Math.min(round, 1_000) },
  after_ms,
})

interface Ended {
  readonly hold: number
  readonly amount_cents: number
  readonly currency: string
  readonly payment_method: string
  readonly since_ms: number
  readonly stripe_payment_id: string
}

const letGo = (event: Ended, booking_id: string): Effect => ({
  type: 'stripe.cancel',
  data: {
    booking_id,
    hold: event.hold,
    amount_cents: event.amount_cents,
    currency: event.currency,
    payment_method: event.payment_method,
    since_ms: event.since_ms,
    stripe_payment_id: event.stripe_payment_id,
  },
})

type Push = Extract<Effect, { type: 'push.send' }>

const push = (user_id: string, template: Push['data']['template'], booking_id: string): Push => ({
  type: 'push.send',
  data: { user_id, template, booking_id },
})
