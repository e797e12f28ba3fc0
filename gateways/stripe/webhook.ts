import type Stripe from 'stripe'
import { limits } from '../../protocols/limits.ts'
import type { Observation } from '../../protocols/payment.ts'
import { type Rejection, reject } from '../../protocols/rejections.ts'
import { marksOf, observationOf } from './observation.ts'

/** What a webhook tells about a payment of ours. */
export interface Told {
  readonly booking_id: string
  readonly seen: Observation
}

export interface WebhookReader {
  /** Undefined: it is genuine and none of our business. Ends in `payment.signature`. */
  read(raw: Uint8Array, signature: string): Told | undefined | Rejection
}

/** Believes what is signed with our secret and at most five minutes old; a body that was sent twice may be read twice. */
export function webhookReader(stripe: Stripe, secret: string): WebhookReader {
  return {
    read(raw, signature) {
      const event = eventOf(stripe, raw, signature, secret)
      if (!event) return reject('payment.signature', '')
      if (!event.type.startsWith('payment_intent.')) return undefined
      const intent = event.data.object as Stripe.PaymentIntent
      const marks = marksOf(intent)
      const seen = marks && observationOf(intent, marks.hold)
      return marks && seen ? { booking_id: marks.booking_id, seen } : undefined
    },
  }
}

function eventOf(
  stripe: Stripe,
  raw: Uint8Array,
  signature: string,
  secret: string,
): Stripe.Event | undefined {
  try {
    return stripe.webhooks.constructEvent(
      Buffer.from(raw),
      signature,
      secret,
      limits.stripe_signature_seconds,
    )
  } catch {
    return undefined
  }
}
