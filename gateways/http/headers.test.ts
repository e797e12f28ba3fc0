// What every answer says and does not say beside its body.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cookieLine } from '../bff/cookie.ts'
import { freshKeys } from '../identity/keys.ts'
import { knock } from '../ws/probe.ts'
import { bodies, nameOf, startWorld, type World } from './authority.given.ts'
import { routes } from './routes.ts'
import { test_config } from './testing.ts'

let world: World
beforeAll(async () => {
  world = await startWorld(await freshKeys())
})
afterAll(() => world.stop())

const always = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'referrer-policy': 'strict-origin-when-cross-origin',
}
/** The pages and their parts, which are the same for everybody and hold nobody's data. */
const for_all = new Set(['GET /docs/start.js', 'GET /docs/swagger-ui-bundle.js', 'GET /docs/swagger-ui.css'])

function check(headers: Headers, is_for_all: boolean, what: string): void {
  expect(Object.fromEntries(headers), what).toMatchObject(always)
  expect(headers.get('content-security-policy'), what).toContain("frame-ancestors 'none'")
  expect(headers.get('content-security-policy'), what).toContain("default-src 'none'")
  for (const name of ['server', 'x-powered-by', 'uwebsockets', 'via'])
    expect(headers.get(name), what).toBeNull()
  expect(headers.get('cache-control'), what).toBe(is_for_all ? 'public, max-age=3600' : 'no-store')
}

test('AB70 every answer of every route, good or bad, keeps caches, frames and guesses out, and names no server', async () => {
  for (const route of routes)
    for (const actor of ['anonymous', 'owner', 'admin'] as const) {
      const bodied = route.method === 'POST' || route.method === 'PUT'
      const body = bodied ? bodies[nameOf(route)]?.(world) : undefined
      const { headers, status } = await world.send(actor, route.method, world.at(route), body)
      check(headers, for_all.has(nameOf(route)), `${actor} ${nameOf(route)} ${status}`)
    }
})

test('AB70 a refused handshake is no different', async () => {
  const { headers } = await knock(`${world.http.origin.replace('http', 'ws')}/ws/runner?token=x`)
  expect(headers).toMatchObject({ ...always, 'cache-control': 'no-store' })
  expect(headers).not.toHaveProperty('uwebsockets')
})

test('AB71 an origin is allowed letter by letter or not at all, and never with a star', async () => {
  const [allowed = ''] = test_config.allowed_origins
  const near = [
    `${allowed}.evil.test`,
    `${allowed}/`,
    allowed.toUpperCase(),
    allowed.replace('http', 'https'),
    allowed.replace('localhost', '127.0.0.1'),
    `${allowed}0`,
    'null',
    '*',
    'http://evil.test',
  ]
  for (const origin of near) {
    const refused = await world.http.call('GET', '/health', { headers: { origin } })
    expect(refused.status, origin).toBe(403)
    expect(refused.headers.get('access-control-allow-origin'), origin).toBeNull()
    const url = `${world.http.origin.replace('http', 'ws')}/ws/runner?token=${world.tokens.runner}`
    expect((await knock(url, { origin })).status, origin).toBe(403)
  }
  const { headers } = await world.http.call('GET', '/health', { headers: { origin: allowed } })
  expect(headers.get('access-control-allow-origin')).toBe(allowed)
  expect(headers.get('vary')).toBe('Origin')
})

test('AB72 the cookie of a browser is for this host, this site and no script; over HTTPS it says so by its name', () => {
  expect(cookieLine('x', 60, false)).toBe('kilat_session=x; Path=/; Max-Age=60; HttpOnly; SameSite=Strict')
  expect(cookieLine('x', 60, true)).toBe(
    '__Host-kilat_session=x; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure',
  )
})
