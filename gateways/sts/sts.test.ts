import * as client from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessToken } from '../identity/tokens.ts'
import { openVerifier } from '../principal.ts'
import { frontAuthorization } from './clients.ts'
import { actionOf, Browser, fieldOf, password, redirect_uri, startTestSts, type TestSts } from './testing.ts'

let sts: TestSts
beforeAll(async () => {
  sts = await startTestSts()
})
afterAll(() => sts.close())

const insecure = { execute: [client.allowInsecureRequests] }
const phone = () =>
  client.discovery(new URL(sts.issuer), 'phone', undefined, client.None(), {
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
  })
const reports = () =>
  client.discovery(new URL(sts.issuer), 'reports', 'reports-secret-of-some-length', undefined, insecure)

const scope = 'openid profile email offline_access api'

interface Started {
  readonly config: client.Configuration
  readonly browser: Browser
  readonly verifier: string
  readonly url: URL
}

async function begin(wanted = scope, browser = new Browser(sts.issuer)): Promise<Started> {
  const config = await phone()
  const verifier = client.randomPKCECodeVerifier()
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri,
    scope: wanted,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: 'a-state',
    prompt: 'consent',
  })
  return { config, browser, verifier, url }
}

/** Through our own pages: the email and password, then the consent. */
async function logIn(started: Started, email = sts.account.email): Promise<URL> {
  const { browser, url } = started
  const login = await browser.follow(url.href)
  const consent = await browser.follow(actionOf(login.text), {
    csrf: fieldOf(login.text, 'csrf'),
    action: 'login',
    email,
    password,
  })
  expect(consent.text).toContain('A phone &#38; &#60;co&#62; asks for access')
  const done = await browser.follow(actionOf(consent.text), {
    csrf: fieldOf(consent.text, 'csrf'),
    action: 'consent',
  })
  return new URL(done.location)
}

async function loggedIn(wanted = scope, browser?: Browser) {
  const started = await begin(wanted, browser)
  const callback = await logIn(started)
  const { config, verifier } = started
  const checks = { pkceCodeVerifier: verifier, expectedState: 'a-state' }
  const tokens = await client.authorizationCodeGrant(config, callback, checks)
  return { ...started, callback, tokens, refresh_token: tokens.refresh_token ?? '' }
}

const apiVerifier = () =>
  openVerifier({
    keys: sts.keys,
    issuers: [sts.config.token_issuer, sts.issuer],
    bans: { has: () => false, watch: () => () => {} },
    env: sts.env,
  })

test('ST10 discovery names every endpoint, and the key document shows the public halves of the keys of /api/v1/auth', async () => {
  const metadata = (await phone()).serverMetadata()
  expect(metadata).toMatchObject({
    issuer: sts.issuer,
    authorization_endpoint: `${sts.issuer}/auth`,
    token_endpoint: `${sts.issuer}/token`,
    userinfo_endpoint: `${sts.issuer}/me`,
    revocation_endpoint: `${sts.issuer}/token/revocation`,
    introspection_endpoint: `${sts.issuer}/token/introspection`,
    end_session_endpoint: `${sts.issuer}/session/end`,
    code_challenge_methods_supported: ['S256'],
    id_token_signing_alg_values_supported: expect.arrayContaining(['EdDSA']),
  })
  const jwks = (await (await fetch(String(metadata.jwks_uri))).json()) as { keys: { kid: string }[] }
  expect(jwks.keys.map(({ kid }) => kid)).toEqual([sts.keys.kid])
  expect(JSON.stringify(jwks)).not.toContain('"d"')
})

test('ST11 a login with PKCE through our pages gives tokens, and userinfo tells who it is', async () => {
  const { config, tokens } = await loggedIn()
  expect(tokens.claims()).toMatchObject({ sub: sts.account.id, aud: 'phone', iss: sts.issuer })
  expect(tokens.expires_in).toBe(900)
  const told = await client.fetchUserInfo(config, tokens.access_token, sts.account.id)
  expect(told).toEqual({
    sub: sts.account.id,
    name: sts.account.full_name,
    role: 'owner',
    email: sts.account.email,
    email_verified: true,
  })
})

test('ST11 a code is good for its own verifier, and once', async () => {
  const started = await begin()
  const callback = await logIn(started)
  const spend = (pkceCodeVerifier: string) =>
    client.authorizationCodeGrant(started.config, callback, { pkceCodeVerifier, expectedState: 'a-state' })
  await expect(spend(client.randomPKCECodeVerifier())).rejects.toMatchObject({ error: 'invalid_grant' })
  const tokens = await spend(started.verifier)
  await expect(spend(started.verifier)).rejects.toMatchObject({ error: 'invalid_grant' })
  await expect(client.refreshTokenGrant(started.config, tokens.refresh_token ?? '')).rejects.toMatchObject({
    error: 'invalid_grant',
  })
})

test('ST11 without PKCE there is no login', async () => {
  const { config } = await begin()
  const url = client.buildAuthorizationUrl(config, { redirect_uri, scope: 'openid' })
  const seen = await new Browser(sts.issuer).go(url.href)
  expect(new URL(seen.location).searchParams.get('error')).toBe('invalid_request')
})

test('ST12 an access token with the scope api is one of the API, with the claims that the apps know', async () => {
  const { tokens } = await loggedIn()
  expect(await apiVerifier().verify(tokens.access_token)).toMatchObject({
    principal: { id: sts.account.id, role: 'owner' },
    email: sts.account.email,
  })
  const claims = JSON.parse(Buffer.from(tokens.access_token.split('.')[1] ?? '', 'base64url').toString())
  expect(claims).toMatchObject({
    sub: sts.account.id,
    user_id: sts.account.id,
    email: sts.account.email,
    role: 'owner',
    token_type: 'access',
    jti: expect.any(String),
  })
})

test('ST12 without the scope api, and for an id token, the API says no', async () => {
  const { config, tokens } = await loggedIn('openid email offline_access')
  for (const token of [tokens.access_token, tokens.id_token ?? ''])
    expect(await apiVerifier().verify(token)).toMatchObject({ rejected: 'auth.invalid_token' })
  const told = await client.fetchUserInfo(config, tokens.access_token, sts.account.id)
  expect(told).toEqual({ sub: sts.account.id, email: sts.account.email, email_verified: true })
})

test('ST12 an access token of /api/v1/auth is good for userinfo as well; a changed one is not', async () => {
  const token = await accessToken(sts.account, sts.keys, sts.config.token_issuer, sts.env)
  const config = await phone()
  expect(await client.fetchUserInfo(config, token, sts.account.id)).toMatchObject({
    email: sts.account.email,
  })
  await expect(client.fetchUserInfo(config, `${token}x`, sts.account.id)).rejects.toMatchObject({
    status: 401,
  })
})

test('ST13 a refresh token changes with each use; the old one again ends the whole family', async () => {
  const { config, refresh_token } = await loggedIn()
  const second = await client.refreshTokenGrant(config, refresh_token)
  expect(second.refresh_token).not.toBe(refresh_token)
  expect(second.claims()?.sub).toBe(sts.account.id)
  const third = await client.refreshTokenGrant(config, second.refresh_token ?? '')
  const again = (token: string | undefined) => client.refreshTokenGrant(config, token ?? '')
  await expect(again(refresh_token)).rejects.toMatchObject({ error: 'invalid_grant' })
  await expect(again(third.refresh_token)).rejects.toMatchObject({ error: 'invalid_grant' })
})

test('ST13 of two uses of one refresh token at once at most one succeeds, and none of its family lives on', async () => {
  const { config, refresh_token } = await loggedIn()
  const both = await Promise.allSettled([
    client.refreshTokenGrant(config, refresh_token),
    client.refreshTokenGrant(config, refresh_token),
  ])
  const given = both.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  expect(given.length).toBeLessThanOrEqual(1)
  for (const { refresh_token: next } of given)
    await expect(client.refreshTokenGrant(config, next ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
})

test('ST14 a confidential client looks at tokens, a stranger is told nothing', async () => {
  const { config, tokens, refresh_token } = await loggedIn()
  const service = await reports()
  expect(await client.tokenIntrospection(service, tokens.access_token)).toMatchObject({
    active: true,
    sub: sts.account.id,
    role: 'owner',
    client_id: 'phone',
    token_type: 'Bearer',
    kind: 'access',
  })
  expect(await client.tokenIntrospection(service, refresh_token)).toMatchObject({ active: true })
  const own = await accessToken(sts.account, sts.keys, sts.config.token_issuer, sts.env)
  expect(await client.tokenIntrospection(service, own)).toMatchObject({ active: true, kind: 'access' })
  expect(await client.tokenIntrospection(service, `${tokens.access_token}x`)).toEqual({ active: false })
  expect(await client.tokenIntrospection(config, own)).toEqual({ active: false })
  const wrong = await client.discovery(new URL(sts.issuer), 'reports', 'wrong', undefined, insecure)
  await expect(client.tokenIntrospection(wrong, own)).rejects.toMatchObject({ error: 'invalid_client' })
})

test('ST15 a revoked refresh token is of no more use', async () => {
  const { config, refresh_token } = await loggedIn()
  await client.tokenRevocation(config, refresh_token)
  expect(await client.tokenIntrospection(await reports(), refresh_token)).toEqual({ active: false })
  await expect(client.refreshTokenGrant(config, refresh_token)).rejects.toMatchObject({
    error: 'invalid_grant',
  })
})

test('ST16 a service logs in as itself, and its token speaks for no user', async () => {
  const service = await reports()
  const { access_token } = await client.clientCredentialsGrant(service, { scope: 'api' })
  expect(await client.tokenIntrospection(service, access_token)).toMatchObject({
    active: true,
    client_id: 'reports',
    kind: 'service',
  })
  expect(await apiVerifier().verify(access_token)).toMatchObject({ rejected: 'auth.invalid_token' })
  await expect(client.clientCredentialsGrant(await phone())).rejects.toMatchObject({
    error: 'invalid_request',
  })
})

test('ST17 a logout ends the session: the next login asks for the password again', async () => {
  const browser = new Browser(sts.issuer)
  const { config, tokens } = await loggedIn('openid api', browser)
  const started = await begin('openid api', browser)
  expect((await browser.follow(started.url.href)).text).toContain('asks for access')
  const url = client.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token ?? '',
    post_logout_redirect_uri: 'http://127.0.0.1:9/bye',
  })
  const asked = await browser.follow(url.href)
  expect(asked.text).toContain('Log out of Kilat?')
  const left = await browser.go(actionOf(asked.text), { xsrf: fieldOf(asked.text, 'xsrf'), logout: 'yes' })
  expect(left.location).toBe('http://127.0.0.1:9/bye')
  const after = await begin('openid api', browser)
  expect((await browser.follow(after.url.href)).text).toContain('Log in to Kilat')
})

test('ST18 a form that was not ours, or is another browser’s, is refused', async () => {
  const { browser, url } = await begin()
  const login = await browser.follow(url.href)
  const form = { action: 'login', email: sts.account.email, password }
  const csrf = fieldOf(login.text, 'csrf')
  expect((await browser.go(actionOf(login.text), form)).status).toBe(400)
  expect((await browser.go(actionOf(login.text), { ...form, csrf: `${csrf}x` })).status).toBe(400)
  const stranger = new Browser(sts.issuer)
  expect((await stranger.go(actionOf(login.text), { ...form, csrf })).status).toBe(400)
  const other = await stranger.follow((await begin()).url.href)
  expect((await stranger.go(actionOf(other.text), { ...form, csrf })).status).toBe(400)
  expect((await browser.go(actionOf(login.text), { ...form, csrf })).status).toBe(303)
})

test('ST18 pages take no frames and no scripts, and escape what was typed', async () => {
  const { browser, url } = await begin()
  const login = await browser.follow(url.href)
  const email = '"><script>alert(1)</script>'
  const form = { csrf: fieldOf(login.text, 'csrf'), action: 'login', email, password: 'wrong' }
  const seen = await browser.go(actionOf(login.text), form)
  expect(seen.status).toBe(401)
  expect(seen.text).toContain('Invalid email or password')
  expect(seen.text).not.toContain('<script>')
  expect(seen.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  expect(seen.headers.get('x-frame-options')).toBe('DENY')
})

test('ST18 who says no goes back to the app with access_denied', async () => {
  const { browser, url } = await begin()
  const login = await browser.follow(url.href)
  const done = await browser.follow(actionOf(login.text), {
    csrf: fieldOf(login.text, 'csrf'),
    action: 'abort',
  })
  expect(new URL(done.location).searchParams.get('error')).toBe('access_denied')
})

test('ST19 what is kept holds no token, code or cookie', async () => {
  const { tokens, refresh_token, callback } = await loggedIn()
  const kept = JSON.stringify(sts.grants.records())
  for (const secret of [refresh_token, tokens.access_token, callback.searchParams.get('code') ?? '?'])
    expect(kept).not.toContain(secret)
  expect(sts.grants.records().length).toBeGreaterThan(3)
})

test('ST20 a new key signs from now on, and nobody is logged out', async () => {
  const browser = new Browser(sts.issuer)
  const { config, tokens, refresh_token } = await loggedIn(scope, browser)
  const before = sts.keys.kid
  const open_page = await browser.follow((await begin('openid api', browser)).url.href)
  await sts.keys.change()
  expect(sts.keys.kid).not.toBe(before)
  const done = await browser.go(actionOf(open_page.text), {
    csrf: fieldOf(open_page.text, 'csrf'),
    action: 'consent',
  })
  expect(done.status).toBe(303)
  expect(await apiVerifier().verify(tokens.access_token)).toHaveProperty('principal')
  expect(await client.fetchUserInfo(config, tokens.access_token, sts.account.id)).toHaveProperty('email')
  const fresh = await phone()
  const renewed = await client.refreshTokenGrant(fresh, refresh_token)
  const head = JSON.parse(Buffer.from(renewed.access_token.split('.')[0] ?? '', 'base64url').toString())
  expect(head.kid).toBe(sts.keys.kid)
  const again = await begin('openid api', browser)
  expect((await browser.follow(again.url.href)).text).toContain('asks for access')
})

test('ST21 a banned user is refused everywhere', async () => {
  const own = await startTestSts()
  const kept = sts
  sts = own
  try {
    const { config, tokens, refresh_token } = await loggedIn()
    await own.accounts.ban(own.account.id, Date.now())
    await expect(client.refreshTokenGrant(config, refresh_token)).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    await expect(client.fetchUserInfo(config, tokens.access_token, own.account.id)).rejects.toMatchObject({
      status: 401,
    })
    expect(await client.tokenIntrospection(await reports(), tokens.access_token)).toEqual({ active: false })
    const { browser, url } = await begin()
    const login = await browser.follow(url.href)
    const form = { csrf: fieldOf(login.text, 'csrf'), action: 'login', email: own.account.email, password }
    expect((await browser.go(actionOf(login.text), form)).status).toBe(403)
  } finally {
    sts = kept
    await own.close()
  }
})

test('ST22 failed logins on the page count as those of the API do', async () => {
  const { browser, url } = await begin()
  const login = await browser.follow(url.href)
  const form = { csrf: fieldOf(login.text, 'csrf'), action: 'login', email: 'who@kilat.test', password: 'no' }
  const statuses: number[] = []
  let last = await browser.go(actionOf(login.text), form)
  for (let index = 0; index < 12; index++) {
    statuses.push(last.status)
    last = await browser.go(actionOf(login.text), form)
  }
  expect(statuses[0]).toBe(401)
  expect(last.status).toBe(429)
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
})

test('ST23 only the front of browsers may send passwords to the token endpoint', async () => {
  const service = await reports()
  await expect(
    client.genericGrantRequest(service, 'urn:kilat:params:oauth:grant-type:password', {
      email: sts.account.email,
      password,
    }),
  ).rejects.toMatchObject({ error: 'invalid_request' })
})

test('ST28 too many requests of an address are 429 with Retry-After, but the front is not counted', async () => {
  const token = (headers: Record<string, string>) =>
    fetch(`${sts.issuer}/token`, { method: 'POST', headers, body: new URLSearchParams({ grant_type: 'x' }) })
  sts.waits.push(1_500)
  const refused = await token({})
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('2')
  sts.waits.push(1_500)
  expect((await token({ authorization: frontAuthorization(sts.bff_secret) })).status).toBe(400)
  expect((await token({})).status).toBe(429)
})

test('ST24 health and readiness are those of every service', async () => {
  const health = await fetch(`${sts.issuer}/health`)
  expect(await health.json()).toEqual({ status: 'healthy', service: 'kilat-sts' })
  const readiness = await fetch(`${sts.issuer}/readiness`)
  expect(await readiness.json()).toMatchObject({ status: 'ready', checks: { database: 'ready' } })
})
