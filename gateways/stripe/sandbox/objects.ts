// What the sandbox keeps, and how it looks on Stripe's wire: only the fields that anybody here reads, under their real names.

export type Status =
  | 'requires_payment_method'
  | 'requires_confirmation'
  | 'requires_action'
  | 'requires_capture'
  | 'succeeded'
  | 'canceled'

export interface CardError {
  readonly code: string
  readonly decline_code: string
}

export interface Intent {
  readonly id: string
  readonly created_ms: number
  readonly amount: number
  readonly currency: string
  readonly capture_method: 'manual' | 'automatic'
  readonly metadata: Readonly<Record<string, string>>
  readonly status: Status
  readonly payment_method: string
  readonly return_url: string
  /** Where the owner approves; '' when there is nothing to approve. */
  readonly approval_url: string
  readonly last_error: CardError | null
  readonly held_ms: number
  readonly captured: number
  /** How often money was taken; never more than once, and counted so that it can be checked. */
  readonly captures: number
  readonly refunded: number
}

/** Uncaptured card payments lapse after seven days. */
export const hold_life_ms = 7 * 86_400_000

const charged: ReadonlySet<Status> = new Set<Status>(['requires_capture', 'succeeded'])
const seconds = (ms: number) => Math.floor(ms / 1_000)

function chargeOf(intent: Intent) {
  const { id, held_ms, amount, currency, captured, refunded, metadata } = intent
  return {
    id: `ch_${id.slice(3)}`,
    object: 'charge',
    amount,
    amount_captured: captured,
    amount_refunded: refunded,
    captured: captured > 0,
    refunded: refunded > 0 && refunded === captured,
    currency,
    metadata,
    payment_intent: id,
    payment_method_details: { type: 'card', card: { capture_before: seconds(held_ms + hold_life_ms) } },
  }
}

/** A PaymentIntent as the API shows it. */
export function wireIntent(intent: Intent, with_charge: boolean): object {
  const { id, status, amount, captured, last_error, approval_url, return_url } = intent
  const charge = intent.held_ms > 0 ? chargeOf(intent) : null
  return {
    id,
    object: 'payment_intent',
    amount,
    amount_capturable: status === 'requires_capture' ? amount : 0,
    amount_received: captured,
    capture_method: intent.capture_method,
    client_secret: `${id}_secret_sandbox`,
    created: seconds(intent.created_ms),
    currency: intent.currency,
    last_payment_error:
      last_error && !charged.has(status)
        ? { type: 'card_error', ...last_error, message: 'It was declined.' }
        : null,
    latest_charge: with_charge ? charge : (charge?.id ?? null),
    livemode: false,
    metadata: intent.metadata,
    next_action:
      status === 'requires_action'
        ? { type: 'redirect_to_url', redirect_to_url: { url: approval_url, return_url } }
        : null,
    payment_method: intent.payment_method === '' ? null : intent.payment_method,
    payment_method_types: ['card'],
    status,
  }
}

/** How one of Stripe's documented test methods behaves; a name that is in no row is no method. */
type Behaviour = 'good' | 'approve' | CardError
const declined = (decline_code: string, code = 'card_declined'): CardError => ({ code, decline_code })
export const methods: Readonly<Record<string, Behaviour>> = {
  pm_card_visa: 'good',
  pm_card_visa_debit: 'good',
  pm_card_mastercard: 'good',
  pm_card_amex: 'good',
  pm_card_my: 'good',
  pm_card_threeDSecure2Required: 'approve',
  pm_card_threeDSecureRequired: 'approve',
  pm_card_authenticationRequired: 'approve',
  pm_card_visa_chargeDeclined: declined('generic_decline'),
  pm_card_visa_chargeDeclinedInsufficientFunds: declined('insufficient_funds'),
  pm_card_visa_chargeDeclinedLostCard: declined('lost_card'),
  pm_card_visa_chargeDeclinedStolenCard: declined('stolen_card'),
  pm_card_chargeDeclinedExpiredCard: declined('expired_card', 'expired_card'),
  pm_card_chargeDeclinedIncorrectCvc: declined('incorrect_cvc', 'incorrect_cvc'),
  pm_card_chargeDeclinedProcessingError: declined('processing_error', 'processing_error'),
}
