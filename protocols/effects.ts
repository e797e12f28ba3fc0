import { type Static, Type } from 'typebox'
import { Cents, Id, Instant, Point } from './ids.ts'
import { HoldNumber } from './payment.ts'
import { Requirement } from './runner.ts'

/** One hold of a payment: all that is needed to make its intent, or to find it again. */
const Order = {
  booking_id: Id,
  hold: HoldNumber,
  amount_cents: Cents,
  currency: Type.String(),
  payment_method: Type.String(),
  /** When it was asked for. */
  since_ms: Instant,
}

/** All that the system asks of the world outside its actors. Each is called after its frame is durable, at least once. */
export const effects = {
  /** A notice for one person: a row of the inbox, named by the effect's id, so that a repeat changes nothing. */
  'push.send': Type.Object({
    user_id: Id,
    template: Type.Union([
      Type.Literal('runner_assigned'),
      Type.Literal('runner_declined'),
      Type.Literal('pet_picked_up'),
      Type.Literal('delivered'),
      Type.Literal('completed'),
      Type.Literal('cancelled'),
      Type.Literal('payment_needed'),
      Type.Literal('payment_held'),
      Type.Literal('payment_failed'),
      Type.Literal('payment_released'),
      Type.Literal('payment_refunded'),
      Type.Literal('hold_expiring'),
    ]),
    booking_id: Id,
  }),
  /** Tells runners near the pickup, who could take it, that a booking is open. */
  'dispatch.announce': Type.Object({ booking_id: Id, pickup: Point, requirement: Requirement }),
  /** Makes the intent of a hold and asks for the money. */
  'stripe.create': Type.Object(Order),
  'stripe.capture': Type.Object({
    booking_id: Id,
    hold: HoldNumber,
    stripe_payment_id: Type.String(),
    amount_cents: Cents,
  }),
  /** Lets a hold go; its intent is made first where there is none, so that no late call can still hold money. */
  'stripe.cancel': Type.Object({ ...Order, stripe_payment_id: Type.String() }),
  /** Gives back what an intent has: ends its hold, refunds what was captured. */
  'stripe.refund': Type.Object({ booking_id: Id, hold: HoldNumber, stripe_payment_id: Type.String() }),
  /** Looks how an intent stands. */
  'stripe.check': Type.Object({
    booking_id: Id,
    hold: HoldNumber,
    stripe_payment_id: Type.String(),
    since_ms: Instant,
  }),
}

export type Effect = {
  [Name in keyof typeof effects]: Readonly<{ type: Name; data: Static<(typeof effects)[Name]> }>
}[keyof typeof effects]
