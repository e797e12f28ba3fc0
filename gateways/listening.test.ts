import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { behaviours } from '../actors/behaviours.ts'
import { limits } from '../protocols/limits.ts'
import { closeCodes } from '../protocols/socket.ts'
import { loadConfig } from './config.ts'
import { contextOf } from './http/context.ts'
import { routes } from './http/routes.ts'
import { startHttp, type TestHttp, test_config } from './http/testing.ts'
import { type OpenDoors, openListeners } from './listening.ts'

let http: TestHttp | undefined
let open: OpenDoors | undefined
afterEach(async () => {
  open?.stopListening()
  await open?.close()
  http?.stop()
  open = undefined
})

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })

/** Every door on a port of its own, before the doors of a test. */
async function listening() {
  const [port, ...ports] = await Promise.all(Array.from({ length: 5 }, freePort))
  const contexts = ['booking', 'payment', 'runner', 'tracking'] as const
  const listeners = contexts.map((context, index) => ({ context, port: ports[index] ?? 0 }))
  http = await startHttp(behaviours)
  open = await openListeners({ ...http.doors, config: { ...test_config, port: port ?? 0, listeners } })
  const origins = Object.fromEntries(listeners.map((each) => [each.context, `http://127.0.0.1:${each.port}`]))
  return { whole: `http://127.0.0.1:${port}`, origins }
}
const told = async (url: string, method = 'GET') => {
  const response = await fetch(url, { method })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

test('LS1 a part has its own health and readiness, under the name that its events carry', async () => {
  const { whole, origins } = await listening()
  expect((await told(`${whole}/health`)).body).toEqual({ status: 'healthy', service: 'kilat-dispatch' })
  for (const [context, origin] of Object.entries(origins)) {
    expect((await told(`${origin}/health`)).body).toEqual({
      status: 'healthy',
      service: `service-${context}`,
    })
    expect((await told(`${origin}/readiness`)).body).toMatchObject({
      status: 'ready',
      service: `service-${context}`,
    })
  }
})

test('LS1 a part knows its own paths and no others', async () => {
  const { whole, origins } = await listening()
  const guarded = routes.filter(({ roles }) => roles !== 'public')
  for (const { method, path } of guarded) {
    const url = path.replaceAll(/:\w+/g, '77777777-7777-4777-8777-777777777777')
    expect((await told(whole + url, method)).status, path).toBe(401)
    for (const [context, origin] of Object.entries(origins))
      expect((await told(origin + url, method)).status, `${context} ${path}`).toBe(
        contextOf(path) === context ? 401 : 404,
      )
  }
})

test('LS2 every path of the contract belongs to one part', () => {
  const stray = routes.filter(({ path }) => path.startsWith('/api/') && contextOf(path) === 'system')
  expect(stray).toEqual([])
  expect(contextOf('/api/v1/runners/apply')).toBe('identity')
  expect(contextOf('/api/v1/runners')).toBe('runner')
  expect(contextOf('/api/v1/users/me/pets')).toBe('booking')
  expect(contextOf('/api/v1/petshops/nearby')).toBe('runner')
})

test('LS3 no part is served alone unless it is configured, and ports are told apart', () => {
  expect(loadConfig({}).listeners).toEqual([])
  expect(loadConfig({ RUNNER_PORT: '8003', TRACKING_PORT: '8005' }).listeners).toEqual([
    { context: 'runner', port: 8003 },
    { context: 'tracking', port: 8005 },
  ])
  expect(() => loadConfig({ BOOKING_PORT: '8080' })).toThrow('BOOKING_PORT: 8080 is taken by another key')
})

test('LS4 a socket is on the port of its part', async () => {
  const { whole, origins } = await listening()
  const sockets = [
    ['runner', '/ws/runner'],
    ['tracking', '/ws/tracking/77777777-7777-4777-8777-777777777777'],
  ] as const
  const knock = async (origin: string | undefined, path: string) => {
    const headers = {
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      'sec-websocket-version': '13',
    }
    return statusOf(`${origin}${path}`, headers)
  }
  for (const [owner, path] of sockets) {
    expect(await knock(whole, path)).toBe(401)
    for (const [context, origin] of Object.entries(origins))
      expect(await knock(origin, path), `${context} ${path}`).toBe(context === owner ? 401 : 404)
  }
  expect(open?.count()).toEqual({ runner: 0, tracking: 0 })
})

test('LS5 an engine that another has taken over from closes its sockets and sends everybody there, but answers operations', async () => {
  const { whole, origins } = await listening()
  const runner = { id: '77777777-7777-4777-8777-777777777777', role: 'runner' } as const
  const token = await (http as TestHttp).tokenFor(runner)
  const socket = await openSocket(`${whole}/ws/runner?token=${token}`)
  const closed = once(socket, 'close')
  await open?.turnOut()
  expect((await closed)[0]).toBe(closeCodes.going_away)
  for (const origin of [whole, origins.booking]) {
    const response = await fetch(`${origin}/api/v1/bookings`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(await response.json()).toMatchObject({ code: 'moved', retry_after_ms: limits.tenure_retry_ms })
    expect(response.status).toBe(503)
    expect(response.headers.get('connection')).toBe('close')
  }
  for (const path of ['/health', '/readiness']) expect((await fetch(`${whole}${path}`)).status).toBe(200)
  await expect(openSocket(`${whole}/ws/runner?token=${token}`)).rejects.toThrow('503')
})

async function openSocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'))
  await once(socket, 'open')
  return socket
}

/** The status that an upgrade is answered with; `fetch` may not ask for one. */
async function statusOf(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const { request } = await import('node:http')
  return new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
      .on('error', reject)
      .end()
  })
}
