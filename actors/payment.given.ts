/** The words, events and effects that the tests of payments speak of. */
import type { FollowUp } from '../protocols/actor.ts'
import type { MoneyStatus } from '../protocols/booking.ts'
import type { Effect } from '../protocols/effects.ts'
import type { Observation, PaymentEvent, paymentSteps } from '../protocols/payment.ts'
import type { MessageOf } from '../protocols/shape.ts'
import { booking_number, owner, runner } from './booking.given.ts'
import { noon_ms, self } from './given.ts'

type Of<Type extends PaymentEvent['type']> = Extract<PaymentEvent, { type: Type }>

export const day_ms = 86_400_000
export const names = { booking_number, owner_id: owner.id, runner_id: '' }
/** 15 % of 739.48, cut off. */
export const sums = {
  amount_cents: 73_948,
  platform_fee_cents: 11_092,
  runner_payout_cents: 62_856,
  currency: 'MYR',
}
export const intent_id = 'pi_1'
const intent = { hold: 1, stripe_payment_id: intent_id }
const found = { payment_method: '', since_ms: noon_ms }

export const create: MessageOf<typeof paymentSteps, 'payment.create'> = {
  type: 'payment.create',
  ...names,
  amount_cents: 73_948,
  currency: 'MYR',
  payment_method: '',
}
export const created: Of<'payment.escrow_created'> = {
  type: 'payment.escrow_created',
  ...names,
  ...sums,
  hold: 1,
  payment_method: '',
}
export const held: Of<'payment.escrow_held'> = {
  type: 'payment.escrow_held',
  ...names,
  ...sums,
  ...intent,
  expires_ms: noon_ms + 7 * day_ms,
}
export const wanted: Of<'payment.capture_requested'> = {
  type: 'payment.capture_requested',
  ...names,
  ...sums,
  ...intent,
  runner_id: runner.id,
}
export const released: Of<'payment.escrow_released'> = { ...wanted, type: 'payment.escrow_released' }
export const returned = (reason: string, stripe_payment_id = intent_id): Of<'payment.return_requested'> => ({
  type: 'payment.return_requested',
  ...names,
  ...sums,
  hold: 1,
  stripe_payment_id,
  ...found,
  reason,
})
export const refunded = (refund_reason: string): Of<'payment.escrow_refunded'> => ({
  type: 'payment.escrow_refunded',
  ...names,
  ...sums,
  ...intent,
  refund_reason,
})
export const failed = (reason: string, stripe_payment_id = intent_id): Of<'payment.failed'> => ({
  type: 'payment.failed',
  ...names,
  ...sums,
  hold: 1,
  stripe_payment_id,
  ...found,
  reason,
})

export const seen = (status: Observation['status'], more: Partial<Observation> = {}) =>
  ({
    type: 'payment.observe',
    ...intent,
    status,
    captured_cents: status === 'succeeded' ? sums.amount_cents : 0,
    refunded_cents: 0,
    redirect_url: '',
    failure: '',
    capture_before_ms: 0,
    ...more,
  }) as const

export const tells = (money: MoneyStatus, stage: number): FollowUp => ({
  to: { actor: 'booking', id: self },
  command: { type: 'booking.payment_is', money, stage },
})
export const looks = (after_ms: number, round = 1, hold = 1): FollowUp => ({
  to: { actor: 'payment', id: self },
  command: { type: 'payment.review', hold, round },
  after_ms,
})
export const letsGo = (stripe_payment_id = intent_id, hold = 1): Effect => ({
  type: 'stripe.cancel',
  data: {
    booking_id: self,
    hold,
    amount_cents: sums.amount_cents,
    currency: 'MYR',
    ...found,
    stripe_payment_id,
  },
})
export const tellsPerson = (
  user_id: string,
  template: Extract<Effect, { type: 'push.send' }>['data']['template'],
): Effect => ({ type: 'push.send', data: { user_id, template, booking_id: self } })
