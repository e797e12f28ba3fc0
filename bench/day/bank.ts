import type { Effects } from '../../engine/ports.ts'
import type { IntentStatus } from '../../protocols/payment.ts'

interface Intent {
  status: IntentStatus
  amount_cents: number
  captured_cents: number
  refunded_cents: number
}

/** A payment provider without a wire: every card is good, and every call succeeds at the first try. */
export class Bank {
  readonly #intents = new Map<string, Intent>()

  readonly run: Effects['run'] = async (effect) => {
    if (!effect.type.startsWith('stripe.') || !('hold' in effect.data)) return undefined
    const { booking_id, hold } = effect.data
    const key = `pi_${booking_id}_${hold}`
    const known = this.#intents.get(key)
    const amount_cents = 'amount_cents' in effect.data ? effect.data.amount_cents : (known?.amount_cents ?? 0)
    const intent = known ?? { status: 'requires_capture', amount_cents, captured_cents: 0, refunded_cents: 0 }
    this.#intents.set(key, intent)
    if (effect.type === 'stripe.capture') {
      intent.status = 'succeeded'
      intent.captured_cents = intent.amount_cents
    } else if (effect.type === 'stripe.cancel' || effect.type === 'stripe.refund') {
      intent.refunded_cents = intent.captured_cents
      if (intent.captured_cents === 0) intent.status = 'canceled'
    }
    const { status, captured_cents, refunded_cents } = intent
    const command = {
      type: 'payment.observe',
      hold,
      stripe_payment_id: key,
      status,
      captured_cents,
      refunded_cents,
      redirect_url: '',
      failure: '',
      capture_before_ms: 0,
    }
    return { to: { actor: 'payment', id: booking_id }, command }
  }
}
