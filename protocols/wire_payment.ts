/** A payment as clients are answered: contract, section 3.0.1. */
import { Type } from 'typebox'
import { Id } from './ids.ts'
import { oneOf, orNull, Time } from './wire.ts'

const shown = {
  id: Id,
  booking_id: Id,
  booking_number: Type.String(),
  owner_id: Id,
  runner_id: orNull(Id),
  escrow_status: oneOf('pending', 'held', 'released', 'refunded', 'failed'),
  amount_cents: Type.Integer(),
  platform_fee_cents: Type.Integer(),
  runner_payout_cents: Type.Integer(),
  currency: Type.String(),
  payment_method: Type.String(),
  stripe_payment_id: Type.String(),
  escrow_held_at: orNull(Time),
  escrow_released_at: orNull(Time),
  refunded_at: orNull(Time),
  refund_reason: Type.String(),
  failure_reason: Type.String(),
  version: Type.Integer({ minimum: 1 }),
  created_at: Time,
  updated_at: Time,
}

export const wire_payment = {
  /** Its owner is shown the page of an approval as well. */
  Payment: Type.Object({ ...shown, redirect_url: Type.Optional(Type.String()) }),
  InitiatedPayment: Type.Object({
    ...shown,
    payment_intent_id: Type.String(),
    redirect_url: Type.String({ minLength: 1 }),
  }),
} as const
