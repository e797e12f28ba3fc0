// Requests to every route of the table, with bodies, queries, ids and headers that nobody expects.
import fc, { type Arbitrary } from 'fast-check'
import { type TSchema, Type } from 'typebox'
import { codeIn, undeclared } from '../../gateways/http/declared.given.ts'
import { documents } from '../../gateways/http/documents.ts'
import { type Route, routes } from '../../gateways/http/routes.ts'
import { commands } from '../../protocols/catalogue.ts'
import { edited, editedJson, edits, jsonEdits } from './edits.ts'
import { type Answer, exchange, inLanes, Line } from './line.ts'
import type { RecordedRequest } from './recorded.ts'
import { fitting } from './shapes.ts'
import { type Fuzzed, fuzzed, insist, type Tally } from './target.ts'

/** A server under test, and what is known of it. */
export interface Ground {
  readonly port: number
  /** Of each role, and some that are none. */
  readonly tokens: readonly string[]
  readonly ids: readonly string[]
  readonly recorded: readonly RecordedRequest[]
}

interface Input {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly token: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Uint8Array
}

/** Hashing a password costs more than a thousand other requests: these are tried seldom. */
const costly = /\/(register|login|reset-password|forgot-password)$/
/** It would take the tested accounts away from all further inputs. */
const harmful = /\/ban$/
const concurrency = 48

const linesTo = ({ port }: Ground) => Array.from({ length: concurrency }, () => new Line(port))

export function httpTarget(ground: Ground): Fuzzed {
  const lines = linesTo(ground)
  return fuzzed({
    name: 'http',
    share: 18,
    batch: 512,
    input: requestOf(ground),
    attempt: (inputs, tally) =>
      inLanes(lines, inputs, async (line, input) => {
        const send = () => line.send(bytesOf(input), input.method === 'HEAD')
        tally(await judgedAgain(send, input))
      }),
  })
}

const nowhere = fc.constantFrom(
  '/',
  '/api',
  '/api/v1/bookings/',
  '//',
  '/api/v1/../health',
  '/ws/runner',
  '/%2e%2e/',
)
const headerNames = [
  'idempotency-key',
  'accept-language',
  'x-request-id',
  'origin',
  'cookie',
  'x-csrf-token',
  'stripe-signature',
  'traceparent',
  'content-type',
  'x-forwarded-for',
  'accept-encoding',
  'user-agent',
  'range',
  'if-match',
] as const
const headerValue = fc.oneof(
  fc.constantFrom(
    '',
    '*',
    'null',
    'gzip',
    'http://localhost:3002',
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    '__Host-session=x; a=b',
    't=1,v1=00',
    'x'.repeat(1_000),
    'ms;q=0.9,*;q=0',
    '%00',
    '\u00ff\u00fe',
  ),
  fc.string({ maxLength: 40 }),
)
const headers = fc.array(fc.tuple(fc.constantFrom(...headerNames), headerValue), { maxLength: 2 })

function requestOf(ground: Ground): Arbitrary<Input> {
  const token = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...ground.tokens) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(...ground.tokens), edits)
        .map(([good, changes]) => textOf(edited(Buffer.from(good), changes))),
    },
    { weight: 1, arbitrary: fc.constant('') },
  )
  const byRoute = routes.map((route) => ({
    weight: costly.test(route.path) ? 1 : 60,
    arbitrary: routeInput(route, ground.ids, token),
  }))
  const recorded = ground.recorded.filter(({ path }) => !costly.test(path))
  return fc.oneof(
    { weight: 6, arbitrary: fc.oneof(...byRoute) },
    { weight: recorded.length > 0 ? 3 : 0, arbitrary: recordedInput(recorded, token) },
  )
}

const seldom = <Value>(what: Arbitrary<Value>): Arbitrary<Value | undefined> =>
  fc.oneof({ weight: 40, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: what })

function routeInput(route: Route, ids: readonly string[], token: Arbitrary<string>): Arbitrary<Input> {
  const { method, path } = route
  const id = harmful.test(path)
    ? fc.uuid()
    : fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(...ids) },
        { weight: 1, arbitrary: fc.uuid() },
        { weight: 1, arbitrary: fc.string({ maxLength: 40 }) },
      )
  const { body = Type.Object({}), query = Type.Object({}) } = documentsOf(route)
  return fc
    .record({
      id,
      token,
      headers,
      odd_path: seldom(nowhere),
      odd_method: seldom(fc.constantFrom('HEAD', 'OPTIONS', 'PATCH', 'DELETE', 'PUT')),
      body: fitting(body, ids),
      changes: jsonEdits,
      bytes: fc.oneof(
        { weight: 3, arbitrary: fc.constant<readonly number[]>([]) },
        { weight: 1, arbitrary: edits },
      ),
      query: fitting(query, ids),
      query_changes: jsonEdits,
    })
    .map((made) => ({
      method: made.odd_method ?? method,
      path:
        made.odd_path ?? path.replaceAll(/:\w+/g, () => textOf(Buffer.from(made.id)).replaceAll('/', '%2f')),
      query: queryOf(editedJson(made.query, made.query_changes)),
      token: made.token,
      headers: made.headers,
      body: edited(Buffer.from(JSON.stringify(editedJson(made.body, made.changes)) ?? ''), made.bytes),
    }))
}

function documentsOf(route: Route): { readonly body?: TSchema; readonly query?: TSchema } {
  if ('command' in route) return { body: commands[route.command] }
  return documents[`${route.method} ${route.path}`] ?? {}
}

function recordedInput(recorded: readonly RecordedRequest[], token: Arbitrary<string>): Arbitrary<Input> {
  return fc
    .record({
      which: fc.nat(Math.max(0, recorded.length - 1)),
      token,
      headers,
      path: edits,
      query: edits,
      body: edits,
      part: fc.nat(3),
    })
    .map(({ which, token: by, headers: extra, path, query, body, part }) => {
      const seed = recorded[which] ?? { method: 'GET', path: '/', query: '', body: '' }
      return {
        method: seed.method,
        path: `/${textOf(edited(Buffer.from(seed.path.slice(1)), part === 0 ? path : []))}`,
        query: textOf(edited(Buffer.from(seed.query), part === 1 ? query : [])),
        token: by,
        headers: extra,
        body: edited(Buffer.from(seed.body, 'latin1'), part >= 2 ? body : []),
      }
    })
}

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

function queryOf(fields: unknown): string {
  if (typeof fields !== 'object' || fields === null) return String(fields)
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) search.append(name, wordOf(value).slice(0, 2_000))
  return search.toString()
}

const wordOf = (value: unknown) => (typeof value === 'object' ? (JSON.stringify(value) ?? '') : String(value))

const unsafe_in_path = /[^\x21-\x7e]|[?#]/g
const unsafe_in_header = /[^\x20-\x7e\x80-\xff]/g
const percent = (sign: string) => `%${(sign.charCodeAt(0) & 0xff).toString(16).padStart(2, '0')}`

/** A request whose frame is right: where it ends is beyond doubt, whatever it holds. */
function bytesOf({ method, path, query, token, headers: extra, body }: Input): Uint8Array {
  const target = path.replaceAll(unsafe_in_path, percent).slice(0, 3_000)
  const search = query.replaceAll(unsafe_in_path, percent).slice(0, 3_000)
  const head = [
    `${method} ${target}${search === '' ? '' : `?${search}`} HTTP/1.1`,
    'Host: 127.0.0.1',
    ...(token === '' ? [] : [`Authorization: Bearer ${token.replaceAll(unsafe_in_header, '')}`]),
    ...extra.map(([name, value]) => `${name}: ${value.replaceAll(unsafe_in_header, '')}`),
    `Content-Length: ${body.length}`,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body])
}

/** 503 in the forms that say "later": counted apart, and no failure. */
const later = /"code":"(overloaded|deadline)"/

/** A store that was too busy for once; its message says that the same request may go well later. */
const unavailable = /"code":"unavailable"/
const tries_max = 5
const pause_ms = 1_000

/** Gives an input whose store was too busy its time: what is meant is one that no store ever takes. */
async function judgedAgain(send: () => Promise<Answer | undefined>, input: Input): Promise<string> {
  let answer = await send()
  for (let tries = 1; answer?.status === 503 && unavailable.test(answer.body) && tries < tries_max; tries++) {
    await new Promise((resolve) => setTimeout(resolve, pause_ms))
    answer = await send()
    if (answer && answer.status < 500) return '503 for once'
  }
  return judged(answer, input)
}

/** What an answer counts as. Throws when no request may be answered so. */
function judged(answer: Answer | undefined, { method, path }: Input): string {
  if (!answer) return 'closed'
  const { status, body } = answer
  if (status === 503 && later.test(body)) return '503 later'
  insist(status >= 200 && status < 500, `${path} was answered ${status}: ${body.slice(0, 300)}`)
  if (status >= 400)
    insist(
      !/node_modules|\.[jt]s:\d+:\d+|\n {4}at /.test(body),
      `${path} shows our insides: ${body.slice(0, 300)}`,
    )
  insistDeclared(method, path, answer)
  return String(status)
}

/** The document of the door names the status and the code. */
function insistDeclared(method: string, path: string, { status, body }: Answer): void {
  const flaw = undeclared(method, path, status, codeIn(body))
  insist(flaw === undefined, `${path}: ${flaw}: ${body.slice(0, 300)}`)
}

const handshake =
  'GET /ws/runner?token=x HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
const chunked =
  'POST /api/v1/auth/login HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n2\r\n1}\r\n0\r\n\r\n'
const raw_max_ms = 20_000

/** Bytes that are hardly HTTP: the server closes, or refuses, and serves the next. */
export function rawTarget(ground: Ground): Fuzzed {
  const seeds = [
    handshake,
    chunked,
    'GET /health HTTP/1.1\r\nHost: h\r\n\r\n',
    ...ground.recorded.map(
      ({ method, path, body }) =>
        `${method} ${path} HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    ),
  ].filter((text) => !costly.test(text.split(' ')[1] ?? '') || text === chunked)
  const lines = linesTo(ground)
  return fuzzed({
    name: 'raw',
    share: 2,
    batch: 256,
    input: fc.tuple(fc.noBias(fc.nat(seeds.length - 1)), edits),
    attempt: (inputs, tally) =>
      inLanes(lines, inputs, async (_line, [which, changes]) => {
        const bytes = edited(Buffer.from(seeds[which] ?? '', 'latin1'), changes)
        tallyRaw(await exchange(ground.port, bytes, raw_max_ms), tally)
      }),
  })
}

function tallyRaw(received: string, tally: Tally): void {
  const statuses = [...received.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status))
  for (const status of statuses) {
    // Another version of HTTP is refused as HTTP says.
    const fine = status < 500 || status === 505 || (status === 503 && later.test(received))
    insist(fine, `raw bytes were answered ${received.slice(0, 300)}`)
  }
  tally(statuses.length === 0 ? 'closed' : String(statuses[0]))
}
