// Where secrets may not be: in the database as they are, and in the log in any form.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { behaviours } from '../actors/behaviours.ts'
import { Fault } from '../engine/ports.ts'
import { openAccounts } from '../persistence/accounts.ts'
import { openGrants } from '../persistence/grants.ts'
import { sharedTestDatabase } from '../persistence/migrated.ts'
import { openRows } from '../persistence/rows.ts'
import { bodies, startWorld, type World } from './http/authority.given.ts'
import { routes } from './http/routes.ts'
import { startHttp } from './http/testing.ts'
import { freshKeys } from './identity/keys.ts'
import { hashOfId, seal } from './identity/seal.ts'
import { openLog } from './log.ts'
import { adapterOf } from './sts/adapter.ts'

const database = sharedTestDatabase()
let world: World
beforeAll(async () => {
  world = await startWorld(await freshKeys())
})
afterAll(async () => {
  world.stop()
  await database.close()
})

const password = 'a-password-of-some-length-7719'

/** Every row of every table, as JSON. */
async function everything(): Promise<string> {
  const { sql } = await database.open()
  const tables = await sql<{ name: string }[]>`
    SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables
    WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`
  const texts = await Promise.all(
    tables.map(async ({ name }) => {
      const rows = await sql.unsafe(`SELECT to_jsonb(one)::text AS text FROM ${name} one`)
      return rows.map(({ text }) => `${name} ${String(text)}`)
    }),
  )
  return texts.flat().join('\n')
}

/** The text as it is, and as a column of bytes or an encoder would show it. */
const formsOf = (secret: string): readonly string[] => {
  const bytes = Buffer.from(secret)
  const inner = Buffer.from(secret, 'base64url')
  const plain = [
    secret,
    bytes.toString('hex'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
  ]
  return inner.length >= 16 ? [...plain, inner.toString('hex')] : plain
}

test('AB60 the database holds no password and no refresh, reset, share, session or OpenID token as it is', async () => {
  const { sql } = await database.open()
  const http = await startHttp(behaviours, { accounts: openAccounts(sql), rows: openRows(sql) })
  const grants = openGrants(sql)
  try {
    const post = (path: string, body: object, token?: string) =>
      http.call('POST', `/api/v1${path}`, { body, ...(token === undefined ? {} : { token }) })
    const email = 'mina@kilat.test'
    const account = { email, password, full_name: 'Mina', role: 'owner' }
    const made = (await post('/auth/register', account)).body.data as {
      access_token: string
      refresh_token: string
    }
    const next = (await post('/auth/refresh', { refresh_token: made.refresh_token })).body.data as typeof made
    await post('/auth/forgot-password', { email })
    await http.env.advance(0)
    while (http.letters.length === 0) await new Promise((resolve) => setImmediate(resolve))
    const reset = /\b[0-9a-f]{64}\b/.exec(http.letters[0]?.text ?? '')?.[0] ?? ''
    const order = (
      await post('/bookings', bodies['POST /api/v1/bookings']?.({} as World) ?? {}, made.access_token)
    ).body
    const { id } = order.data as { id: string }
    const shared = (await post(`/tracking/${id}/share`, {}, made.access_token)).body.data as {
      share_token: string
    }
    const code = 'an-authorization-code-4k2j9s8d7f6g5h4j3k2l1q0w9e8r7t6'
    const inside = 'an-access-token-inside-the-payload-0a9s8d7f6g5h4j3k2l'
    const adapter = adapterOf('AuthorizationCode', grants, http.env)
    await adapter.upsert(code, { jti: code, accountId: id, grantId: `grant-${code}`, nonce: inside }, 60)
    const session = 'a-browser-session-9q8w7e6r5t4y3u2i1o0p9a8s7d'
    const payload = { sealed: seal('BrowserSession', session, { access_token: inside }) }
    const expires_ms = http.env.now_ms() + 60_000
    await grants.put({
      model: 'BrowserSession',
      hash: hashOfId(session),
      account_id: id,
      payload,
      expires_ms,
    })
    const kept = await everything()
    expect(kept).toContain(email)
    expect(kept).toContain('$argon2id$v=19$m=19456,t=2,p=1$')
    const secrets = {
      password,
      made: made.refresh_token,
      next: next.refresh_token,
      reset,
      share: shared.share_token,
    }
    for (const [what, secret] of Object.entries({
      ...secrets,
      code,
      inside,
      session,
      access: made.access_token,
    })) {
      expect(secret.length, what).toBeGreaterThan(20)
      for (const form of formsOf(secret))
        expect(kept.includes(form), `${what} is in the database`).toBe(false)
    }
  } finally {
    http.stop()
  }
}, 60_000)

/** In every place of a request where a client may put one. */
const secrets = {
  bearer: 'bearer-secret-1a2b3c4d5e6f',
  basic: Buffer.from('kilat:basic-secret-5t6y').toString('base64'),
  cookie: 'cookie-secret-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  query: 'query-secret-0z9x8c7v',
  password,
  refresh: 'refresh-secret-q1w2e3r4t5',
  signature: 'whsec_signaturesecret123456',
}

/** Every route with secrets all over, under three kinds of Authorization. */
async function sendEverything({ http, at, tokens }: World): Promise<void> {
  const headers = {
    cookie: `kilat_session=${secrets.cookie}; other=${secrets.cookie}`,
    'stripe-signature': secrets.signature,
    'x-csrf-token': secrets.cookie,
  }
  const named = { newPassword: password, refresh_token: secrets.refresh, token: secrets.query }
  const body = { ...secrets, ...named, email: 'a@b.test' }
  const query = `token=${secrets.query}&password=${secrets.query}&code=${secrets.query}`
  const schemes = [`Bearer ${secrets.bearer}`, `Basic ${secrets.basic}`, `Bearer ${tokens.owner}`]
  for (const route of routes)
    for (const authorization of schemes) {
      const bodied = route.method === 'POST' || route.method === 'PUT'
      const sent = { headers: { ...headers, authorization }, ...(bodied ? { body } : {}) }
      await http.call(route.method, `${at(route)}?${query}`, sent)
    }
}

/** From now on every store and actor fails, by turns with a fault and a bug, and says more than it should. */
function breakDown({ http }: World): void {
  let failures = 0
  const fail = async () => {
    const text = `SELECT failed: postgres://kilat:${secrets.password}@db/kilat {"password":"${secrets.password}"} Bearer ${secrets.bearer} ?token=${secrets.query}`
    failures += 1
    throw failures % 2 === 0 ? new Error(text) : new Fault(text, { retry: true })
  }
  const { host, accounts, rows } = http.doors
  Object.assign(host, { submit: fail, ask: fail, near: fail })
  Object.assign(accounts, {
    byEmail: fail,
    byId: fail,
    rotateRefresh: fail,
    create: fail,
    resetPassword: fail,
  })
  Object.assign(rows, { find: fail, add: fail, change: fail, count: fail, remove: fail })
}

test('AB61 however requests fail, with secrets in every place, the log holds none of them', async () => {
  const lines: string[] = []
  Object.assign(world.http.env, { log: openLog('debug', 'test', { write: (line) => void lines.push(line) }) })
  await sendEverything(world)
  breakDown(world)
  await sendEverything(world)
  const all = lines.join('')
  expect(lines.length).toBeGreaterThan(50)
  for (const told of ['a request met a fault', 'a request met a bug'])
    expect(all.includes(told), told).toBe(true)
  const others = { token: world.tokens.owner, signed: world.tokens.owner.split('.')[2] ?? '' }
  for (const [what, secret] of Object.entries({ ...secrets, ...others }))
    expect(all.includes(secret), `${what} is in the log`).toBe(false)
}, 60_000)
