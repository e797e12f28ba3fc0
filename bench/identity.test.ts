// Logins as they are deployed: the service in its thread, beside the workers, on real stores.
import { createServer } from 'node:net'
import * as client from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Browser } from '../gateways/sts/testing.ts'
import { freePort } from '../persistence/embedded/free_port.ts'
import { startDatabase, startNats, type TestDatabase, type TestNats } from '../persistence/testing.ts'
import { runKilat } from './kilat.given.ts'
import { Stack } from './stack.ts'

const password = 'a-long-password'
let nats: TestNats
let database: TestDatabase
let stack: Stack
let sts_port = 0

beforeAll(async () => {
  ;[nats, database] = await Promise.all([startNats(), startDatabase()])
  sts_port = await freePort()
  const stores = { nats_url: nats.url, nats_monitor_url: nats.monitor_url, database_url: database.url }
  stack = await Stack.create({ workers: 2, sts_port, stores })
  await stack.start()
}, 180_000)

afterAll(async () => {
  await stack?.stop()
  await database?.stop()
  await nats?.stop()
}, 60_000)

async function call(method: string, path: string, headers: Record<string, string>, body?: object) {
  const response = await fetch(`http://127.0.0.1:${stack.port}${path}`, {
    method,
    headers: { ...headers, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer }
}
interface Answer {
  readonly data: { readonly access_token: string; readonly csrf_token: string; readonly user: { id: string } }
}

const register = (email: string) =>
  call('POST', '/api/v1/auth/register', {}, { email, password, full_name: 'Mei', role: 'owner' })
const logIn = (email: string) => call('POST', '/api/v1/auth/login', {}, { email, password })
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Runs `kilat` as an operator does; resolves with its exit code and what it printed. */
async function kilat(...words: string[]): Promise<{ code: number; text: string }> {
  const { code, out, err } = await runKilat('cli', words, {
    DATABASE_URL: database.url,
    DATA_DIR: stack.data_dir,
  })
  return { code, text: out + err }
}

test('ST25 who registered at the API logs in as a browser, and both doors keep working when the key is replaced', async () => {
  const email = 'mei@kilat.test'
  const { body } = await register(email)
  const login = await call('POST', '/bff/login', {}, { email, password })
  expect(login.status).toBe(200)
  const cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const both = async () => [
    (await call('GET', '/api/v1/auth/profile', { cookie })).status,
    (await call('GET', '/api/v1/auth/profile', bearer(body.data.access_token))).status,
  ]
  expect(await both()).toEqual([200, 200])
  const issuer = `http://localhost:${sts_port}`
  const insecure = { execute: [client.allowInsecureRequests] }
  const config = await client.discovery(new URL(issuer), 'nobody', undefined, client.None(), insecure)
  expect(await client.fetchUserInfo(config, body.data.access_token, body.data.user.id)).toMatchObject({
    email,
  })
  expect((await kilat('keys', 'rotate')).text).toContain('nobody is logged out')
  const shown = async () => {
    const keys = await Promise.all(
      [stack.port, sts_port].map(async (port) => {
        const answer = await fetch(`http://127.0.0.1:${port}/.well-known/jwks.json`)
        return ((await answer.json()) as { keys: unknown[] }).keys.length
      }),
    )
    return keys.every((count) => count === 2)
  }
  while (!(await shown())) await new Promise((resolve) => setTimeout(resolve, 250))
  expect(await both()).toEqual([200, 200])
  expect((await logIn(email)).status).toBe(200)
})

test('ST26 an operator makes an admin, who bans; the ban counts on every thread', async () => {
  await register('boss@kilat.test')
  const { body: victim } = await register('victim@kilat.test')
  expect(await kilat('admin', 'grant', 'nobody@kilat.test')).toMatchObject({ code: 1 })
  expect(await kilat('admin', 'grant', 'Boss@kilat.test')).toMatchObject({ code: 0 })
  const boss = await logIn('boss@kilat.test')
  const path = `/api/v1/admin/users/${victim.data.user.id}/ban`
  expect((await call('POST', path, bearer(victim.data.access_token))).status).toBe(403)
  expect((await call('POST', path, bearer(boss.body.data.access_token))).status).toBe(200)
  expect((await logIn('victim@kilat.test')).status).toBe(403)
  const profile = async () =>
    (await call('GET', '/api/v1/auth/profile', { ...bearer(victim.data.access_token), connection: 'close' }))
      .status
  // Connections land on either thread: each must have heard of it.
  const heard = async () => {
    const statuses = await Promise.all(Array.from({ length: 12 }, profile))
    return statuses.every((status) => status === 401)
  }
  while (!(await heard())) await new Promise((resolve) => setTimeout(resolve, 1_000))
})

test('ST27 an engine whose port for logins is taken goes without, and says so', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '0.0.0.0', resolve))
  const address = taken.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const own_nats = await startNats()
  const own_database = await startDatabase()
  const lines: string[] = []
  const other = await Stack.create({
    workers: 1,
    sts_port: port,
    stores: {
      nats_url: own_nats.url,
      nats_monitor_url: own_nats.monitor_url,
      database_url: own_database.url,
    },
    onLine: (line) => lines.push(line),
  })
  try {
    await other.start()
    const seen = await new Browser(`http://127.0.0.1:${other.port}`).go('/bff/session')
    expect(seen.status).toBe(401)
    expect(lines.join('\n')).toContain(`Port ${port} is in use: there is no Security Token Service`)
  } finally {
    await other.stop()
    await own_database.stop()
    await own_nats.stop()
    taken.close()
  }
})
