import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Stripe from 'stripe'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemEnv } from '../../../engine/system_env.ts'
import { stripeClient } from '../client.ts'
import type { Faults } from './faults.ts'
import { type Sandbox, startSandbox } from './server.ts'

const env = systemEnv('error')
const secrets = { secret_key: 'sk_test_sandbox', webhook_secret: 'whsec_sandbox' }
let folder: string
let sandbox: Sandbox
let stripe: Stripe
let hook: Awaited<ReturnType<typeof listener>>

/** Takes webhooks, and gives each to whoever waits for its type. */
async function listener() {
  const heard: { readonly body: string; readonly signature: string }[] = []
  const waiting = new Set<() => void>()
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const signature = String(req.headers['stripe-signature'])
      heard.push({ body: Buffer.concat(chunks).toString('utf8'), signature })
      res.end('{}')
      for (const call of waiting) call()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const events = () =>
    heard.map(({ body, signature }) =>
      stripe.webhooks.constructEvent(body, signature, secrets.webhook_secret),
    )
  const until = (holds: (events: readonly Stripe.Event[]) => boolean) =>
    new Promise<readonly Stripe.Event[]>((resolve) => {
      const look = () => {
        if (!holds(events())) return
        waiting.delete(look)
        resolve(events())
      }
      waiting.add(look)
      look()
    })
  const close = () => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  }
  return { url: `http://127.0.0.1:${port}/hook`, until, close }
}

const open = (port = 0) =>
  startSandbox({ env, port, path: join(folder, 'ledger.jsonl'), webhook_url: hook.url, ...secrets })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kilat-sandbox-'))
  stripe = new Stripe('sk_test_nobody')
  hook = await listener()
  sandbox = await open()
  stripe = stripeClient({ ...secrets, api_url: `http://127.0.0.1:${sandbox.port}`, default_method: '' })
})
afterEach(async () => {
  await sandbox.stop()
  await hook.close()
  await rm(folder, { recursive: true, force: true })
})

const order = (payment_method: string): Stripe.PaymentIntentCreateParams => ({
  amount: 73_948,
  currency: 'myr',
  capture_method: 'manual',
  payment_method,
  metadata: { booking_id: 'b1' },
})
const confirmed = async (payment_method: string) => {
  const { id } = await stripe.paymentIntents.create(order(payment_method))
  return stripe.paymentIntents.confirm(id, { return_url: 'http://127.0.0.1/done' })
}
const control = (path: string, body: string, type = 'application/json') =>
  fetch(`http://127.0.0.1:${sandbox.port}/sandbox/${path}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body,
  })
const faulty = (faults: Partial<Faults>) => control('faults', JSON.stringify(faults))

test('SB1 the official client holds, captures and refunds, each at most once', async () => {
  const held = await confirmed('pm_card_visa')
  expect(held).toMatchObject({ status: 'requires_capture', amount_capturable: 73_948, amount_received: 0 })
  expect(await stripe.paymentIntents.capture(held.id)).toMatchObject({
    status: 'succeeded',
    amount_received: 73_948,
  })
  const unexpected = { code: 'payment_intent_unexpected_state' }
  await expect(stripe.paymentIntents.capture(held.id)).rejects.toMatchObject(unexpected)
  await expect(stripe.paymentIntents.cancel(held.id)).rejects.toMatchObject(unexpected)
  expect(await stripe.refunds.create({ payment_intent: held.id })).toMatchObject({ amount: 73_948 })
  await expect(stripe.refunds.create({ payment_intent: held.id })).rejects.toMatchObject({
    code: 'charge_already_refunded',
  })
  const other = await confirmed('pm_card_visa')
  expect(await stripe.paymentIntents.cancel(other.id)).toMatchObject({ status: 'canceled' })
})

test('SB2 the documented test methods are declined for their reasons, and others are unknown', async () => {
  const reasons = {
    pm_card_visa_chargeDeclined: 'generic_decline',
    pm_card_visa_chargeDeclinedInsufficientFunds: 'insufficient_funds',
  }
  for (const [method, decline_code] of Object.entries(reasons)) {
    const refused = confirmed(method)
    await expect(refused).rejects.toBeInstanceOf(Stripe.errors.StripeCardError)
    await expect(refused).rejects.toMatchObject({ decline_code, statusCode: 402 })
  }
  await expect(confirmed('pm_nothing')).rejects.toBeInstanceOf(Stripe.errors.StripeInvalidRequestError)
})

test('SB3 a method that needs approval waits for its page', async () => {
  for (const [answer, status] of [
    ['yes', 'requires_capture'],
    ['no', 'requires_payment_method'],
  ]) {
    const { id, status: before, next_action } = await confirmed('pm_card_threeDSecure2Required')
    const page = next_action?.redirect_to_url?.url ?? ''
    expect([before, (await fetch(page)).status]).toEqual(['requires_action', 200])
    await fetch(page, { method: 'POST', body: new URLSearchParams({ answer: answer ?? '' }) })
    expect((await stripe.paymentIntents.retrieve(id)).status).toBe(status)
  }
})

test('SB4 a key is answered once and for all, a 500 as well, and serves one call only', async () => {
  const create = (idempotencyKey: string, amount = 500) =>
    stripe.paymentIntents.create({ ...order(''), amount }, { idempotencyKey })
  expect((await create('k1')).id).toBe((await create('k1')).id)
  await expect(create('k1', 600)).rejects.toBeInstanceOf(Stripe.errors.StripeIdempotencyError)
  await faulty({ saved_500s: 1 })
  await expect(create('k2')).rejects.toMatchObject({ statusCode: 500 })
  await faulty({})
  await expect(create('k2')).rejects.toMatchObject({ statusCode: 500 })
  expect((await create('k3')).status).toBe('requires_payment_method')
})

test('SB5 an answer may be lost though all was done, and the list shows what', async () => {
  await faulty({ lost_answers: 1 })
  const create = fetch(`http://127.0.0.1:${sandbox.port}/v1/payment_intents`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secrets.secret_key}` },
    body: new URLSearchParams({
      amount: '500',
      payment_method: 'pm_card_visa',
      'metadata[booking_id]': 'b1',
    }),
  })
  await expect(create).rejects.toThrow()
  await faulty({})
  const { data } = await stripe.paymentIntents.list({ limit: 10 })
  expect(data.map(({ status, metadata }) => [status, metadata.booking_id])).toEqual([
    ['requires_confirmation', 'b1'],
  ])
})

test('SB6 every change is told by a signed webhook, as often as it takes', async () => {
  await faulty({ doubled_webhooks: 1 })
  const { id } = await confirmed('pm_card_visa')
  const type = 'payment_intent.amount_capturable_updated'
  const events = await hook.until((all) => all.filter((event) => event.type === type).length === 2)
  expect(events.map(({ data }) => (data.object as { id: string }).id)).toEqual(events.map(() => id))
})

test('SB7 the ledger and its keys survive the end of the process, half a line at the end included', async () => {
  const key = { idempotencyKey: 'k1' }
  const made = await stripe.paymentIntents.create(order('pm_card_visa'), key)
  const { port } = sandbox
  await sandbox.stop()
  const path = join(folder, 'ledger.jsonl')
  await appendFile(path, '{"intent":{"id":"pi_half')
  sandbox = await open(port)
  expect((await stripe.paymentIntents.retrieve(made.id)).status).toBe('requires_confirmation')
  expect((await stripe.paymentIntents.create(order('pm_card_visa'), key)).id).toBe(made.id)
  expect(await readFile(path, 'utf8')).not.toContain('pi_half')
})

test('SB8 nobody calls without the key, and a hold can be made to lapse', async () => {
  const access = { ...secrets, api_url: `http://127.0.0.1:${sandbox.port}`, default_method: '' }
  const stranger = stripeClient({ ...access, secret_key: 'sk_test_other' })
  await expect(stranger.paymentIntents.list()).rejects.toBeInstanceOf(Stripe.errors.StripeAuthenticationError)
  const { id } = await confirmed('pm_card_visa')
  await control(`lapse/${id}`, '')
  expect((await stripe.paymentIntents.retrieve(id)).status).toBe('canceled')
  expect((await faulty({ lost_answers: 7 })).status).toBe(400)
})
