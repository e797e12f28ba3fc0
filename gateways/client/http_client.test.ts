import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemEnv } from '../../engine/system_env.ts'
import { limits } from '../../protocols/limits.ts'
import { HttpClient } from './http_client.ts'
import { Refused, Unanswered } from './pending_commands.ts'

interface Seen {
  readonly path: string
  readonly key: string | undefined
  readonly token: string | undefined
  readonly body: string
}
type Answer = readonly [status: number, body: object]

const env = { ...systemEnv('error'), random: () => 0 }
const user = { id: 'u', email: 'e', role: 'owner' }
const session = (number: number) => ({
  success: true,
  data: { access_token: `access-${number}`, refresh_token: `refresh-${number}`, user },
})

let server: Server
let seen: Seen[]
let answers: (seen: Seen) => Answer
let client: HttpClient

beforeEach(async () => {
  seen = []
  server = createServer(async (request, response) => {
    const one = await read(request)
    seen.push(one)
    const [status, body] = answers(one)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  client = new HttpClient({ base_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, env })
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => {
    server.close(resolve)
  })
})

async function read(request: IncomingMessage): Promise<Seen> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  const { 'idempotency-key': key, authorization: token } = request.headers
  return { path: request.url ?? '', key: key as string | undefined, token, body }
}

test('CL15 a call gives the data of the envelope, and sends token, query and body', async () => {
  answers = ({ path }) =>
    path.endsWith('/login') ? [200, session(1)] : [201, { success: true, data: { id: 7 } }]
  await client.login('e', 'p')
  const reply = await client.request('POST', '/things', { body: { a: 1 }, query: { page: 2 } })
  expect(reply).toEqual({ status: 201, data: { id: 7 } })
  expect(seen[1]).toMatchObject({ path: '/things?page=2', token: 'Bearer access-1', body: '{"a":1}' })
  expect(client.user).toEqual(user)
})

test('CL16 what may pass is tried again with the same key, a bounded number of times', async () => {
  answers = () => (seen.length < 3 ? [503, { code: 'overloaded', retry_after_ms: 1 }] : [200, { data: {} }])
  await client.post('/things', {})
  expect(seen.length).toBe(3)
  expect(new Set(seen.map(({ key }) => key)).size).toBe(1)
  answers = () => [503, { code: 'overloaded', retry_after_ms: 1 }]
  seen = []
  await expect(client.post('/things', {})).rejects.toBeInstanceOf(Refused)
  expect(seen.length).toBe(limits.client_retries_max + 1)
})

test('CL17 a refusal carries the problem and is not tried again', async () => {
  answers = () => [409, { code: 'booking.lost_race', title: 'taken', detail: 'd' }]
  const error = await client.post('/things').catch((reason: unknown) => reason)
  expect((error as Refused).problem).toMatchObject({ code: 'booking.lost_race', status: 409 })
  expect(seen.length).toBe(1)
})

test('CL18 calls that meet an expired token share one refresh and go on', async () => {
  let current = 1
  answers = ({ path, token }) => {
    if (path.endsWith('/login')) return [200, session(1)]
    if (path.endsWith('/refresh')) {
      current += 1
      return [200, session(current)]
    }
    return token === 'Bearer access-2' ? [200, { data: {} }] : [401, { code: 'auth.expired' }]
  }
  await client.login('e', 'p')
  await Promise.all([client.get('/a'), client.get('/b'), client.get('/c')])
  expect(seen.filter(({ path }) => path.endsWith('/refresh')).length).toBe(1)
  expect(await client.token()).toBe('access-2')
})

test('CL19 a server that cannot be reached is tried again, then the call is unanswered', async () => {
  let tries = 0
  const nowhere = new HttpClient({
    base_url: 'http://127.0.0.1:1',
    env,
    fetch: () => {
      tries += 1
      return Promise.reject(new Error('connection refused'))
    },
  })
  await expect(nowhere.get('/things')).rejects.toBeInstanceOf(Unanswered)
  expect(tries).toBe(limits.client_retries_max + 1)
})
