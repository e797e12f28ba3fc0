import { expect, test } from 'vitest'
import type { Intent } from '../../gateways/stripe/sandbox/objects.ts'
import { audit, type OurBooking } from './money_audit.ts'

const intent = (more: Partial<Intent>): Intent => ({
  id: 'pi_1',
  created_ms: 1,
  amount: 500,
  currency: 'myr',
  capture_method: 'manual',
  metadata: { booking_id: 'b1' },
  status: 'succeeded',
  payment_method: 'pm_card_visa',
  return_url: '',
  approval_url: '',
  last_error: null,
  held_ms: 1,
  captured: 500,
  captures: 1,
  refunded: 0,
  ...more,
})
const booking = (escrow_status: 'held' | 'released' | 'failed', status = 'completed'): OurBooking => ({
  id: 'b1',
  status,
  payment: { id: 'b1', escrow_status, amount_cents: 500, stripe_payment_id: 'pi_1' },
})

test('DR5 ledgers that agree to the sen are found to agree', () => {
  const held = intent({ status: 'requires_capture', captured: 0, captures: 0 })
  expect(audit([booking('released')], [intent({})]).wrong).toEqual([])
  expect(audit([booking('held', 'requested')], [held])).toEqual({
    ours: { released: 0, held: 500 },
    theirs: { released: 0, held: 500 },
    wrong: [],
  })
})

test('DR5 every sen that is elsewhere is told', () => {
  const held = intent({ status: 'requires_capture', captured: 0, captures: 0 })
  expect(audit([booking('failed')], [intent({})]).wrong).toHaveLength(1)
  expect(audit([booking('released')], [intent({ captured: 499 })]).wrong).toHaveLength(1)
  expect(audit([booking('released')], [intent({ captures: 2 })]).wrong).toHaveLength(1)
  expect(audit([booking('released')], [intent({}), { ...held, id: 'pi_2' }]).wrong).toHaveLength(1)
  expect(audit([booking('held', 'cancelled')], [held]).wrong).toHaveLength(1)
  expect(audit([], [intent({})]).wrong).toHaveLength(1)
})
