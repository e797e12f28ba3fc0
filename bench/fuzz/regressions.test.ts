// Inputs that failed once, each tried again as it was when it was found.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { behaviours } from '../../actors/behaviours.ts'
import { startHttp, type TestHttp } from '../../gateways/http/testing.ts'
import { stripeClient } from '../../gateways/stripe/client.ts'
import { signatureOf } from '../../gateways/stripe/sandbox/webhooks.ts'
import { webhookReader } from '../../gateways/stripe/webhook.ts'
import { isRefusal } from '../../protocols/rejections.ts'

const secret = 'whsec_regression'
const access = { secret_key: 'sk_test_nobody', webhook_secret: secret, default_method: '' }
const reader = webhookReader(stripeClient(access), secret)

/** What a webhook with this body and a good signature tells. */
function read(body: unknown): string {
  const text = JSON.stringify(body)
  const told = reader.read(Buffer.from(text), signatureOf(text, secret, Date.now()))
  if (isRefusal(told)) return told.rejected
  return told === undefined ? 'none of ours' : 'told'
}

const booking_id = '77777777-7777-4777-8777-777777777777'
const intent = {
  id: 'pi_1',
  object: 'payment_intent',
  status: 'succeeded',
  amount_received: 100,
  metadata: { booking_id, hold: '1' },
  latest_charge: null,
  next_action: null,
}
const event = (object: unknown, type: unknown = 'payment_intent.succeeded') => ({
  id: 'evt_1',
  object: 'event',
  type,
  data: { object },
})

const webhooks: readonly (readonly [what: string, body: unknown, outcome: string])[] = [
  ['as it should be', event(intent), 'told'],
  ['no type', { id: 'evt_1', object: 'event', data: { object: intent } }, 'none of ours'],
  ['a type that is an object', event(intent, {}), 'none of ours'],
  ['a type that is a list', event(intent, []), 'none of ours'],
  ['no data', { id: 'evt_1', object: 'event', type: 'payment_intent.succeeded' }, 'none of ours'],
  ['an intent that is null', event(null), 'none of ours'],
  ['metadata that is null', event({ ...intent, metadata: null }), 'none of ours'],
  [
    'a booking that is a list',
    event({ ...intent, metadata: { booking_id: [booking_id], hold: '1' } }),
    'none of ours',
  ],
  [
    'an amount that is a text',
    event({ ...intent, amount_received: '9999-12-31T23:59:59Z' }),
    'request.malformed',
  ],
  [
    'a time that turns into no number',
    event({
      ...intent,
      latest_charge: { payment_method_details: { card: { capture_before: { valueOf: 1, toString: 1 } } } },
    }),
    'request.malformed',
  ],
  ['an intent without an id', event({ ...intent, id: null }), 'request.malformed'],
]

test.each(webhooks)('FZ6 a signed webhook: %s', (_what, body, outcome) => {
  expect(read(body)).toBe(outcome)
})

let http: TestHttp
beforeAll(async () => {
  http = await startHttp(behaviours)
})
afterAll(() => http?.stop())

const requests: readonly (readonly [what: string, method: string, path: string, body: object])[] = [
  [
    'a body that looks like a refusal of ours',
    'POST',
    `/api/v1/bookings/${booking_id}/cancel`,
    { rejected: 'overloaded', detail: '' },
  ],
  ['one with a code that there is not', 'POST', `/api/v1/bookings/${booking_id}/cancel`, { rejected: [] }],
]

test.each(requests)('FZ6 a request: %s', async (_what, method, path, body) => {
  const token = await http.tokenFor({ id: booking_id, role: 'owner' })
  const { status, body: answered } = await http.call(method, path, { token, body })
  // There is no such booking: what the body says must not get that far.
  expect([status, answered.code]).toEqual([404, 'booking.not_found'])
})
