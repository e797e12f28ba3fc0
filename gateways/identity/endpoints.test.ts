import { afterAll, beforeAll, expect, test } from 'vitest'
import { limits } from '../../protocols/limits.ts'
import { type Sent, startHttp, type TestHttp } from '../http/testing.ts'

let http: TestHttp
beforeAll(async () => {
  http = await startHttp([])
})
afterAll(() => http.stop())

const post = (path: string, body: unknown, sent: Sent = {}) =>
  http.call('POST', `/api/v1/auth/${path}`, { body, ...sent })
const password = 'correct horse'
let counter = 0
const newcomer = (more: object = {}) => {
  counter += 1
  return { email: `person-${counter}@kilat.test`, password, full_name: 'A Person', role: 'owner', ...more }
}

interface AuthResult {
  readonly access_token: string
  readonly refresh_token: string
  readonly user: Readonly<Record<string, unknown>>
}
async function registered(more: object = {}): Promise<AuthResult & { email: string }> {
  const wanted = newcomer(more)
  const { status, body } = await post('register', wanted)
  expect(status).toBe(201)
  return { ...(body.data as AuthResult), email: wanted.email }
}
const refreshed = async (refresh_token: string) => {
  const { status, body } = await post('refresh', { refresh_token })
  return { status, code: body.code, data: body.data as AuthResult }
}

test('ID10 who registers is logged in, and every field of the user is there', async () => {
  const { access_token, refresh_token, user } = await registered({ email: '  Mixed.Case@Kilat.TEST ' })
  expect(user).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    email: 'mixed.case@kilat.test',
    phone: '',
    full_name: 'A Person',
    role: 'owner',
    is_verified: false,
    avatar_url: '',
    created_at: expect.stringMatching(/Z$/),
  })
  expect(refresh_token).toMatch(/^[\w-]{43}$/)
  const profile = await http.call('GET', '/api/v1/auth/profile', { token: access_token })
  expect(profile).toMatchObject({ status: 200, body: { success: true, data: user } })
})

test('ID11 an email registers once, whatever its case', async () => {
  const { email } = await registered()
  const again = await post('register', newcomer({ email: email.toUpperCase() }))
  expect(again).toMatchObject({ status: 409, body: { success: false, code: 'account.email_taken' } })
})

test('ID12 what registers badly is told which field is wrong', async () => {
  const bad: [object, string][] = [
    [{ email: 'nobody' }, 'email'],
    [{ email: undefined }, 'email'],
    [{ email: 7 }, 'email'],
    [{ email: `${'x'.repeat(300)}@kilat.test` }, 'email'],
    [{ password: '1234567' }, 'password'],
    [{ password: 'x'.repeat(257) }, 'password'],
    [{ full_name: '' }, 'full_name'],
    [{ role: 'emperor' }, 'role'],
    [{ phone: '+60 12-345 6789' }, 'phone'],
    [{ phone: '123456' }, 'phone'],
  ]
  for (const [more, field] of bad) {
    const { status, body } = await post('register', newcomer(more))
    expect({ status, code: body.code }, field).toEqual({ status: 400, code: 'request.malformed' })
    expect(body.detail).toContain(field)
  }
  expect(
    (await post('register', newcomer({ phone: '+60123456789', first_pet: { name: 'Tom' } }))).status,
  ).toBe(201)
})

test('ID13 nobody makes himself an admin', async () => {
  expect(await post('register', newcomer({ role: 'admin' }))).toMatchObject({
    status: 403,
    body: { code: 'auth.role' },
  })
})

test('ID14 a wrong password and an unknown user are told the same', async () => {
  const { email } = await registered()
  const wrong = await post('login', { email, password: 'wrong horse' })
  const unknown = await post('login', { email: 'nobody@kilat.test', password })
  expect(wrong).toMatchObject({ status: 401, body: { code: 'auth.bad_credentials' } })
  expect(unknown.body).toEqual(wrong.body)
  const right = await post('login', { email: ` ${email.toUpperCase()}`, password })
  expect(right).toMatchObject({ status: 200, body: { data: { user: { email } } } })
  expect((await post('login', { email })).status).toBe(400)
})

test('ID15 a refresh token is good for one rotation, and for a second tab within the grace', async () => {
  const { refresh_token } = await registered()
  const first = await refreshed(refresh_token)
  expect(first).toMatchObject({ status: 200, data: { user: { full_name: 'A Person' } } })
  expect(first.data.refresh_token).not.toBe(refresh_token)
  expect((await refreshed(refresh_token)).status).toBe(200)
  await http.env.advance(limits.refresh_grace_ms + 1)
  expect(await refreshed(refresh_token)).toMatchObject({ status: 401, code: 'auth.refresh_revoked' })
  expect(await refreshed(first.data.refresh_token)).toMatchObject({
    status: 401,
    code: 'auth.refresh_revoked',
  })
})

test('ID16 a refresh token ends after seven days; rubbish and access tokens are none', async () => {
  const { refresh_token, access_token } = await registered()
  expect(await refreshed(access_token)).toMatchObject({ status: 401, code: 'auth.invalid_token' })
  expect((await post('refresh', {})).status).toBe(400)
  await http.env.advance(limits.refresh_token_seconds * 1_000)
  expect(await refreshed(refresh_token)).toMatchObject({ status: 401, code: 'auth.expired' })
})

test('ID17 logout ends every refresh token of the user', async () => {
  const { access_token, refresh_token, email } = await registered()
  const other = (await post('login', { email, password })).body.data as AuthResult
  const left = await http.call('POST', '/api/v1/auth/logout', { token: access_token })
  expect(left).toMatchObject({ status: 200, body: { data: { message: 'logged out' } } })
  expect((await refreshed(refresh_token)).status).toBe(401)
  expect((await refreshed(other.refresh_token)).status).toBe(401)
})

test('ID18 a profile changes in the fields that are said, and an empty one leaves it as it was', async () => {
  const { access_token: token } = await registered({ phone: '0123456789' })
  const put = (body: object) => http.call('PUT', '/api/v1/auth/profile', { token, body })
  expect(await put({ full_name: 'New Name', phone: '' })).toMatchObject({
    status: 200,
    body: { data: { full_name: 'New Name', phone: '0123456789' } },
  })
  expect(await put({ avatar_url: 'https://kilat.test/a.png' })).toMatchObject({
    body: { data: { full_name: 'New Name', avatar_url: 'https://kilat.test/a.png' } },
  })
  expect((await put({ full_name: 7 })).status).toBe(400)
  expect((await put({ phone: '1'.repeat(21) })).status).toBe(400)
})

test('ID18 the profile of an account that is gone is 404', async () => {
  const token = await http.tokenFor({ id: '99999999-9999-4999-8999-999999999999', role: 'owner' })
  expect(await http.call('GET', '/api/v1/auth/profile', { token })).toMatchObject({
    status: 404,
    body: { code: 'account.not_found' },
  })
})

test('ID19 passwords are kept as argon2id with the stated cost, and never two alike', async () => {
  const [one, other] = [await registered(), await registered()]
  const hashes = await Promise.all(
    [one, other].map(async ({ email }) => (await http.doors.accounts.byEmail(email))?.password_hash),
  )
  for (const hash of hashes) expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(hashes[0]).not.toBe(hashes[1])
})
