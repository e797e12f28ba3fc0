import type Stripe from 'stripe'
import type { IntentStatus, Observation } from '../../protocols/payment.ts'

type Intent = Stripe.PaymentIntent

/** The marks that we put on every intent: whose it is. */
export interface Marks {
  readonly booking_id: string
  readonly hold: number
}

/** Undefined: the intent is none of ours. */
export function marksOf({ metadata }: Pick<Intent, 'metadata'>): Marks | undefined {
  const { booking_id = '', hold = '' } = metadata ?? {}
  if (typeof booking_id !== 'string' || typeof hold !== 'string') return undefined
  return /^[0-9a-f-]{36}$/.test(booking_id) && /^[1-9]\d?$/.test(hold)
    ? { booking_id, hold: Number(hold) }
    : undefined
}

const statuses: ReadonlySet<string> = new Set<IntentStatus>([
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
  'processing',
  'requires_capture',
  'succeeded',
  'canceled',
])
const isStatus = (text: string): text is IntentStatus => statuses.has(text)

/** An intent in our words. `failure` is said by whoever knows more than the intent. Undefined for a status that we do not know. */
export function observationOf(
  intent: Intent,
  hold: number,
  failure = refusalOf(intent),
): Observation | undefined {
  const { id, status, amount_received, latest_charge, next_action } = intent
  if (!isStatus(status)) return undefined
  const charge = typeof latest_charge === 'object' ? latest_charge : null
  const capture_before = charge?.payment_method_details?.card?.capture_before ?? 0
  return {
    hold,
    stripe_payment_id: id,
    status,
    captured_cents: numberOf(amount_received),
    refunded_cents: numberOf(charge?.amount_refunded ?? 0),
    redirect_url: next_action?.redirect_to_url?.url ?? '',
    failure: typeof failure === 'string' ? failure.slice(0, 200) : '',
    capture_before_ms: numberOf(capture_before) * 1_000,
  }
}

/** What is no number is none: the check of the observation refuses it. */
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN)

/** Why the last try to pay was refused; '' where none was, or a later one went well. */
function refusalOf({ status, last_payment_error }: Intent): string {
  if (status !== 'requires_payment_method' || !last_payment_error) return ''
  return last_payment_error.decline_code ?? last_payment_error.code ?? last_payment_error.type ?? ''
}
