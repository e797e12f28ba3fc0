import { type Static, Type } from 'typebox'
import { Cents, Id, Instant, MaybeId } from './ids.ts'
import { limits } from './limits.ts'
import { sealedMax } from './personal.ts'
import type { MessageOf } from './shape.ts'

/** Which hold of the payment: each try of its owner is an intent of its own at the provider. */
export const HoldNumber = Type.Integer({ minimum: 1, maximum: limits.holds_per_payment_max })
const IntentId = Type.String({ minLength: 1, maxLength: 255 })
const MaybeIntentId = Type.String({ maxLength: 255 })
/** A payment method of the provider; '' is the deployment's own choice. */
export const PaymentMethod = Type.String({ maxLength: 100, pattern: '^[A-Za-z0-9_]*$', default: '' })
const Why = Type.String({ maxLength: 600, personal: true })
/** The provider's words, or the reason that the hold went back for. */
const Failure = Type.String({ maxLength: sealedMax(600) })

/** Where the provider's intent stands, whoever tells: the answer to a call, a webhook, or a look of our own. */
export const IntentStatus = Type.Union([
  Type.Literal('requires_payment_method'),
  Type.Literal('requires_confirmation'),
  Type.Literal('requires_action'),
  Type.Literal('processing'),
  Type.Literal('requires_capture'),
  Type.Literal('succeeded'),
  Type.Literal('canceled'),
])

const sums = {
  amount_cents: Cents,
  platform_fee_cents: Cents,
  runner_payout_cents: Cents,
  currency: Type.String(),
}
const names = { booking_number: Type.String(), owner_id: Id, runner_id: MaybeId }

export const paymentCommands = {
  'payment.refund': Type.Object({ reason: Type.String({ minLength: 1, maxLength: 500, personal: true }) }),
}

export const paymentSteps = {
  /** Its booking asks for a hold. The amount is the booking's, never a client's. */
  'payment.create': Type.Object({
    ...names,
    amount_cents: Cents,
    currency: Type.String(),
    payment_method: PaymentMethod,
  }),
  /** The delivery was confirmed: nothing else moves money to the platform. */
  'payment.capture': Type.Object({ runner_id: Id }),
  /** The booking was cancelled. */
  'payment.cancel': Type.Object({ reason: Why }),
  'payment.assign_runner': Type.Object({ runner_id: MaybeId }),
  'payment.observe': Type.Object({
    hold: HoldNumber,
    /** '' when there is none and cannot be one. */
    stripe_payment_id: MaybeIntentId,
    status: IntentStatus,
    captured_cents: Cents,
    refunded_cents: Cents,
    /** Where the owner approves, '' when he need not. */
    redirect_url: Type.String({ maxLength: 2_000 }),
    /** Why the provider refuses for good, '' when it does not. */
    failure: Type.String({ maxLength: 200 }),
    /** When the hold lapses; 0 when the provider did not say. */
    capture_before_ms: Instant,
  }),
  /** Time to look again at a hold that is not there yet, or should be over. */
  'payment.review': Type.Object({ hold: HoldNumber, round: Type.Integer({ minimum: 1, maximum: 1_000 }) }),
  'payment.warn': Type.Object({ hold: HoldNumber }),
}

export const paymentQueries = {
  'payment.view': Type.Object({}),
}

const intent = { hold: HoldNumber, stripe_payment_id: IntentId }

/** What has happened to a payment. The journal holds these for ever: add fields, never repurpose one. */
export const paymentEvents = {
  'payment.escrow_created': Type.Object({
    ...names,
    ...sums,
    hold: HoldNumber,
    payment_method: Type.String(),
  }),
  'payment.action_required': Type.Object({ ...names, ...intent, redirect_url: Type.String() }),
  'payment.escrow_held': Type.Object({ ...names, ...sums, ...intent, expires_ms: Instant }),
  /** The delivery was confirmed while no hold was there: the next one is captured at once. */
  'payment.capture_due': Type.Object({ runner_id: Id }),
  'payment.capture_requested': Type.Object({ ...names, ...sums, ...intent }),
  /** What is held goes back to its owner. */
  'payment.return_requested': Type.Object({
    ...names,
    ...sums,
    hold: HoldNumber,
    stripe_payment_id: MaybeIntentId,
    payment_method: Type.String(),
    since_ms: Instant,
    reason: Why,
  }),
  'payment.escrow_released': Type.Object({ ...names, ...sums, ...intent }),
  'payment.escrow_refunded': Type.Object({ ...names, ...sums, ...intent, refund_reason: Why }),
  'payment.failed': Type.Object({
    ...names,
    ...sums,
    hold: HoldNumber,
    stripe_payment_id: MaybeIntentId,
    payment_method: Type.String(),
    since_ms: Instant,
    reason: Failure,
  }),
  /** Money was found on an intent that nobody wants any more: it goes back. */
  'payment.stray_found': Type.Object({ ...intent, status: IntentStatus }),
  'payment.runner_assigned': Type.Object({ runner_id: MaybeId }),
  'payment.reviewed': Type.Object({
    ...names,
    ...sums,
    hold: HoldNumber,
    round: Type.Integer({ minimum: 1 }),
    stripe_payment_id: MaybeIntentId,
    since_ms: Instant,
  }),
  'payment.hold_expiring': Type.Object({ ...names, hold: HoldNumber, expires_ms: Instant }),
}

export type PaymentEvent = MessageOf<typeof paymentEvents>
export type Observation = Omit<MessageOf<typeof paymentSteps, 'payment.observe'>, 'type'>
export type EscrowStatus = 'pending' | 'held' | 'released' | 'refunded' | 'failed'
export type IntentStatus = Static<typeof IntentStatus>
