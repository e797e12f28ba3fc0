import { afterEach, beforeEach, expect, test } from 'vitest'
import { startHttp, type TestHttp } from '../http/testing.ts'
import { type Profile, seed_password, seedAccounts } from './seed.ts'

let http: TestHttp
beforeEach(async () => {
  http = await startHttp([])
})
afterEach(() => http.stop())

test('ID20 seeding makes accounts that can log in, and doing it again changes nothing', async () => {
  const { accounts, env } = http.doors
  const profiled: string[] = []
  const profile: Profile = async ({ email }) => void profiled.push(email)
  const seed = () => seedAccounts(accounts, profile, { owners: 3, runners: 60 }, env)
  const first = await seed()
  expect(first.owners.map(({ email }) => email)).toEqual([
    'owner-0001@kilat.test',
    'owner-0002@kilat.test',
    'owner-0003@kilat.test',
  ])
  expect(first.runners).toHaveLength(61)
  expect(profiled).toEqual(first.runners.map(({ email }) => email))
  expect(await seed()).toEqual(first)
  for (const email of ['runner.test@kilat.my', 'owner-0002@kilat.test']) {
    const body = { email, password: seed_password }
    const { status, body: told } = await http.call('POST', '/api/v1/auth/login', { body })
    expect(status).toBe(200)
    expect(told.data).toMatchObject({ user: { email, is_verified: true } })
  }
})
