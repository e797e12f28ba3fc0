import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Fault } from '../../engine/ports.ts'
import { limits } from '../../protocols/limits.ts'
import type { Doors } from '../doors.ts'
import { startHttp, type TestHttp, test_config } from './testing.ts'

let http: TestHttp
let token: string
beforeAll(async () => {
  http = await startHttp([])
  token = await http.tokenFor({ id: '11111111-1111-4111-8111-111111111111', role: 'owner' })
})
afterAll(() => http.stop())

const code = ({ status, body }: { status: number; body: Readonly<Record<string, unknown>> }) => ({
  status,
  code: body.code,
})
const id = '33333333-3333-4333-8333-333333333333'

/** Writes to a bare socket and gives back all that comes until the server closes, or until `until` was seen. */
async function raw(text: string, until = '\u0000'): Promise<string> {
  const socket = connect(Number(new URL(http.origin).port), '127.0.0.1')
  let seen = ''
  socket.on('error', () => {})
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    seen += chunk
    if (seen.includes(until)) socket.destroy()
  })
  socket.write(text)
  await once(socket, 'close')
  return seen
}

test('HT10 an unknown path is a JSON problem, and a known one says which methods it has', async () => {
  for (const path of ['/', '/api/v1/nothing', '/api/v1/bookings/', '/ws/nothing', '/%00', '/api/v1/auth'])
    expect(code(await http.call('GET', path)), path).toEqual({ status: 404, code: 'request.not_found' })
  const wrong = await http.call('DELETE', `/api/v1/bookings/${id}`)
  expect(code(wrong)).toEqual({ status: 405, code: 'request.method' })
  expect(wrong.headers.get('allow')).toBe('GET, OPTIONS')
  expect((await http.call('PATCH', '/api/v1/bookings')).headers.get('allow')).toBe('POST, GET, OPTIONS')
  expect((await fetch(`${http.origin}/health`, { method: 'HEAD' })).status).toBe(405)
})

test('HT11 health, readiness and keys need no token', async () => {
  expect((await http.call('GET', '/health')).body).toEqual({ status: 'healthy', service: 'kilat-dispatch' })
  expect((await http.call('GET', '/readiness')).body).toEqual({
    status: 'ready',
    service: 'kilat-dispatch',
    checks: { nats: 'ready', database: 'ready' },
  })
  expect((await http.call('GET', '/.well-known/jwks.json')).body).toEqual(http.keys.jwks)
})

test('HT11 readiness is 503 while a part is not ready', async () => {
  const readiness: Doors['readiness'] = () => ({
    ready: false,
    checks: { database: 'error: it is starting' },
  })
  const late = await startHttp([], { readiness })
  try {
    expect(await late.call('GET', '/readiness')).toMatchObject({ status: 503, body: { status: 'not_ready' } })
  } finally {
    late.stop()
  }
})

test('HT12 every answer has the security headers and the request id that came, or a new one', async () => {
  for (const path of ['/health', '/nothing', '/api/v1/bookings']) {
    const { headers } = await http.call('GET', path)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('x-xss-protection')).toBe('1; mode=block')
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains')
    expect(headers.get('referrer-policy')).toBe('strict-origin-when-cross-origin')
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  }
  const echoed = await http.call('GET', '/health', { headers: { 'x-request-id': 'trace-42' } })
  expect(echoed.headers.get('x-request-id')).toBe('trace-42')
  const long = await http.call('GET', '/health', { headers: { 'x-request-id': 'x'.repeat(500) } })
  expect(long.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
})

test('HT13 a listed page may call, its preflight says how, and a page that is not listed gets an empty 403', async () => {
  const origin = 'http://localhost:3002'
  const preflight = await http.call('OPTIONS', '/api/v1/bookings', {
    headers: { origin, 'access-control-request-method': 'POST' },
  })
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('access-control-allow-origin')).toBe(origin)
  expect(preflight.headers.get('access-control-allow-credentials')).toBe('true')
  expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, POST, PUT, PATCH, DELETE, OPTIONS')
  expect(preflight.headers.get('access-control-allow-headers')).toContain('Authorization')
  expect(preflight.headers.get('access-control-max-age')).toBe('43200')
  const refused = await http.call('GET', '/api/v1/bookings', { headers: { origin } })
  expect(refused.status).toBe(401)
  expect(refused.headers.get('access-control-allow-origin')).toBe(origin)
  expect(refused.headers.get('access-control-expose-headers')).toBe('Content-Length, X-Request-ID')
  for (const foreign of ['http://localhost:9999', 'null', 'http://localhost:3002.evil.test'])
    expect(await http.call('GET', '/health', { headers: { origin: foreign } })).toMatchObject({
      status: 403,
      text: '',
    })
  const own = await http.call('GET', '/health', { headers: { origin: http.origin } })
  expect(own).toMatchObject({ status: 200 })
  expect(own.headers.get('access-control-allow-origin')).toBeNull()
})

test('HT14 without a token, with rubbish, or with an expired one, it is 401 and says which', async () => {
  expect(code(await http.call('GET', '/api/v1/bookings'))).toEqual({
    status: 401,
    code: 'auth.missing_token',
  })
  const headers = { authorization: `Basic ${token}` }
  expect(code(await http.call('GET', '/api/v1/bookings', { headers }))).toEqual({
    status: 401,
    code: 'auth.missing_token',
  })
  const rubbish = await http.call('GET', '/api/v1/bookings', { token: 'rubbish' })
  expect(code(rubbish)).toEqual({ status: 401, code: 'auth.invalid_token' })
  const lower = await http.call('GET', '/api/v1/bookings/x', {
    headers: { authorization: `bearer ${token}` },
  })
  expect(lower.status).toBe(400)
})

test('HT15 a bad UUID in a path is 400', async () => {
  const bad = ['x', '1', 'draft-vet-1', `${id}0`, '%27%20OR%201=1', '11111111-1111-4111-8111-11111111111g']
  for (const path of bad)
    expect(code(await http.call('GET', `/api/v1/bookings/${path}/runners`, { token })), path).toEqual({
      status: 400,
      code: 'request.malformed',
    })
})

test('HT16 a body that is no JSON object is 400, with what is wrong and where', async () => {
  const bad: [string | Uint8Array, string][] = [
    ['{"email":', 'ends too early'],
    ['{"email" "x"}', 'character 9'],
    ['[]', 'must be a JSON object'],
    ['null', 'must be a JSON object'],
    ['7', 'must be a JSON object'],
    ['"text"', 'must be a JSON object'],
    ['secret-word', 'not JSON'],
    [new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), 'not UTF-8'],
    [new Uint8Array(1_000).fill(0x80), 'not UTF-8'],
    ['['.repeat(100_000), 'ends too early'],
    [`{"email":${'['.repeat(50_000)}null${']'.repeat(50_000)}}`, 'nested too deeply'],
  ]
  for (const [body, detail] of bad) {
    const answered = await http.call('POST', '/api/v1/auth/login', { body })
    expect(code(answered)).toEqual({ status: 400, code: 'request.malformed' })
    expect(answered.body.detail).toContain(detail)
    expect(answered.text).not.toContain('secret-word')
  }
})

test('HT17 nobody reaches the prototype through a body', async () => {
  const body =
    '{"email":"a@kilat.test","password":"x","__proto__":{"polluted":1},"\\u005f_proto__":{"polluted":1}}'
  expect((await http.call('POST', '/api/v1/auth/login', { body })).status).toBe(401)
  expect(({} as { polluted?: number }).polluted).toBeUndefined()
})

test('HT18 a body above the bound is 413 at any size, and the door stays open', async () => {
  for (const size of [limits.body_bytes_max + 1, 1024 * 1024, 4 * 1024 * 1024])
    expect(code(await http.call('POST', '/api/v1/auth/login', { body: 'x'.repeat(size) }))).toEqual({
      status: 413,
      code: 'request.too_large',
    })
  const fitting = 'x'.repeat(limits.body_bytes_max)
  expect((await http.call('POST', '/api/v1/auth/login', { body: fitting })).status).toBe(400)
  expect((await http.call('GET', '/health')).status).toBe(200)
})

test('HT18 a large body to a path that refuses its caller before it is read harms no later request', async () => {
  const body = 'x'.repeat(1024 * 1024)
  for (let round = 0; round < 3; round++) {
    expect((await http.call('POST', '/api/v1/bookings', { body })).status).toBe(401)
    expect((await http.call('POST', '/api/v1/nothing', { body })).status).toBe(404)
    expect((await http.call('DELETE', '/api/v1/bookings', { body })).status).toBe(405)
    expect((await http.call('POST', '/api/v1/runners', { token, body })).status).toBe(403)
  }
})

test('HT19 a body that trickles in too slowly is 408, and one that never ends holds nothing', async () => {
  const head = 'POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n'
  const before = http.env.pending
  const answer = raw(`${head}{"em`)
  while (http.env.pending === before) await new Promise(setImmediate)
  await http.env.advance(limits.request_timeout_ms)
  expect(await answer).toContain('408 Request Timeout')
  const gone = connect(Number(new URL(http.origin).port), '127.0.0.1')
  gone.write(`${head}{"em`)
  while (http.env.pending === before) await new Promise(setImmediate)
  gone.destroy()
  while (http.env.pending !== before) await new Promise(setImmediate)
})

test('HT20 rubbish instead of HTTP harms nobody else', async () => {
  const rubbish = connect(Number(new URL(http.origin).port), '127.0.0.1')
  try {
    await once(rubbish, 'connect')
    rubbish.write(new Uint8Array(10_000).map((_, index) => (index * 7_919) & 0xff))
    await raw('POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n', '\r\n\r\n')
    expect((await http.call('GET', '/health')).status).toBe(200)
  } finally {
    rubbish.destroy()
  }
})

test('HT21 no body, an empty one, and one without a content type are all fine where none is needed', async () => {
  const logout = '/api/v1/auth/logout'
  expect((await http.call('POST', logout, { token })).status).toBe(200)
  expect((await http.call('POST', logout, { token, body: '' })).status).toBe(200)
  expect(
    (await http.call('POST', logout, { token, body: {}, headers: { 'content-type': 'text/plain' } })).status,
  ).toBe(200)
  const head = `POST ${logout} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n`
  expect(await raw(`${head}Content-Length: 0\r\n\r\n`, 'logged out')).toContain('200 OK')
  expect(await raw(`${head}\r\n`, 'logged out')).toContain('200 OK')
  expect(await raw(`${head}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`, 'logged out')).toContain(
    '200 OK',
  )
})

test('HT22 a fault is 503 without detail, a bug is 500, and each is logged once with the request id', async () => {
  const boom = (error: Error) => ({
    ...http.doors.accounts,
    byId: () => Promise.reject(error),
  })
  for (const [error, status, told] of [
    [new Fault('secret table is gone', { retry: true }), 503, 'unavailable'],
    [new Error('secret bug'), 500, 'request.failed'],
  ] as const) {
    const broken = await startHttp([])
    Object.assign(broken.doors, { accounts: boom(error) })
    try {
      const own = await broken.tokenFor({ id, role: 'owner' })
      const answered = await broken.call('GET', '/api/v1/auth/profile', {
        token: own,
        headers: { 'x-request-id': 'trace-7' },
      })
      expect(code(answered)).toEqual({ status, code: told })
      expect(answered.text).not.toContain('secret')
      expect(broken.env.lines.filter(({ fields }) => fields.request_id === 'trace-7')).toHaveLength(1)
      if (status === 503) expect(answered.headers.get('retry-after')).toBe('1')
    } finally {
      broken.stop()
    }
  }
})

test('RL7 the limits stand before every path, with Retry-After, and a forwarded address changes nothing', async () => {
  const strict = await startHttp([], { config: { ...test_config, trusted_addresses: ['10.0.0.1'] } })
  try {
    const login = (headers = {}) => strict.call('POST', '/api/v1/auth/login', { body: {}, headers })
    for (let count = 0; count < limits.rate_identity_per_min; count++)
      expect((await login()).status).toBe(400)
    const limited = await login({ 'x-forwarded-for': '10.0.0.1' })
    expect(code(limited)).toEqual({ status: 429, code: 'auth.rate_limited' })
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0)
    const left = limits.rate_gateway_per_min - limits.rate_identity_per_min
    for (let count = 0; count < left; count++) expect((await strict.call('GET', '/health')).status).toBe(200)
    expect((await strict.call('GET', '/nothing')).status).toBe(429)
    await strict.env.advance(60_000)
    expect((await login()).status).toBe(400)
  } finally {
    strict.stop()
  }
})
