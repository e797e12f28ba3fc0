import { wireTime, wireTimeOrNull } from '../protocols/times.ts'
import type { Payment } from './payment.ts'

/** Payment of contract 3.0.1, with all that 3.0.2 wants present. Its id is the booking's. */
export const paymentView = (state: Payment, id: string) => ({
  id,
  booking_id: id,
  booking_number: state.booking_number,
  owner_id: state.owner_id,
  runner_id: state.runner_id === '' ? null : state.runner_id,
  escrow_status: state.status,
  amount_cents: state.amount_cents,
  platform_fee_cents: state.platform_fee_cents,
  runner_payout_cents: state.runner_payout_cents,
  currency: state.currency,
  payment_method: state.payment_method,
  stripe_payment_id: state.stripe_payment_id,
  escrow_held_at: wireTimeOrNull(state.held_ms),
  escrow_released_at: wireTimeOrNull(state.released_ms),
  refunded_at: wireTimeOrNull(state.refunded_ms),
  refund_reason: state.status === 'refunded' ? state.return_reason : '',
  failure_reason: state.status === 'failed' ? state.failure : '',
  version: state.version,
  created_at: wireTime(state.created_ms),
  updated_at: wireTime(state.updated_ms),
})
