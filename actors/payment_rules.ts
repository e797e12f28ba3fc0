/** How a payment answers what is asked of it, and what it makes of the provider's word. */
import type { Context, Decision } from '../protocols/actor.ts'
import { limits } from '../protocols/limits.ts'
import type { Observation, PaymentEvent, paymentCommands, paymentSteps } from '../protocols/payment.ts'
import { reject } from '../protocols/rejections.ts'
import type { MessageOf } from '../protocols/shape.ts'
import type { Payment } from './payment.ts'

type Create = MessageOf<typeof paymentSteps, 'payment.create'>
type Review = MessageOf<typeof paymentSteps, 'payment.review'>
type Refund = MessageOf<typeof paymentCommands, 'payment.refund'>

/** Fee and payout of an amount: contract 5.5. */
export function shares(amount_cents: number, percent: number) {
  const platform_fee_cents = Math.trunc((amount_cents * percent) / 100)
  return { platform_fee_cents, runner_payout_cents: amount_cents - platform_fee_cents }
}

/** A first hold, or the next one after a failure. */
export function create(state: Payment, { type: _type, ...order }: Create, { policy }: Context): PaymentEvent {
  const sums = shares(order.amount_cents, policy.platform_fee_percent)
  return { type: 'payment.escrow_created', ...order, ...sums, hold: state.hold + 1 }
}

const named = ({ booking_number, owner_id, runner_id }: Payment) => ({ booking_number, owner_id, runner_id })

const summed = (state: Payment) => ({
  ...named(state),
  amount_cents: state.amount_cents,
  platform_fee_cents: state.platform_fee_cents,
  runner_payout_cents: state.runner_payout_cents,
  currency: state.currency,
})

/** Names, sums and intent of the present hold. */
export const ordered = (state: Payment) => ({
  ...summed(state),
  hold: state.hold,
  stripe_payment_id: state.stripe_payment_id,
})

const findable = (state: Payment) => ({
  ...ordered(state),
  payment_method: state.payment_method,
  since_ms: state.since_ms,
})

/** Gives back what is held or may become so. A capture that is under way is not stopped: the delivery was confirmed. */
export function returning(state: Payment, reason: string): readonly PaymentEvent[] {
  const may_hold = state.status === 'pending' || state.status === 'held'
  return may_hold && state.aim === 'hold'
    ? [{ type: 'payment.return_requested', ...findable(state), reason }]
    : []
}

/** An admin gives back a hold. Rejects with `payment.not_found`, `payment.not_held`, or `payment.capturing`. */
export function refund(state: Payment, { reason }: Refund): Decision<PaymentEvent> {
  if (state.status === 'none') return reject('payment.not_found', 'nothing was paid for it')
  if (state.status === 'refunded') return []
  if (state.status !== 'held') return reject('payment.not_held', `it is ${state.status}`)
  if (state.aim === 'capture') return reject('payment.capturing', 'the delivery was confirmed')
  return returning(state, reason)
}

/** What is to be looked at again: a hold that is not there yet, or that should have ended. One that waits too long is given up. */
export function review(
  state: Payment,
  { hold, round }: Review,
  { at_ms, policy }: Context,
): readonly PaymentEvent[] {
  if (state.hold !== hold) return []
  if (
    state.status === 'pending' &&
    state.aim === 'hold' &&
    at_ms - state.since_ms >= policy.hold_pending_max_ms
  )
    return returning(state, 'it was not completed in time')
  if (state.aim === 'return') return []
  const lapsing = state.status === 'held' && at_ms >= state.expires_ms
  if (state.status !== 'pending' && !lapsing) return []
  const { payment_method: _method, ...rest } = findable(state)
  return [{ type: 'payment.reviewed', ...rest, round }]
}

/** The provider's word about an intent, from whatever way it came and however late. */
export function observed(
  state: Payment,
  seen: Observation,
  { at_ms, policy }: Context,
): readonly PaymentEvent[] {
  if (state.status === 'none') return []
  if (seen.hold !== state.hold || state.status === 'failed' || state.status === 'refunded')
    return stray(state, seen)
  const is_double = isDouble(state, seen)
  if (state.status === 'pending')
    return is_double && !hasMoney(seen) ? [] : ofPending(state, seen, at_ms, policy.hold_life_ms)
  if (is_double) return stray(state, seen)
  return state.status === 'held' ? ofHeld(state, seen) : []
}

/** Another intent of the same hold, as two processes make that both try at once: its end is not the end of ours. */
const isDouble = (state: Payment, { stripe_payment_id: id }: Observation) =>
  state.stripe_payment_id !== '' && id !== '' && id !== state.stripe_payment_id

const hasMoney = ({ status, captured_cents, refunded_cents }: Observation) =>
  status === 'requires_capture' || (status === 'succeeded' && captured_cents > refunded_cents)

/** An intent that nobody wants any more and that has money all the same; each state of it is taken up once. */
function stray({ strays }: Payment, seen: Observation): readonly PaymentEvent[] {
  const { hold, stripe_payment_id, status } = seen
  const is_known = strays.includes(strayOf(stripe_payment_id, status)) || strays.length >= strays_max
  return hasMoney(seen) && !is_known ? [{ type: 'payment.stray_found', hold, stripe_payment_id, status }] : []
}

const strays_max = 4 * limits.holds_per_payment_max
export const strayOf = (stripe_payment_id: string, status: string) => `${stripe_payment_id} ${status}`

function ofPending(
  state: Payment,
  seen: Observation,
  at_ms: number,
  hold_life_ms: number,
): readonly PaymentEvent[] {
  const { status, stripe_payment_id, failure, redirect_url } = seen
  if (state.aim === 'return') return ofReturning(state, seen)
  if (status === 'canceled') return [failed(state, stripe_payment_id, failure || 'the hold was cancelled')]
  if (status === 'requires_capture' || status === 'succeeded') {
    const expires_ms = seen.capture_before_ms || at_ms + hold_life_ms
    const held: PaymentEvent = {
      type: 'payment.escrow_held',
      ...ordered(state),
      stripe_payment_id,
      expires_ms,
    }
    return state.capture_due
      ? [held, { type: 'payment.capture_requested', ...ordered(state), stripe_payment_id }]
      : [held]
  }
  if (failure !== '') return [failed(state, stripe_payment_id, failure)]
  if (status !== 'requires_action' || redirect_url === '' || redirect_url === state.redirect_url) return []
  return [
    { type: 'payment.action_required', ...named(state), hold: state.hold, stripe_payment_id, redirect_url },
  ]
}

function ofHeld(state: Payment, seen: Observation): readonly PaymentEvent[] {
  const { status, stripe_payment_id, failure } = seen
  if (state.aim === 'return') return ofReturning(state, seen)
  if (status === 'canceled') return [failed(state, stripe_payment_id, failure || 'the hold has lapsed')]
  if (state.aim !== 'capture') return []
  if (status === 'succeeded') return [{ type: 'payment.escrow_released', ...ordered(state) }]
  return failure === '' ? [] : [failed(state, stripe_payment_id, failure)]
}

/** A hold that goes back has ended when its intent is cancelled, or refunded where it was captured after all. */
function ofReturning(state: Payment, seen: Observation): readonly PaymentEvent[] {
  const { status, stripe_payment_id, captured_cents, refunded_cents } = seen
  const given_back = status === 'succeeded' && refunded_cents >= captured_cents
  if (status === 'succeeded' && !given_back) return stray(state, seen)
  if (status !== 'canceled' && !given_back) return []
  if (state.status === 'pending' && !given_back)
    return [failed(state, stripe_payment_id, state.return_reason)]
  const refund_reason = state.return_reason
  return [{ type: 'payment.escrow_refunded', ...ordered(state), stripe_payment_id, refund_reason }]
}

const failed = (state: Payment, stripe_payment_id: string, reason: string): PaymentEvent => ({
  type: 'payment.failed',
  ...findable(state),
  stripe_payment_id,
  reason,
})
