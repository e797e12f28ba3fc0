import type Stripe from 'stripe'
import { checkCommand } from '../../protocols/check.ts'
import { limits } from '../../protocols/limits.ts'
import type { Observation } from '../../protocols/payment.ts'
import { isRefusal, type Rejection, reject } from '../../protocols/rejections.ts'
import { marksOf, observationOf } from './observation.ts'

/** What a webhook tells about a payment of ours. */
export interface Told {
  readonly booking_id: string
  readonly seen: Observation
}

export interface WebhookReader {
  /** Undefined: it is genuine and none of our business. Ends in `payment.signature`, or `request.malformed` for an intent of ours that no payment can be like. */
  read(raw: Uint8Array, signature: string): Told | undefined | Rejection
}

/** Believes what is signed with our secret and at most five minutes old; a body that was sent twice may be read twice. */
export function webhookReader(stripe: Stripe, secret: string): WebhookReader {
  return {
    read(raw, signature) {
      const event = eventOf(stripe, raw, signature, secret)
      if (!event) return reject('payment.signature', '')
      const intent = intentIn(event)
      const marks = intent && marksOf(intent)
      const seen = marks && observationOf(intent, marks.hold)
      if (!marks || !seen) return undefined
      const checked = checkCommand('payment.observe', seen)
      return isRefusal(checked) ? checked : { booking_id: marks.booking_id, seen }
    },
  }
}

/** A signature says who wrote, not what: a later version of their API may write otherwise. */
function intentIn({ type, data }: Partial<Stripe.Event>): Stripe.PaymentIntent | undefined {
  if (typeof type !== 'string' || !type.startsWith('payment_intent.')) return undefined
  const object: unknown = data?.object
  return typeof object === 'object' && object !== null ? (object as Stripe.PaymentIntent) : undefined
}

function eventOf(
  stripe: Stripe,
  raw: Uint8Array,
  signature: string,
  secret: string,
): Stripe.Event | undefined {
  try {
    const tolerance = limits.stripe_signature_seconds
    const event: unknown = stripe.webhooks.constructEvent(Buffer.from(raw), signature, secret, tolerance)
    return typeof event === 'object' && event !== null ? (event as Stripe.Event) : undefined
  } catch {
    return undefined
  }
}
