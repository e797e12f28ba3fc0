// What a request may hold beside what it should: fields of others, keys of prototypes, odd heads, too much of anything.
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { limits } from '../../protocols/limits.ts'
import { freshKeys, type Keys } from '../identity/keys.ts'
import { type Actor, bodies, may, nameOf, startWorld, type World } from './authority.given.ts'
import { undeclared } from './declared.given.ts'
import { Rate } from './rates.ts'
import { type Route, routes } from './routes.ts'
import { openTables, shared_bytes } from './shared.ts'
import { startHttp, test_config } from './testing.ts'

let keys: Keys
let world: World
beforeAll(async () => {
  keys = await freshKeys()
  world = await startWorld(keys)
})
afterAll(() => world.stop())

const bodied = routes.filter(({ method }) => method === 'POST' || method === 'PUT')
const planted_id = 'badc0ffe-1111-4111-8111-111111111111'
/** Fields that would be worth something, with values that are found again wherever they end up. */
const planted = {
  id: planted_id,
  role: 'admin',
  status: 'planted-status',
  escrow_status: 'planted-status',
  price_cents: 987_654_321,
  estimated_price_cents: 987_654_321,
  final_price_cents: 987_654_321,
  amount_refunded_cents: 987_654_321,
  owner_id: planted_id,
  runner_id: planted_id,
  user_id: planted_id,
  sender_id: planted_id,
  created_by: planted_id,
  rating: 987_654_321,
  total_trips: 987_654_321,
  version: 987_654_321,
  is_admin: 'planted-yes',
  is_verified: 'planted-yes',
  password_hash: 'planted-hash',
  banned_ms: 987_654_321,
  quote: { planted: 'planted-yes' },
  route: { distance_km: 0.001, planted: 'planted-yes' },
  by: { id: planted_id, role: 'service' },
  type: 'booking.completed',
  learned: { planted: 'planted-yes' },
}
const polluted =
  '{"__proto__":{"planted":"planted-yes"},"constructor":{"prototype":{"planted":"planted-yes"}},"prototype":{"planted":"planted-yes"}}'

/** The first who may use it; anybody for a public route. */
const userOf = (route: Route): Actor => {
  const allowed = may[nameOf(route)]
  return Array.isArray(allowed) ? (allowed[0] as Actor) : 'anonymous'
}

const fields_of_their_own: Readonly<Record<string, readonly string[]>> = {
  'POST /api/v1/auth/register': ['role'],
}

/** The extra fields without those that the body itself has. */
function extraFor(route: Route, body: object): object {
  const own = [...Object.keys(body), ...(fields_of_their_own[nameOf(route)] ?? [])]
  return Object.fromEntries(Object.entries(planted).filter(([name]) => !own.includes(name)))
}

test('AB20 no body of any route takes a field that is not its own: neither its answer nor what is kept shows it', async () => {
  for (const route of bodied) {
    const [plain, laden] = [await startWorld(keys), await startWorld(keys)]
    try {
      const actor = userOf(route)
      const body = bodies[nameOf(route)]?.(laden) ?? {}
      const usual = await plain.send(
        actor,
        route.method,
        plain.at(route),
        bodies[nameOf(route)]?.(plain) ?? {},
      )
      const extra = extraFor(route, body)
      const answered = await laden.send(actor, route.method, laden.at(route), { ...extra, ...body })
      expect(answered.status, `${nameOf(route)}: ${answered.text}`).toBe(usual.status)
      for (const trace of ['planted', '987654321', planted_id]) {
        expect(answered.text, nameOf(route)).not.toContain(trace)
        expect(laden.kept().includes(trace), `${nameOf(route)} kept ${trace}`).toBe(false)
      }
    } finally {
      plain.stop()
      laden.stop()
    }
  }
}, 240_000)

test('AB21 no body, query, header or cookie reaches a prototype', async () => {
  for (const route of bodied) {
    const body = JSON.stringify(bodies[nameOf(route)]?.(world) ?? {})
    const laden = body === '{}' ? polluted : `${polluted.slice(0, -1)},${body.slice(1)}`
    const { status } = await world.send(userOf(route), route.method, world.at(route), laden)
    expect(status, nameOf(route)).not.toBe(500)
  }
  const query = '__proto__[planted]=x&constructor[prototype][planted]=x&__proto__.planted=x'
  for (const route of routes.filter(({ method }) => method === 'GET')) {
    const { status } = await world.send(userOf(route), 'GET', `${world.at(route)}?${query}`)
    expect(status, nameOf(route)).not.toBe(500)
  }
  const headers = { cookie: '__proto__=planted', 'x-constructor': 'planted' }
  await world.http.call('GET', '/bff/session', { headers })
  expect(({} as Record<string, unknown>).planted).toBeUndefined()
  expect(Object.prototype).not.toHaveProperty('planted')
  expect(world.kept()).not.toContain('planted')
})

/** Writes to a bare socket; all that comes until the server closes, or until it has answered. */
async function raw(text: string): Promise<string> {
  const socket = connect(Number(new URL(world.http.origin).port), '127.0.0.1')
  let seen = ''
  socket.on('error', () => {})
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    seen += chunk
    if (/\r\n\r\n/.test(seen)) socket.destroy()
  })
  socket.write(text, 'latin1')
  await once(socket, 'close')
  const [, method = '', target = ''] = /^(\w+) (\S+) /.exec(text) ?? []
  const status = Number(statusOf(seen))
  if (status >= 100) expect(undeclared(method, target, status)).toBeUndefined()
  return seen
}
const statusOf = (seen: string) => (seen === '' ? 'cut' : Number(seen.slice(9, 12)))
const get = (target: string, headers = '') => raw(`GET ${target} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`)

test('AB22 a path that hides another one, or that is none, is refused and reaches no route', async () => {
  const id = world.booking_id
  const before = world.kept()
  const token = `Authorization: Bearer ${world.tokens.owner}\r\n`
  const paths = [
    '/api/v1/../v1/admin/users',
    '/api/v1/bookings/../admin/users',
    '/api/v1/bookings/%2e%2e/admin/users',
    '/api/v1/bookings/..%2fadmin%2fusers',
    '/api//v1/admin/users',
    '/api/v1/admin/users/',
    '/API/V1/ADMIN/USERS',
    '/api/v1/admin%2fusers',
    '/api/v1/admin/users;x=1',
    `/api/v1/bookings/${id}%00`,
    `/api/v1/bookings/${id}%0d%0aX-Planted:%20yes`,
    `/api/v1/bookings/${id}%2Fcancel`,
    `/api/v1/bookings/${id}\\..\\x`,
    '/docs/../../../../etc/passwd',
    '/docs/%2e%2e%2f%2e%2e%2fpackage.json',
    '/docs/..;/package.json',
    `/api/v1/tracking/shared/${'x'.repeat(5_000)}`,
    'http://evil.test/api/v1/admin/users',
    '*',
    '//evil.test/x',
  ]
  const answers = await Promise.all(paths.map(async (path) => ({ path, seen: await get(path, token) })))
  for (const { path, seen } of answers) {
    expect(['cut', 400, 403, 404, 414], `${path}: ${seen.slice(0, 200)}`).toContain(statusOf(seen))
    expect(seen.toLowerCase(), path).not.toContain('x-planted: yes')
    expect(seen, path).not.toMatch(/root:|"email"/)
  }
  expect(world.kept() === before).toBe(true)
})

test('AB23 no header is taken for two: line ends, null bytes and doubles end the request or count once', async () => {
  const before = world.kept()
  const token = `Authorization: Bearer ${world.tokens.owner}\r\n`
  const admin = `Authorization: Bearer ${world.tokens.admin}\r\n`
  const post = (headers: string, body = '{}') =>
    raw(`POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\n${headers}\r\n${body}`)
  const hosts = 'Host: evil.test\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-For: 10.0.0.1\r\n'
  const [twice, hidden, nulled, lengths, both, odd, negative, host] = await Promise.all([
    get('/api/v1/admin/users', token + admin),
    get('/api/v1/admin/users', `X: a\r${admin}`),
    get('/health', 'X-Request-ID: a\0b\r\n'),
    post('Content-Length: 2\r\nContent-Length: 40\r\n'),
    post('Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    post('Content-Length: 2x\r\n'),
    post('Content-Length: -2\r\n'),
    raw(`GET /docs HTTP/1.1\r\n${hosts}\r\n`),
  ])
  expect([twice, nulled, lengths, both].map(statusOf)).toEqual([403, 'cut', 400, 'cut'])
  for (const seen of [hidden, odd, negative]) expect(statusOf(seen)).not.toBe(200)
  expect(host).not.toContain('evil.test')
  for (const id of ['a b', 'x'.repeat(200), '\u00e9', 'a\tb'])
    expect(await get('/health', `X-Request-ID: ${id}\r\n`)).toMatch(/X-Request-ID: [0-9a-f-]{36}\r\n/)
  expect(world.kept() === before).toBe(true)
})

test('AB24 an address or headers above their bounds are told so before anything else is looked at', async () => {
  const long = `/health?x=${'y'.repeat(limits.url_bytes_max)}`
  expect(statusOf(await get(long))).toBe(414)
  const wide = (name: string) => `${name}: ${'z'.repeat(limits.header_bytes_max)}\r\n`
  for (const name of ['Authorization', 'Cookie', 'Idempotency-Key', 'X-Request-ID', 'Accept-Language'])
    expect(statusOf(await get('/health', wide(name))), name).toBe(431)
  const many = Array.from({ length: 200 }, (_, index) => `X-${index}: y\r\n`).join('')
  expect(['cut', 431]).toContain(statusOf(await get('/health', many)))
  expect(statusOf(await get('/health'))).toBe(200)
})

test('AB25 nothing that a client names is fetched: addresses in bodies and headers stay text', async () => {
  const asked: string[] = []
  const fetched = globalThis.fetch
  const own = new URL(world.http.origin).host
  globalThis.fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input))
    if (url.host !== own) asked.push(url.href)
    return fetched(input, init)
  }
  try {
    const url = 'http://169.254.169.254/latest/meta-data'
    const put = (path: string, body: object, actor: Actor = 'owner') =>
      world.send(actor, 'PUT', `/api/v1${path}`, body)
    await put('/auth/profile', { avatar_url: url })
    await put(`/pets/${world.pet_id}`, { photo_url: url })
    const photo = { photo_type: 'pickup', photo_url: url }
    await world.send('runner', 'POST', `/api/v1/bookings/${world.booking_id}/photo`, photo)
    const device = { token: url, keys: { p256dh: 'x', auth: 'y' } }
    const refused = await world.send('owner', 'POST', '/api/v1/notifications/device-tokens', device)
    expect(refused.body.code).toBe('device.refused')
  } finally {
    globalThis.fetch = fetched
  }
  expect(asked).toEqual([])
})

test('AB26 an account has so many requests a minute, from wherever it calls, and others are served', async () => {
  const config = { ...test_config, trusted_addresses: [] }
  const shared = new SharedArrayBuffer(shared_bytes)
  const strict = await startHttp([], { config, shared })
  try {
    const rate = new Rate(openTables(shared).rates, 'account', limits.rate_account_per_min)
    const [mine, others] = ['a1', 'b2'].map((two) => `${two.repeat(4)}-1111-4111-8111-111111111111`)
    const profile = async (id = '') => {
      const token = await strict.tokenFor({ id, role: 'owner' })
      return strict.call('GET', '/api/v1/auth/profile', { token })
    }
    expect((await profile(mine)).status).toBe(404)
    while (rate.take(mine ?? '', strict.env.now_ms()) === 0);
    const refused = await profile(mine)
    expect(refused).toMatchObject({ status: 429, body: { code: 'auth.rate_limited' } })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await profile(others)).status).toBe(404)
  } finally {
    strict.stop()
  }
})
