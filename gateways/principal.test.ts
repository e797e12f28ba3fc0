import { randomUUID } from 'node:crypto'
import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { expect, test } from 'vitest'
import { SteppedEnv } from '../engine/clock.ts'
import { limits } from '../protocols/limits.ts'
import { accountOf } from './http/testing.ts'
import { freshKeys, type Keys } from './identity/keys.ts'
import { accessToken, freshRefresh } from './identity/tokens.ts'
import { openVerifier } from './principal.ts'

const issuer = 'kilat-pet-runner'
const nobody = { has: () => false, watch: () => () => {} }
const account = accountOf({ id: '11111111-1111-4111-8111-111111111111', role: 'runner' })

async function opened() {
  const env = new SteppedEnv()
  const keys = await freshKeys()
  return { env, keys, verifier: openVerifier({ keys, issuers: [issuer], bans: nobody, env }) }
}

/** A token as we would sign it, with other claims. */
function signed(keys: Keys, env: SteppedEnv, claims: JWTPayload): Promise<string> {
  const now = Math.floor(env.now_ms() / 1_000)
  const { id, email, role } = account
  const usual = { sub: id, user_id: id, email, role, token_type: 'access', iss: issuer, jti: randomUUID() }
  return new SignJWT({ ...usual, iat: now, exp: now + 60, ...claims })
    .setProtectedHeader({ alg: 'EdDSA', kid: keys.kid })
    .sign(keys.signing)
}

test('ID1 an access token says who it is for, for fifteen minutes and no longer', async () => {
  const { env, keys, verifier } = await opened()
  const token = await accessToken(account, keys, issuer, env)
  const verified = { principal: { id: account.id, role: 'runner' }, email: account.email }
  expect(await verifier.verify(token)).toMatchObject(verified)
  await env.advance(limits.access_token_seconds * 1_000 - 1_000)
  expect(await verifier.verify(token)).toMatchObject(verified)
  await env.advance(1_000)
  expect(await verifier.verify(token)).toMatchObject({ rejected: 'auth.expired' })
  expect(await openVerifier({ keys, issuers: [issuer], bans: nobody, env }).verify(token)).toMatchObject({
    rejected: 'auth.expired',
  })
})

test('ID1 an access token carries the claims that the apps know', async () => {
  const { env, keys } = await opened()
  const token = await accessToken(account, keys, issuer, env)
  const [head, claims] = token
    .split('.', 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as unknown)
  const iat = Math.floor(env.now_ms() / 1_000)
  expect(head).toEqual({ alg: 'EdDSA', kid: keys.kid, typ: 'JWT' })
  expect(claims).toEqual({
    jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    sub: account.id,
    user_id: account.id,
    email: account.email,
    role: 'runner',
    token_type: 'access',
    iss: issuer,
    iat,
    exp: iat + 900,
  })
})

test('ID2 a token of another issuer, type, role or shape is refused', async () => {
  const { env, keys, verifier } = await opened()
  const wrong: JWTPayload[] = [
    { iss: 'somebody-else' },
    { token_type: 'refresh' },
    { role: 'service' },
    { role: 'emperor' },
    { sub: 'not-a-uuid', user_id: 'not-a-uuid' },
    { user_id: '22222222-2222-4222-8222-222222222222' },
    { nbf: Math.floor(env.now_ms() / 1_000) + 600 },
  ]
  for (const claims of wrong)
    expect(await verifier.verify(await signed(keys, env, claims)), JSON.stringify(claims)).toMatchObject({
      rejected: 'auth.invalid_token',
    })
  expect(await verifier.verify(await signed(keys, env, {}))).toMatchObject({ principal: { role: 'runner' } })
})

test('ID3 no other algorithm and no other key passes for ours', async () => {
  const { env, keys, verifier } = await opened()
  const claims = { user_id: account.id, role: 'admin', token_type: 'access' }
  const fill = <Token extends SignJWT | UnsecuredJWT>(token: Token): Token => {
    token.setIssuer(issuer).setSubject(account.id).setJti(randomUUID()).setIssuedAt()
    return token.setExpirationTime(Math.floor(env.now_ms() / 1_000) + 60) as Token
  }
  const secret = Buffer.from(keys.jwks.keys[0]?.x ?? '', 'base64url')
  const stranger = await freshKeys()
  const forged = [
    fill(new UnsecuredJWT(claims)).encode(),
    await fill(new SignJWT(claims)).setProtectedHeader({ alg: 'HS256', kid: keys.kid }).sign(secret),
    await signed({ ...stranger, kid: keys.kid }, env, { role: 'admin' }),
    await signed(stranger, env, { role: 'admin' }),
  ]
  for (const token of [...forged, freshRefresh(0).token, 'a.b.c', '', 'ü'.repeat(4_000)])
    expect(await verifier.verify(token)).toMatchObject({ rejected: 'auth.invalid_token' })
})

test('ID4 a token that was changed by one letter after it was verified is refused', async () => {
  const { env, keys, verifier } = await opened()
  const token = await accessToken(account, keys, issuer, env)
  await verifier.verify(token)
  const [head, claims = '', signature] = token.split('.')
  const admin = Buffer.from(
    Buffer.from(claims, 'base64url').toString().replace('"runner"', '"admin"'),
  ).toString('base64url')
  expect(await verifier.verify([head, admin, signature].join('.'))).toMatchObject({
    rejected: 'auth.invalid_token',
  })
})
