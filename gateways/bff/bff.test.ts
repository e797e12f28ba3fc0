import { afterAll, beforeAll, expect, test } from 'vitest'
import { limits } from '../../protocols/limits.ts'
import { startHttp, type TestHttp } from '../http/testing.ts'
import { password, startTestSts, type TestSts } from '../sts/testing.ts'
import { openFront } from './front.ts'

let sts: TestSts
let http: TestHttp
let ahead_ms = 0
beforeAll(async () => {
  sts = await startTestSts()
  const { config, grants, bff_secret, keys, accounts } = sts
  const env = { ...sts.env, now_ms: () => Date.now() + ahead_ms }
  const front = openFront({ config, env, grants, bff_secret })
  http = await startHttp([], { config, keys, accounts, front })
})
afterAll(async () => {
  http.stop()
  await sts.close()
})

interface Session {
  readonly cookie: string
  readonly csrf: string
}

const email = 'mina@kilat.test'
const login = (body: object, headers = {}) => http.call('POST', '/bff/login', { body, headers })

async function loggedIn(): Promise<Session> {
  const { status, headers, body } = await login({ email, password })
  expect(status).toBe(200)
  const cookie = headers.getSetCookie()[0]?.split(';')[0] ?? ''
  return { cookie, csrf: (body.data as { csrf_token: string }).csrf_token }
}

const call = (method: string, path: string, { cookie, csrf }: Partial<Session>, body?: object) =>
  http.call(method, path, {
    body,
    headers: { ...(cookie && { cookie }), ...(csrf && { 'x-csrf-token': csrf }) },
  })

test('ST70 a browser logs in with a cookie that scripts cannot read, and sees no token', async () => {
  const { status, headers, body, text } = await login({ email: ` ${email.toUpperCase()}`, password })
  expect(status).toBe(200)
  expect(headers.getSetCookie()).toEqual([
    expect.stringMatching(/^kilat_session=[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/),
  ])
  expect(body.data).toMatchObject({ user: { email, role: 'owner' }, csrf_token: expect.any(String) })
  expect(text).not.toContain('access_token')
  expect(text).not.toContain('eyJ')
})

test('ST71 the session is good for the API, and for changes with its CSRF token only', async () => {
  const session = await loggedIn()
  expect(await call('GET', '/api/v1/auth/profile', session)).toMatchObject({
    status: 200,
    body: { data: { email } },
  })
  const change = { full_name: 'Mina M' }
  const put = (given: Partial<Session>) => call('PUT', '/api/v1/auth/profile', given, change)
  expect(await put({ cookie: session.cookie })).toMatchObject({ status: 403, body: { code: 'auth.csrf' } })
  expect((await put({ ...session, csrf: `${session.csrf}x` })).status).toBe(403)
  expect((await put({ ...session, csrf: (await loggedIn()).csrf })).status).toBe(403)
  expect(await put(session)).toMatchObject({ status: 200, body: { data: change } })
  expect((await put({ csrf: session.csrf })).status).toBe(401)
})

test('ST71 a page of a foreign origin cannot log anybody in', async () => {
  expect((await login({ email, password }, { origin: 'https://evil.test' })).status).toBe(403)
})

test('ST72 who reloads the page is told who he is; without a session nobody is', async () => {
  const session = await loggedIn()
  expect(await call('GET', '/bff/session', session)).toMatchObject({
    status: 200,
    body: { data: { user: { email }, csrf_token: session.csrf } },
  })
  expect((await call('GET', '/bff/session', {})).status).toBe(401)
  const made_up = { cookie: `kilat_session=${'x'.repeat(43)}` }
  expect((await call('GET', '/bff/session', made_up)).status).toBe(401)
})

test('ST73 a logout needs the CSRF token, ends the session and its tokens, and may be repeated', async () => {
  const session = await loggedIn()
  expect((await call('POST', '/bff/logout', { cookie: session.cookie })).status).toBe(403)
  const before = sts.grants.records().length
  const left = await call('POST', '/bff/logout', session)
  expect(left.status).toBe(200)
  expect(left.headers.getSetCookie()[0]).toContain('kilat_session=; Path=/; Max-Age=0')
  expect(sts.grants.records().length).toBeLessThan(before)
  expect((await call('GET', '/api/v1/auth/profile', session)).status).toBe(401)
  expect((await call('POST', '/bff/logout', session)).status).toBe(200)
})

test('ST74 a session renews its token in time, once for all who ask together', async () => {
  const session = await loggedIn()
  ahead_ms = limits.access_token_seconds * 1_000
  try {
    const kept = () =>
      sts.grants
        .records()
        .filter(({ model }) => model === 'BrowserSession')
        .map(({ payload }) => payload.sealed)
    const before = kept()
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => call('GET', '/api/v1/auth/profile', session)),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(kept().filter((sealed) => !before.includes(sealed))).toHaveLength(1)
  } finally {
    ahead_ms = 0
  }
})

test('ST75 a wrong password is told as the login tells it, and too many are refused', async () => {
  expect(await login({ email, password: 'wrong' })).toMatchObject({
    status: 401,
    body: { code: 'auth.bad_credentials' },
  })
  expect((await login({ email })).status).toBe(400)
  let last = await login({ email: 'who@kilat.test', password: 'wrong' })
  for (let index = 0; index < limits.login_account_burst; index++)
    last = await login({ email: 'who@kilat.test', password: 'wrong' })
  expect(last).toMatchObject({ status: 429, body: { code: 'auth.rate_limited' } })
  expect(last.headers.get('retry-after')).not.toBeNull()
})

test('ST76 without the Security Token Service a browser is told that it is not there', async () => {
  const alone = await startHttp([])
  try {
    const body = { email, password }
    expect(await alone.call('POST', '/bff/login', { body })).toMatchObject({
      status: 503,
      body: { code: 'unavailable' },
    })
  } finally {
    alone.stop()
  }
})

test('ST77 a ban ends the sessions of browsers', async () => {
  const session = await loggedIn()
  await sts.accounts.ban(sts.account.id, Date.now())
  expect(sts.grants.records().filter(({ model }) => model === 'BrowserSession')).toEqual([])
  expect((await login({ email, password })).status).toBe(403)
  ahead_ms = limits.bff_recheck_ms + 1
  expect((await call('GET', '/api/v1/auth/profile', session)).status).toBe(401)
})
