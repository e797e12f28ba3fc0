// Tokens that are not what they say, and what is sent a second time.
import { createHmac, randomUUID } from 'node:crypto'
import {
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { limits } from '../../protocols/limits.ts'
import { freshKeys, type Keys } from '../identity/keys.ts'
import { freshRefresh } from '../identity/tokens.ts'
import { signatureOf } from '../stripe/sandbox/webhooks.ts'
import { api_resource } from '../sts/claims.ts'
import { knock } from '../ws/probe.ts'
import { startWorld, type World } from './authority.given.ts'
import { test_config, test_stripe } from './testing.ts'

let keys: Keys
let world: World
beforeAll(async () => {
  keys = await freshKeys()
  world = await startWorld(keys)
})
afterAll(() => world.stop())

const base64 = (value: object | string) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const admin_id = '55555555-1111-4111-8111-111111111111'

function claims(more: JWTPayload = {}): JWTPayload {
  const now = Math.floor(world.http.env.now_ms() / 1_000)
  const who = { sub: admin_id, user_id: admin_id, email: 'a@b.test', role: 'admin', token_type: 'access' }
  return { ...who, iss: test_config.token_issuer, jti: randomUUID(), iat: now, exp: now + 60, ...more }
}

/** Signed with our own key: only what is in it is wrong. */
const ours = (more: JWTPayload, header: Partial<JWTHeaderParameters> = {}) =>
  new SignJWT(claims(more)).setProtectedHeader({ alg: 'EdDSA', kid: keys.kid, ...header }).sign(keys.signing)

/** Signed by hand, as an attacker does who knows the public key alone. */
function unsigned(header: object, signature = ''): string {
  return `${base64(header)}.${base64(claims())}.${signature}`
}
function hmac(header: object, secret: string | Buffer): string {
  const text = `${base64(header)}.${base64(claims())}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

async function strangersKey() {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  return { signing: privateKey, jwk: await exportJWK(publicKey) }
}

/** By what is wrong with them. */
async function forgeries(): Promise<Readonly<Record<string, string>>> {
  const now = Math.floor(world.http.env.now_ms() / 1_000)
  const [jwk] = keys.jwks.keys
  const x = String(jwk?.x)
  const { kid } = keys
  const stranger = await strangersKey()
  const retired = await freshKeys()
  const good = await ours({})
  const [head = '', body = '', signature = ''] = good.split('.')
  const theirs = (header: object) =>
    new SignJWT(claims()).setProtectedHeader({ alg: 'EdDSA', ...header }).sign(stranger.signing)
  return {
    'alg none': unsigned({ alg: 'none', kid }),
    'alg None': unsigned({ alg: 'None', kid }, signature),
    'alg none, our signature': unsigned({ alg: 'none', kid }, signature),
    'no alg': unsigned({ kid }, signature),
    'HS256 with the public key as text': hmac({ alg: 'HS256', kid }, x),
    'HS256 with the public key as bytes': hmac({ alg: 'HS256', kid }, Buffer.from(x, 'base64url')),
    'HS256 with the JWK': hmac({ alg: 'HS256', kid }, JSON.stringify(jwk)),
    'HS256 with nothing': hmac({ alg: 'HS256', kid }, ''),
    'another key under our kid': await theirs({ kid }),
    'another key that it brings along': await theirs({ kid: 'mine', jwk: stranger.jwk }),
    'another key that it says where to fetch': await theirs({ kid, jku: 'http://127.0.0.1:9/keys' }),
    'a kid that is a path': await theirs({ kid: '../../../../dev/null' }),
    'a kid that is a query': await theirs({ kid: "' UNION SELECT 'x" }),
    'a key that is not there any more': await new SignJWT(claims())
      .setProtectedHeader({ alg: 'EdDSA', kid: retired.kid })
      .sign(retired.signing),
    'a header that must be understood': await new SignJWT(claims())
      .setProtectedHeader({ alg: 'EdDSA', kid, crit: ['urn:x'], 'urn:x': true })
      .sign(keys.signing, { crit: { 'urn:x': true } }),
    'another issuer': await ours({ iss: 'https://evil.test' }),
    'our issuer and a letter more': await ours({ iss: `${test_config.token_issuer}.` }),
    'another audience': await ours({ aud: 'urn:another:api', iss: test_config.sts_issuer }),
    'not yet valid': await ours({ nbf: now + 600 }),
    'no end': await ours({ exp: undefined as never }),
    'no id': await ours({ jti: undefined as never }),
    'an identity token': await ours({
      token_type: 'identity',
      aud: api_resource,
      iss: test_config.sts_issuer,
    }),
    'an id token': await ours({ token_type: undefined, aud: 'phone', iss: test_config.sts_issuer }),
    'a service token': world.tokens.service,
    'a service that names a user': await ours({ token_type: 'service' }),
    'two users': await ours({ user_id: '11111111-1111-4111-8111-111111111111' }),
    'a role that is none': await ours({ role: 'superuser' }),
    'the role of the system': await ours({ role: 'service' }),
    'several roles': await ours({ role: ['owner', 'admin'] }),
    'a changed body': `${head}.${base64({ ...claims(), role: 'admin' })}.${signature}`,
    'a cut signature': `${head}.${body}.${signature.slice(0, 40)}`,
    'no signature': `${head}.${body}.`,
    'two parts': `${head}.${body}`,
    'four parts': `${good}.${signature}`,
    'a body that is no JSON': `${head}.${base64('{')}.${signature}`,
    'too long': `${head}.${base64({ ...claims(), filler: 'x'.repeat(limits.token_bytes_max) })}.${signature}`,
    'a refresh token': freshRefresh(0).token,
    'a null byte': `${good}%00`,
  }
}

test('AB10 no forged, foreign or outdated token is taken by any door', async () => {
  const forged = Object.entries(await forgeries())
  expect(forged.length).toBeGreaterThan(35)
  for (const [what, token] of forged) {
    const seen = await world.http.call('GET', '/api/v1/admin/users', { token })
    expect({ status: seen.status, code: seen.body.code }, what).toEqual({
      status: 401,
      code: 'auth.invalid_token',
    })
    for (const path of ['/ws/runner', `/ws/tracking/${world.booking_id}`]) {
      const url = `${world.http.origin.replace('http', 'ws')}${path}?token=${encodeURIComponent(token)}`
      expect((await knock(url)).status, `${what} at ${path}`).toBe(401)
    }
  }
  const good = await ours({})
  expect((await world.http.call('GET', '/api/v1/admin/users', { token: good })).status).toBe(200)
  const sts = await ours({ iss: test_config.sts_issuer, aud: api_resource })
  expect((await world.http.call('GET', '/api/v1/admin/users', { token: sts })).status).toBe(200)
}, 60_000)

test('AB11 an access token counts in its header alone, and a session cookie is no token', async () => {
  const token = world.tokens.admin
  const path = '/api/v1/admin/users'
  const tries: readonly (readonly [string, Record<string, string>])[] = [
    [`${path}?token=${token}`, {}],
    [`${path}?access_token=${token}`, {}],
    [path, { cookie: `token=${token}` }],
    [path, { cookie: `kilat_session=${token}` }],
    [path, { 'x-access-token': token }],
    [path, { authorization: token }],
    [path, { authorization: `Basic ${base64(`admin:${token}`)}` }],
  ]
  for (const [at, headers] of tries)
    expect(
      (await world.http.call('GET', at, { headers })).status,
      JSON.stringify([at, headers]).slice(0, 60),
    ).toBe(401)
})

test('AB12 an expired token stays expired after it was good, and its refresh token is no access token', async () => {
  const fresh = await startWorld(keys)
  try {
    const token = fresh.tokens.owner
    expect((await fresh.http.call('GET', '/api/v1/auth/profile', { token })).status).toBe(200)
    await fresh.http.env.advance(limits.access_token_seconds * 1_000)
    const late = await fresh.http.call('GET', '/api/v1/auth/profile', { token })
    expect({ status: late.status, code: late.body.code }).toEqual({ status: 401, code: 'auth.expired' })
    const url = `${fresh.http.origin.replace('http', 'ws')}/ws/tracking/${fresh.booking_id}?token=${token}`
    expect((await knock(url)).status).toBe(401)
  } finally {
    fresh.stop()
  }
})

test('AB13 a refresh token that comes back after its grace ends its whole family, the newest too', async () => {
  const { http } = world
  const auth = (path: string, body: object) => http.call('POST', `/api/v1/auth/${path}`, { body })
  const made = await auth('register', {
    email: 'reuse@kilat.test',
    password: 'correct horse',
    full_name: 'R',
    role: 'owner',
  })
  const { refresh_token: first } = made.body.data as { refresh_token: string }
  const next = async (token: string) => {
    const answered = await auth('refresh', { refresh_token: token })
    return {
      status: answered.status,
      token: String((answered.body.data as { refresh_token?: string })?.refresh_token),
    }
  }
  const second = await next(first)
  const third = await next(second.token)
  await http.env.advance(limits.refresh_grace_ms)
  expect((await next(first)).status).toBe(401)
  expect((await next(third.token)).status).toBe(401)
  expect((await next(second.token)).status).toBe(401)
})

const event = (id: string, status = 'requires_capture') => ({
  id,
  object: 'event',
  type: 'payment_intent.updated',
  data: {
    object: {
      id: 'pi_1',
      object: 'payment_intent',
      status,
      amount: 73_948,
      amount_received: 0,
      latest_charge: 'ch_1',
      last_payment_error: null,
      next_action: null,
      metadata: { booking_id: world.booking_id, hold: '1' },
    },
  },
})

test('AB14 a webhook of another secret, of long ago, with another body or without a signature changes nothing', async () => {
  const body = JSON.stringify(event('evt_1'))
  const now_ms = Date.now()
  const secret = test_stripe.webhook_secret
  const old_ms = now_ms - limits.stripe_signature_seconds * 1_000 - 5_000
  const good = signatureOf(body, secret, now_ms)
  const send = (text: string, signature?: string) =>
    world.http.call('POST', '/api/v1/payments/webhook', {
      body: text,
      headers: signature === undefined ? {} : { 'stripe-signature': signature },
    })
  const before = world.kept()
  const bad: readonly (readonly [string, string | undefined])[] = [
    [body, undefined],
    [body, ''],
    [body, 't=1,v1=00'],
    [body, signatureOf(body, 'whsec_another', now_ms)],
    [body, signatureOf(body, secret, old_ms)],
    [body, good.replace(/t=\d+/, `t=${Math.floor(now_ms / 1_000) - 1}`)],
    [body, good.replace('v1=', 'v0=')],
    [JSON.stringify(event('evt_1', 'succeeded')), good],
    [`${body} `, good],
  ]
  for (const [text, signature] of bad)
    expect((await send(text, signature)).body.code, String(signature)).toBe('payment.signature')
  expect(world.kept() === before).toBe(true)
  expect((await send(body, good)).status).toBe(200)
  const taken = world.kept()
  expect(taken === before).toBe(false)
  expect((await send(body, good)).status).toBe(200)
  expect(world.kept() === taken, 'the same event twice').toBe(true)
})

test('AB10 a key that only verifies signs nothing: the public half opens no door', async () => {
  const [jwk] = keys.jwks.keys
  expect(jwk && 'd' in jwk).toBe(false)
  const shown = await world.http.call('GET', '/.well-known/jwks.json')
  expect(shown.text).not.toContain('"d"')
  const half = await importJWK({ ...jwk }, 'EdDSA')
  await expect(
    new SignJWT(claims()).setProtectedHeader({ alg: 'EdDSA', kid: keys.kid }).sign(half as never),
  ).rejects.toThrow()
})
