import Stripe from 'stripe'
import { limits } from '../../protocols/limits.ts'

/** Where Stripe is and how it knows us; the embedded sandbox speaks the same language. */
export interface StripeAccess {
  readonly secret_key: string
  readonly webhook_secret: string
  /** Absent: Stripe itself. */
  readonly api_url?: string
  /** What is charged when a client names no method; '' leaves the choice to a page of Stripe's. */
  readonly default_method: string
}

type HttpClient = NonNullable<Stripe.StripeConfig['httpClient']>

/** The official client. It never tries again by itself: the outbox does, with a key of its own for each try. */
export function stripeClient({ secret_key, api_url }: StripeAccess, httpClient?: HttpClient): Stripe {
  const place = api_url === undefined ? undefined : new URL(api_url)
  return new Stripe(secret_key, {
    maxNetworkRetries: 0,
    timeout: limits.stripe_timeout_ms,
    telemetry: false,
    ...(httpClient ? { httpClient } : {}),
    ...(place
      ? { host: place.hostname, port: place.port, protocol: place.protocol === 'https:' ? 'https' : 'http' }
      : {}),
  })
}
