import { expect, test } from 'vitest'
import { limits } from '../../protocols/limits.ts'
import { isRefusal } from '../../protocols/rejections.ts'
import { openTables, shared_bytes } from '../http/shared.ts'
import { startHttp } from '../http/testing.ts'
import { Attempts } from './attempts.ts'

const start_ms = 1_790_000_000_000
const email = 'mina@kilat.test'

/** How many of so many failed tries at one moment were let through. */
const tried = (attempts: Attempts, address: string, tries: number, now_ms = start_ms, of = email) =>
  Array.from({ length: tries }, () => attempts.login(of, address, now_ms)).filter((each) => !isRefusal(each))
    .length

test('ST30 an account is tried from one address so often and no more, and then once each half minute', () => {
  const attempts = new Attempts(openTables().attempts)
  expect(tried(attempts, '10.0.0.1', 50)).toBe(limits.login_pair_burst)
  expect(attempts.login(email, '10.0.0.1', start_ms)).toMatchObject({
    rejected: 'auth.rate_limited',
    retry_after_ms: limits.login_pair_each_ms,
  })
  expect(tried(attempts, '10.0.0.1', 50, start_ms + limits.login_pair_each_ms)).toBe(1)
  expect(tried(attempts, '10.0.0.2', 5)).toBe(5)
})

test('ST30 an address tries so many accounts and no more', () => {
  const attempts = new Attempts(openTables().attempts)
  const passed = Array.from({ length: 200 }, (_, index) =>
    tried(attempts, '10.0.0.1', 1, start_ms, `user-${index}@kilat.test`),
  )
  expect(passed.filter((one) => one === 1)).toHaveLength(limits.login_address_burst)
})

test('ST31 strangers from everywhere slow an account down, but not where its user has logged in before', () => {
  const attempts = new Attempts(openTables().attempts)
  const first = attempts.login(email, '10.9.9.9', start_ms)
  if (!isRefusal(first)) first.succeeded()
  const passed = Array.from({ length: 300 }, (_, index) => tried(attempts, `10.1.${index}.1`, 1))
  expect(passed.filter((one) => one === 1)).toHaveLength(limits.login_account_burst)
  expect(tried(attempts, '10.9.9.9', 1)).toBe(1)
  expect(tried(attempts, '10.8.8.8', 1)).toBe(0)
  expect(tried(attempts, '10.8.8.8', 1, start_ms + limits.login_account_each_ms)).toBe(1)
})

test('RL8 a clock that is set back by an hour locks no account for an hour', () => {
  const attempts = new Attempts(openTables().attempts)
  expect(tried(attempts, '10.0.0.1', 50)).toBe(limits.login_pair_burst)
  const back_ms = start_ms - 3_600_000
  expect(tried(attempts, '10.0.0.1', 50, back_ms)).toBe(limits.login_pair_burst)
  expect(tried(attempts, '10.0.0.1', 50, back_ms + 2 * limits.login_pair_each_ms)).toBe(2)
})

test('ST31 a login that succeeds costs nothing, however often', () => {
  const attempts = new Attempts(openTables().attempts)
  for (let index = 0; index < 200; index++) {
    const attempt = attempts.login(email, '10.0.0.1', start_ms)
    expect(isRefusal(attempt)).toBe(false)
    if (!isRefusal(attempt)) attempt.succeeded()
  }
})

test('ST32 threads that share the memory count failed logins together', () => {
  const memory = new SharedArrayBuffer(shared_bytes)
  const [one, other] = [openTables(memory), openTables(memory)].map((tables) => new Attempts(tables.attempts))
  expect(tried(one as Attempts, '10.0.0.1', 6)).toBe(6)
  expect(tried(other as Attempts, '10.0.0.1', 50)).toBe(limits.login_pair_burst - 6)
})

test('ST33 the login answers 429 with Retry-After, for the right password too, and the user gets in after the wait', async () => {
  const http = await startHttp([])
  try {
    const password = 'correct horse'
    const post = (path: string, body: object) => http.call('POST', `/api/v1/auth/${path}`, { body })
    await post('register', { email, password, full_name: 'Mina', role: 'owner' })
    const statuses: number[] = []
    for (let index = 0; index <= limits.login_account_burst; index++)
      statuses.push((await post('login', { email, password: 'wrong' })).status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(limits.login_account_burst)
    const refused = await post('login', { email, password })
    expect(refused).toMatchObject({ status: 429, body: { code: 'auth.rate_limited' } })
    expect(Number(refused.headers.get('retry-after'))).toBe(limits.login_account_each_ms / 1_000)
    await http.env.advance(limits.login_account_each_ms)
    expect((await post('login', { email, password })).status).toBe(200)
  } finally {
    http.stop()
  }
})
