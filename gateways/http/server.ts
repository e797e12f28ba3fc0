// The HTTP door of one worker thread: walks the table of routes once, at start.
import { limits } from '../../protocols/limits.ts'
import { isRefusal, type Rejection, reject } from '../../protocols/rejections.ts'
import type { Verified } from '../doors.ts'
import type { HttpRequest, HttpResponse, TemplatedApp } from '../uws.ts'
import { parseBody, readBody } from './body.ts'
import { command, query } from './commands.ts'
import { contextOf } from './context.ts'
import { endpoints, public_endpoints } from './endpoints.ts'
import { Exchange } from './exchange.ts'
import { type Headers, preflight_headers } from './origins.ts'
import { addressText, countedAs, Rate, trustedBy } from './rates.ts'
import type { Reply } from './reply.ts'
import type { HttpDoors, KnownRequest, Request } from './request.ts'
import { type Method, of_every_part, of_operations, type Route, routes } from './routes.ts'
import { openTables, type TimeTable } from './shared.ts'
import { wordedFor } from './vocabulary.ts'

/** What is left to say to a door that is open. */
export interface MountedHttp {
  /** Another engine has the records now: every request but those of operations is sent there (`moved`). */
  turnOut(): void
}

/** Serves every route of the table on the app, and JSON for all that is none. */
export function mountHttp(app: TemplatedApp, doors: HttpDoors): MountedHttp {
  const door = new Door(doors)
  for (const route of door.routes)
    app[verbs[route.method]](route.path, (res, req) => door.serve(route, res, req))
  app.any('/*', (res, req) => door.stray(res, req))
  return door
}

const verbs = { GET: 'get', POST: 'post', PUT: 'put', DELETE: 'del' } as const satisfies Record<
  Method,
  string
>
const bodied: ReadonlySet<Method> = new Set<Method>(['POST', 'PUT'])
const webhook_path = '/api/v1/payments/webhook'
const identity_prefix = '/api/v1/auth/'
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const moved: Rejection = {
  rejected: 'moved',
  detail: 'another engine has taken over: connect again',
  retry_after_ms: limits.tenure_retry_ms,
}

const routesOf = (context: HttpDoors['context']): readonly Route[] =>
  routes.filter(
    ({ path }) => context === undefined || contextOf(path) === context || of_every_part.includes(path),
  )

class Door implements MountedHttp {
  readonly routes: readonly Route[]
  readonly #doors: HttpDoors
  readonly #origins: ReadonlySet<string>
  readonly #trusted: (address: string) => boolean
  readonly #rates: Readonly<Record<'gateway' | 'identity' | 'webhooks' | 'account', Rate>>
  readonly #repeats: TimeTable
  #is_moved = false

  constructor(doors: HttpDoors) {
    const { rates, repeats } = openTables(doors.shared)
    this.#doors = doors
    this.routes = routesOf(doors.context)
    this.#origins = new Set(doors.config.allowed_origins)
    this.#trusted = trustedBy(doors.config.trusted_addresses)
    this.#repeats = repeats
    this.#rates = {
      gateway: new Rate(rates, 'gateway', limits.rate_gateway_per_min),
      identity: new Rate(rates, 'identity', limits.rate_identity_per_min),
      webhooks: new Rate(rates, 'webhooks', limits.webhooks_per_min),
      account: new Rate(rates, 'account', limits.rate_account_per_min),
    }
  }

  turnOut(): void {
    this.#is_moved = true
  }

  serve(route: Route, res: HttpResponse, req: HttpRequest): void {
    const exchange = this.#admit(res, req)
    if (!exchange) return
    exchange.served(route, this.#doors.tracer ? req.getHeader('traceparent') : '')
    const token = bearer(exchange.head.authorization)
    if (route.roles !== 'public' && token === '' && exchange.head.session === '') {
      exchange.refuse(reject('auth.missing_token', ''))
      return
    }
    const segments = exchange.head.path.split('/')
    if (bodied.has(route.method) && isTwice(req, 'content-length')) {
      exchange.refuse(reject('request.malformed', 'it has two lengths'), [], true)
      return
    }
    const body = bodied.has(route.method) ? readBody(res, this.#doors.env) : undefined
    if (body) exchange.onEnd(body.stop)
    this.#answer(route, exchange, segments, token, body?.done).catch((error) => exchange.fail(error))
  }

  /** A path that no route has, a method that the path does not know, and every preflight. */
  stray(res: HttpResponse, req: HttpRequest): void {
    const exchange = this.#admit(res, req)
    if (!exchange) return
    const { method, path } = exchange.head
    const known = methodsOf(path, this.routes)
    const allow: Headers = [['Allow', [...known, 'OPTIONS'].join(', ')]]
    if (method === 'OPTIONS') exchange.empty(204, preflight_headers)
    else if (known.length === 0) exchange.refuse(reject('request.not_found', ''))
    else exchange.refuse(reject('request.method', `it knows ${known.join(', ')}`), allow)
  }

  /** Past the origin and the limits, or answered already. */
  #admit(res: HttpResponse, req: HttpRequest): Exchange | undefined {
    const exchange = new Exchange(res, req, this.#doors, this.#origins)
    if (exchange.refused_origin) {
      exchange.empty(403)
      return undefined
    }
    if (this.#is_moved && !of_operations.has(exchange.head.path)) {
      exchange.refuse(moved)
      return undefined
    }
    const wait_ms = this.#count(exchange)
    const refused = wait_ms === 0 ? oversizeOf(exchange) : slowDown(wait_ms)
    if (!refused) return exchange
    exchange.refuse(refused)
    return undefined
  }

  /** An account is counted where its address is: from wherever it calls. */
  #countAccount(exchange: Exchange, { principal }: Verified): Rejection | undefined {
    if (this.#whom(exchange) === '') return undefined
    const wait_ms = this.#rates.account.take(principal.id, this.#doors.env.now_ms())
    return wait_ms === 0 ? undefined : slowDown(wait_ms)
  }

  /** Whom the limits count; '' for an address that none counts. */
  #whom({ head }: Exchange): string {
    const text = addressText(head.address)
    return this.#trusted(text) ? '' : countedAs(text)
  }

  #count(exchange: Exchange): number {
    const whom = this.#whom(exchange)
    if (whom === '') return 0
    const now_ms = this.#doors.env.now_ms()
    const { path } = exchange.head
    if (path === webhook_path) return this.#rates.webhooks.take(whom, now_ms)
    const identity_ms = path.startsWith(identity_prefix) ? this.#rates.identity.take(whom, now_ms) : 0
    return identity_ms > 0 ? identity_ms : this.#rates.gateway.take(whom, now_ms)
  }

  async #answer(
    route: Route,
    exchange: Exchange,
    segments: readonly string[],
    token: string,
    arriving: Promise<Uint8Array | Rejection> | undefined,
  ): Promise<void> {
    const outcome = await this.#outcome(route, exchange, segments, token, arriving)
    if (isRefusal(outcome)) exchange.refuse(outcome)
    else exchange.reply(wordedFor(exchange.head.origin, route.path, outcome))
  }

  async #outcome(
    route: Route,
    exchange: Exchange,
    segments: readonly string[],
    token: string,
    arriving: Promise<Uint8Array | Rejection> | undefined,
  ): Promise<Reply | Rejection> {
    const verified = route.roles === 'public' ? undefined : await this.#verify(route, exchange, token)
    if (verified && isRefusal(verified)) return verified
    if (verified && !(route.roles as readonly string[]).includes(verified.principal.role))
      return reject('auth.role', `it is not for the role ${verified.principal.role}`)
    const too_many = verified && this.#countAccount(exchange, verified)
    if (too_many) return too_many
    const ids = idsOf(route, segments)
    if (isRefusal(ids)) return ids
    const bytes = (await arriving) ?? new Uint8Array()
    if (!(bytes instanceof Uint8Array)) return bytes
    const parsed = parseBody(bytes)
    if (isRefusal(parsed)) return parsed
    const request = this.#request(exchange, ids.ids, parsed.body, bytes)
    return verified
      ? this.#known(route, { ...request, by: verified.principal })
      : this.#public(route, request)
  }

  #request(exchange: Exchange, ids: Request['ids'], body: Request['body'], raw: Uint8Array): Request {
    const { method, path, query, idempotency_key, languages, session, csrf, signature } = exchange.head
    const address = this.#whom(exchange)
    return {
      method,
      path,
      query: new URLSearchParams(query),
      ids,
      body,
      idempotency_key,
      languages,
      address,
      session,
      csrf,
      caller: addressText(exchange.head.address),
      is_forwarded: exchange.head.is_forwarded,
      token: bearer(exchange.head.authorization),
      trace: exchange.trace,
      raw,
      signature,
    }
  }

  /** By the token of the header, or else by the browser's session, whose changes must show its CSRF token. */
  async #verify({ method }: Route, { head }: Exchange, bearer: string): Promise<Verified | Rejection> {
    const { verifier, front } = this.#doors
    if (bearer !== '') return verifier.verify(bearer)
    const token = await front.tokenOf(head.session, method === 'GET' ? undefined : head.csrf)
    return isRefusal(token) ? token : verifier.verify(token)
  }

  async #public(route: Route, request: Request): Promise<Reply | Rejection> {
    if (route.roles !== 'public') throw new Error('a route with roles was reached without a token')
    return public_endpoints[route.endpoint](request, this.#doors)
  }

  async #known(route: Route, request: KnownRequest): Promise<Reply | Rejection> {
    if ('command' in route) return command(route, request, this.#doors, this.#repeats)
    if ('query' in route) return query(route, request, this.#doors)
    if (route.roles === 'public') return this.#public(route, request)
    return endpoints[route.endpoint](request, this.#doors)
  }
}

const slowDown = (wait_ms: number): Rejection => ({
  ...reject('auth.rate_limited', ''),
  retry_after_ms: wait_ms,
})

function oversizeOf({ head }: Exchange): Rejection | undefined {
  if (head.path.length + head.query.length > limits.url_bytes_max)
    return reject('request.url_too_long', `at most ${limits.url_bytes_max} characters`)
  if (head.header_chars > limits.header_bytes_max)
    return reject('request.headers_too_large', `at most ${limits.header_bytes_max} characters`)
  return undefined
}

/** A header that two parties may read differently. */
function isTwice(req: HttpRequest, name: string): boolean {
  let count = 0
  req.forEach((each) => {
    if (each === name) count += 1
  })
  return count > 1
}

/** The token of an Authorization header, whose scheme may be in any case; '' for none. */
const bearer = (authorization: string): string => /^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? ''

const parts = new Map(routes.map((route) => [route, route.path.split('/')]))

/** The ids of the path by name, in lower case. */
function idsOf(
  route: Route,
  segments: readonly string[],
): { readonly ids: Readonly<Record<string, string>> } | Rejection {
  const ids: Record<string, string> = {}
  for (const [index, part] of (parts.get(route) ?? []).entries()) {
    if (!part.startsWith(':')) continue
    const segment = segments[index] ?? ''
    if (part === ':token') {
      ids.token = segment
      continue
    }
    if (!uuid.test(segment)) return reject('request.malformed', `${part.slice(1)} in the path must be a UUID`)
    ids[part.slice(1)] = segment.toLowerCase()
  }
  return { ids }
}

/** The methods that routes of this very path have. */
function methodsOf(path: string, routes: readonly Route[]): readonly Method[] {
  const segments = path.split('/')
  const fits = (own: readonly string[]) =>
    own.length === segments.length &&
    own.every((part, index) => part === segments[index] || (part.startsWith(':') && segments[index] !== ''))
  return routes.filter((route) => fits(parts.get(route) ?? [])).map(({ method }) => method)
}
