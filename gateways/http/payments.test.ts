// Paying over HTTP, in front of the real actors; Stripe's word comes as webhooks that are signed as Stripe signs them.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { behaviours } from '../../actors/behaviours.ts'
import { request } from '../../actors/booking.given.ts'
import type { Role } from '../../protocols/actor.ts'
import { signatureOf } from '../stripe/sandbox/webhooks.ts'
import { type Answered, accountOf, startHttp, type TestHttp, test_stripe } from './testing.ts'

let http: TestHttp
beforeEach(async () => {
  http = await startHttp(behaviours)
})
afterEach(() => http.stop())

const idOf = (digit: string) => `${digit.repeat(8)}-1111-4111-8111-111111111111`
async function person(role: Role, digit: string) {
  const id = idOf(digit)
  await http.doors.accounts.create(accountOf({ id, role }))
  const token = await http.tokenFor({ id, role })
  return (method: string, path: string, body?: unknown) =>
    http.call(method, `/api/v1${path}`, { token, body })
}

const dataOf = ({ body }: Answered) => body.data as Readonly<Record<string, unknown>>
const told = ({ status, body }: Answered) => [status, body.code]

async function booked(owner: Awaited<ReturnType<typeof person>>): Promise<string> {
  const { type: _type, ...order } = request
  return String(dataOf(await owner('POST', '/bookings', order)).id)
}

const intentOf = (booking_id: string, status: string, hold = '1') => ({
  id: `evt_${status}`,
  object: 'event',
  type: 'payment_intent.updated',
  data: {
    object: {
      id: 'pi_1',
      object: 'payment_intent',
      status,
      amount_received: status === 'succeeded' ? 73_948 : 0,
      latest_charge: 'ch_1',
      last_payment_error:
        status === 'requires_payment_method' ? { decline_code: 'insufficient_funds' } : null,
      next_action:
        status === 'requires_action' ? { redirect_to_url: { url: 'https://pay.test/approve' } } : null,
      metadata: { booking_id, hold },
    },
  },
})

function webhook(event: object, secret = test_stripe.webhook_secret): Promise<Answered> {
  const body = JSON.stringify(event)
  const headers = { 'stripe-signature': signatureOf(body, secret, Date.now()) }
  return http.call('POST', '/api/v1/payments/webhook', { body, headers })
}

const initiate = (booking_id: string, more: object = {}) => ({
  booking_id,
  amount_cents: 1,
  currency: 'EUR',
  customer_email: '',
  ...more,
})

test('PY31 initiate asks once, for the booking’s own amount, and always names a page', async () => {
  const owner = await person('owner', 'a')
  const id = await booked(owner)
  const first = await owner('POST', '/payments/initiate', initiate(id.toUpperCase()))
  expect([first.status, dataOf(first)]).toEqual([
    201,
    expect.objectContaining({
      id,
      booking_id: id,
      escrow_status: 'pending',
      amount_cents: 73_948,
      platform_fee_cents: 11_092,
      runner_payout_cents: 62_856,
      currency: 'MYR',
      payment_intent_id: '',
      redirect_url: 'http://localhost:8080/payments/done',
    }),
  ])
  expect((await webhook(intentOf(id, 'requires_capture'))).status).toBe(200)
  const again = await owner('POST', '/payments/initiate', initiate(id, { customer_email: 'mei@example.com' }))
  expect([again.status, dataOf(again)]).toEqual([
    201,
    expect.objectContaining({ escrow_status: 'held', stripe_payment_id: 'pi_1', payment_intent_id: 'pi_1' }),
  ])
  const page = await fetch(`${http.origin}/payments/done`)
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('nothing more to do')])
})

test('PY32 what is wrong with an initiate is told', async () => {
  const owner = await person('owner', 'a')
  const id = await booked(owner)
  const wrong = [{ booking_id: 'x' }, { customer_email: 'nobody' }, { payment_method: 'pm card' }]
  for (const more of wrong)
    expect(told(await owner('POST', '/payments/initiate', initiate(id, more)))).toEqual([
      400,
      'request.malformed',
    ])
  const stranger = await person('owner', 'd')
  expect(told(await stranger('POST', '/payments/initiate', initiate(id)))).toEqual([403, 'booking.not_yours'])
  expect(told(await owner('POST', '/payments/initiate', initiate(idOf('9'))))).toEqual([
    404,
    'booking.not_found',
  ])
})

test('PY33 a declined payment is 402 with the reason, an approval names its page', async () => {
  const owner = await person('owner', 'a')
  const id = await booked(owner)
  await owner('POST', '/payments/initiate', initiate(id))
  await webhook(intentOf(id, 'requires_action'))
  const waiting = await owner('POST', '/payments/initiate', initiate(id))
  expect(dataOf(waiting)).toMatchObject({ redirect_url: 'https://pay.test/approve' })
  await webhook(intentOf(id, 'requires_payment_method'))
  expect(dataOf(await owner('GET', `/payments/${id}`))).toMatchObject({
    escrow_status: 'failed',
    failure_reason: 'insufficient_funds',
  })
  expect(dataOf(await owner('POST', '/payments/initiate', initiate(id)))).toMatchObject({
    escrow_status: 'pending',
  })
})

test('PY34 only a webhook with our signature is believed, and a doubled or late one is harmless', async () => {
  const owner = await person('owner', 'a')
  const id = await booked(owner)
  await owner('POST', '/payments/initiate', initiate(id))
  expect(told(await webhook(intentOf(id, 'requires_capture'), 'whsec_other'))).toEqual([
    400,
    'payment.signature',
  ])
  const unsigned = await http.call('POST', '/api/v1/payments/webhook', {
    body: intentOf(id, 'requires_capture'),
  })
  expect(unsigned.status).toBe(400)
  for (const status of ['requires_capture', 'requires_capture', 'requires_action', 'requires_payment_method'])
    expect((await webhook(intentOf(id, status))).status).toBe(200)
  expect(dataOf(await owner('GET', `/payments/booking/${id.toUpperCase()}`))).toMatchObject({
    escrow_status: 'held',
    version: 2,
  })
  const foreign = intentOf(id, 'succeeded')
  expect(
    (await webhook({ ...foreign, data: { object: { ...foreign.data.object, metadata: {} } } })).status,
  ).toBe(200)
})

test('PY35 who takes no part sees no payment, and only an admin gives one back', async () => {
  const owner = await person('owner', 'a')
  const [runner, admin] = [await person('runner', 'b'), await person('admin', 'c')]
  const id = await booked(owner)
  expect(told(await owner('GET', `/payments/${id}`))).toEqual([404, 'payment.not_found'])
  await owner('POST', '/payments/initiate', initiate(id))
  for (const path of [`/payments/${id}`, `/payments/booking/${id}`])
    expect(told(await runner('GET', path))).toEqual([403, 'payment.not_yours'])
  expect((await admin('GET', `/payments/${id}`)).status).toBe(200)
  const refund = { reason: 'a mistake' }
  expect(told(await owner('POST', `/payments/${id}/refund`, refund))).toEqual([403, 'auth.role'])
  expect(told(await admin('POST', `/payments/${id}/refund`, refund))).toEqual([422, 'payment.not_held'])
  await webhook(intentOf(id, 'requires_capture'))
  expect((await admin('POST', `/payments/${id}/refund`, refund)).status).toBe(200)
  await webhook(intentOf(id, 'canceled'))
  expect(dataOf(await admin('POST', `/payments/${id}/refund`, refund))).toMatchObject({
    escrow_status: 'refunded',
    refund_reason: 'a mistake',
  })
})

test('PY36 a runner is listed what was released to him, under items', async () => {
  const runner = await person('runner', 'b')
  expect(dataOf(await runner('GET', '/payments'))).toEqual({
    items: [],
    total: 0,
    page: 1,
    limit: 100,
    total_pages: 0,
  })
})
