// What is believed for its signature: access tokens and webhooks.
import fc from 'fast-check'
import { Check } from 'typebox/value'
import { SteppedEnv } from '../../engine/clock.ts'
import { freshKeys } from '../../gateways/identity/keys.ts'
import { accessToken } from '../../gateways/identity/tokens.ts'
import { openVerifier } from '../../gateways/principal.ts'
import { stripeClient } from '../../gateways/stripe/client.ts'
import { type Intent, wireIntent } from '../../gateways/stripe/sandbox/objects.ts'
import { payloadOf, signatureOf } from '../../gateways/stripe/sandbox/webhooks.ts'
import { webhookReader } from '../../gateways/stripe/webhook.ts'
import type { Account } from '../../protocols/accounts.ts'
import { paymentSteps } from '../../protocols/payment.ts'
import { isRefusal } from '../../protocols/rejections.ts'
import { insistUnpolluted } from './codec_targets.ts'
import { edited, editedJson, edits, type JsonEdit, jsonEdits } from './edits.ts'
import { type Fuzzed, fuzzed, insist } from './target.ts'

const account: Account = {
  id: '11111111-1111-4111-8111-111111111111',
  email: 'fuzz@kilat.test',
  phone: '',
  full_name: 'Fuzz',
  role: 'owner',
  is_verified: true,
  avatar_url: '',
  password_hash: '',
  version: 1,
  created_ms: 0,
}
const issuer = 'kilat-pet-runner'

const bytesOf = (part: string) => Buffer.from(part, 'base64url')
const asJson = (part: string): unknown => JSON.parse(bytesOf(part).toString())
const asPart = (value: unknown) => Buffer.from(JSON.stringify(value) ?? '').toString('base64url')

/** Base64url has several texts for the same bytes: those are the same token. */
const same = (one: string, other: string) => {
  const [left, right] = [one.split('.'), other.split('.')]
  return (
    left.length === right.length && left.every((part, at) => bytesOf(part).equals(bytesOf(right[at] ?? '')))
  )
}

/** A changed token is refused, whichever part was changed and however; the genuine one is believed. */
export async function tokenTarget(): Promise<Fuzzed> {
  const env = new SteppedEnv()
  const keys = await freshKeys()
  const bans = { has: () => false, watch: () => () => {} }
  const verifier = openVerifier({ keys, issuers: [issuer], bans, env })
  const genuine = await accessToken(account, keys, issuer, env)
  const [header = '', payload = '', signature = ''] = genuine.split('.')
  const forged = (changes: readonly JsonEdit[], claims: readonly JsonEdit[], tail: string) =>
    [asPart(editedJson(asJson(header), changes)), asPart(editedJson(asJson(payload), claims)), tail].join('.')
  const algorithms = ['none', 'HS256', 'ES256', 'EdDSA', 'eddsa', ''].map((alg) =>
    asPart({ alg, typ: 'JWT' }),
  )
  const token = fc.oneof(
    edits.map((changes) => Buffer.from(edited(Buffer.from(genuine), changes)).toString('latin1')),
    fc.tuple(jsonEdits, jsonEdits, fc.constantFrom(signature, '')).map((parts) => forged(...parts)),
    fc.constantFrom(...algorithms).map((head) => `${head}.${payload}.${signature}`),
    fc.string({ maxLength: 100 }),
  )
  return fuzzed({
    name: 'tokens',
    share: 5,
    batch: 64,
    input: token,
    async attempt(inputs, tally) {
      for (const given of inputs) {
        const outcome = await verifier.verify(given)
        if (!isRefusal(outcome)) insist(same(given, genuine), 'a token that was not made by us is believed')
        tally(isRefusal(outcome) ? outcome.rejected : 'believed')
      }
      insistUnpolluted()
    },
  })
}

const now_ms = Date.now()
const booking_id = '77777777-7777-4777-8777-777777777777'
const intents: readonly Intent[] = (
  ['requires_capture', 'requires_payment_method', 'succeeded', 'canceled'] as const
).map((status, index) => ({
  id: `pi_fuzz${index}`,
  created_ms: now_ms,
  amount: 73_948,
  currency: 'myr',
  capture_method: 'manual',
  metadata: { booking_id, hold: '1' },
  status,
  payment_method: 'pm_card_visa',
  return_url: 'http://127.0.0.1/',
  approval_url: index === 1 ? 'http://127.0.0.1/approve' : '',
  last_error: index === 1 ? { code: 'card_declined', decline_code: 'generic_decline' } : null,
  held_ms: now_ms,
  captured: 0,
  captures: 0,
  refunded: 0,
}))
/** What the provider sends of a payment, whole. */
const payloads: readonly string[] = intents.map((intent) =>
  payloadOf({
    id: `evt_${intent.id}`,
    type: `payment_intent.${intent.status}`,
    created_ms: now_ms,
    object: wireIntent(intent, true),
  } as Parameters<typeof payloadOf>[0]),
)

/** A webhook is believed for its signature alone; one that is signed and strange tells nothing, or what a payment may observe. */
export function webhookTarget(): Fuzzed {
  const secret = 'whsec_fuzz'
  const stripe = stripeClient({ secret_key: 'sk_test_nobody', webhook_secret: secret, default_method: '' })
  const reader = webhookReader(stripe, secret)
  const input = fc.record({
    which: fc.nat(payloads.length - 1),
    fields: jsonEdits,
    bytes: edits,
    /** Signed after the fields were changed, so that strange contents are genuine. */
    signed: fc.boolean(),
    signature: edits,
  })
  return fuzzed({
    name: 'webhooks',
    share: 6,
    batch: 64,
    input,
    attempt(inputs, tally) {
      for (const { which, ...how } of inputs) {
        const genuine = payloads[which] ?? ''
        const { raw, signature, is_signed } = sent(genuine, secret, how)
        tally(verdict(reader.read(raw, signature), is_signed))
      }
      insistUnpolluted()
    },
  })
}

interface Forgery {
  readonly fields: readonly JsonEdit[]
  readonly bytes: readonly number[]
  readonly signed: boolean
  readonly signature: readonly number[]
}

/** What arrives: a strange body with a signature over it, or changed bytes with that of the genuine body. */
function sent(genuine: string, secret: string, { fields, bytes, signed, signature }: Forgery) {
  const strange = JSON.stringify(editedJson(JSON.parse(genuine), fields)) ?? ''
  if (signed)
    return { raw: Buffer.from(strange), signature: signatureOf(strange, secret, now_ms), is_signed: true }
  const raw = edited(Buffer.from(strange), bytes)
  const shown = edited(Buffer.from(signatureOf(genuine, secret, now_ms)), signature)
  return {
    raw,
    signature: Buffer.from(shown).toString('latin1'),
    is_signed: Buffer.compare(raw, Buffer.from(genuine)) === 0,
  }
}

function verdict(told: ReturnType<ReturnType<typeof webhookReader>['read']>, is_genuine: boolean): string {
  if (isRefusal(told)) return told.rejected
  insist(is_genuine, 'a webhook is believed that nobody signed')
  if (!told) return 'none of ours'
  insist(Check(paymentSteps['payment.observe'], told.seen), 'a webhook tells what no payment may observe')
  return 'told'
}
