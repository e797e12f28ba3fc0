import { afterEach, beforeEach, expect, test } from 'vitest'
import { SteppedEnv } from '../../engine/clock.ts'
import { limits } from '../../protocols/limits.ts'
import { closeCodes } from '../../protocols/socket.ts'
import { accountOf, startHttp, type TestHttp } from '../http/testing.ts'
import { Probe } from '../ws/probe.ts'
import { booking_id, runner, startSockets, tokenFor, admin as watcher } from '../ws/testing.ts'
import { openBans } from './bans.ts'
import { MemoryAccounts } from './memory_accounts.ts'

const password = 'correct horse'
const admin = { id: '99999999-9999-4999-8999-999999999999', role: 'admin' } as const
let http: TestHttp
let admin_token = ''
beforeEach(async () => {
  http = await startHttp([])
  admin_token = await http.tokenFor(admin)
})
afterEach(() => http.stop())

const post = (path: string, body: object) => http.call('POST', `/api/v1/auth/${path}`, { body })
const asAdmin = (method: string, path: string) =>
  http.call(method, `/api/v1/admin/${path}`, { token: admin_token })

async function registered(email: string, role = 'owner') {
  const { body } = await post('register', { email, password, full_name: 'A Person', role })
  return body.data as { access_token: string; refresh_token: string; user: { id: string } }
}

test('ST40 a ban ends the tokens that a user has, and gives him no new one', async () => {
  const { access_token, refresh_token, user } = await registered('mina@kilat.test')
  const profile = () => http.call('GET', '/api/v1/auth/profile', { token: access_token })
  expect((await profile()).status).toBe(200)
  expect(await asAdmin('POST', `users/${user.id}/ban`)).toMatchObject({
    status: 200,
    body: { data: { message: 'user banned' } },
  })
  expect(await profile()).toMatchObject({ status: 401, body: { code: 'auth.banned' } })
  expect(await post('refresh', { refresh_token })).toMatchObject({ status: 401 })
  expect(await post('login', { email: 'mina@kilat.test', password })).toMatchObject({
    status: 403,
    body: { code: 'account.banned' },
  })
  expect(await post('login', { email: 'mina@kilat.test', password: 'wrong' })).toMatchObject({
    status: 401,
    body: { code: 'auth.bad_credentials' },
  })
  expect((await asAdmin('POST', `users/${user.id}/ban`)).status).toBe(200)
})

test('ST40 nobody bans himself or who is not there', async () => {
  expect(await asAdmin('POST', `users/${admin.id}/ban`)).toMatchObject({
    status: 409,
    body: { code: 'account.is_you' },
  })
  const nobody = '88888888-8888-4888-8888-888888888888'
  expect((await asAdmin('POST', `users/${nobody}/ban`)).status).toBe(404)
})

test('ST41 every thread hears of a ban within a minute, once, and forgets nobody while the store is away', async () => {
  expect(limits.bans_refresh_ms).toBeLessThanOrEqual(30_000)
  const env = new SteppedEnv()
  const accounts = new MemoryAccounts()
  const account = accountOf({ id: admin.id, role: 'owner' })
  await accounts.create(account)
  let away = false
  const store = {
    bannedSince: (since_ms: number, max: number) =>
      away ? Promise.reject(new Error('away')) : accounts.bannedSince(since_ms, max),
  }
  const bans = openBans(store, env)
  const told: boolean[] = []
  const unwatch = bans.watch((isBanned) => told.push(isBanned(account.id)))
  await env.advance(limits.bans_refresh_ms)
  expect(bans.has(account.id)).toBe(false)
  await accounts.ban(account.id, env.now_ms())
  await env.advance(limits.bans_refresh_ms)
  expect(bans.has(account.id)).toBe(true)
  away = true
  await env.advance(2 * limits.bans_window_ms)
  expect(bans.has(account.id)).toBe(true)
  away = false
  await env.advance(limits.bans_refresh_ms)
  expect(bans.has(account.id)).toBe(true)
  expect(told).toEqual([true])
  unwatch()
  await env.advance(2 * limits.bans_window_ms)
  expect(bans.has(account.id)).toBe(false)
  bans.stop()
})

test('ST42 a ban closes the open sockets of the user, and nobody else’s', async () => {
  const server = await startSockets()
  try {
    const id = booking_id
    server.host.views.set(`booking/${id}`, {
      id,
      status: 'accepted',
      owner_id: admin.id,
      runner_id: runner.id,
    })
    const socket = await Probe.open(`${server.ws_url}/ws/runner?token=${tokenFor(runner)}`)
    await socket.heard('welcome')
    const feed = await Probe.open(`${server.ws_url}/ws/tracking/${id}?token=${tokenFor(runner)}`)
    const other = await Probe.open(`${server.ws_url}/ws/tracking/${id}?token=${tokenFor(watcher)}`)
    server.ban(runner.id)
    expect(await socket.closed()).toBe(closeCodes.banned)
    expect(await feed.closed()).toBe(closeCodes.banned)
    expect(server.watchers()).toBe(1)
    other.close()
  } finally {
    await server.stop()
  }
})

test('ST43 admins list users newest first, a limit out of bounds counting as not said', async () => {
  for (const index of [1, 2, 3]) {
    await registered(`user-${index}@kilat.test`, index === 3 ? 'runner' : 'owner')
    await http.env.advance(1_000)
  }
  const { status, body } = await asAdmin('GET', 'users?page=1&limit=2')
  expect(status).toBe(200)
  expect(body.pagination).toEqual({ total: 3, page: 1, limit: 2, total_pages: 2 })
  const users = body.data as readonly Record<string, unknown>[]
  expect(users.map(({ email }) => email)).toEqual(['user-3@kilat.test', 'user-2@kilat.test'])
  expect(users[0]).not.toHaveProperty('password_hash')
  expect((await asAdmin('GET', 'users?limit=101')).body.pagination).toMatchObject({ page: 1, limit: 20 })
  expect((await asAdmin('GET', 'users?page=x&limit=0')).body.pagination).toMatchObject({ page: 1, limit: 20 })
  expect(await asAdmin('GET', `users/${users[0]?.id}`)).toMatchObject({
    status: 200,
    body: { data: users[0] },
  })
  expect((await asAdmin('GET', `users/${admin.id}`)).status).toBe(404)
  expect((await asAdmin('GET', 'users/no-uuid')).status).toBe(400)
  expect((await asAdmin('GET', 'stats/users')).body.data).toEqual({
    total_users: 3,
    by_role: { owner: 2, runner: 1 },
  })
})
