import { STATUS_CODES } from 'node:http'
import { Fault } from '../../engine/ports.ts'
import type { Span, Trace } from '../../engine/tracer.ts'
import { limits } from '../../protocols/limits.ts'
import { type Rejection, reject, rejections } from '../../protocols/rejections.ts'
import { sessionIn } from '../bff/cookie.ts'
import type { Doors } from '../doors.ts'
import type { HttpRequest, HttpResponse } from '../uws.ts'
import { corsHeaders, type Headers, security_headers, unless_said } from './origins.ts'
import { problem } from './problem.ts'
import type { Reply } from './reply.ts'
import type { Route } from './routes.ts'

/** The head of a request, read while uWebSockets.js still lets us. */
export interface Head {
  readonly id: string
  /** In upper case. */
  readonly method: string
  readonly path: string
  readonly query: string
  readonly origin: string
  readonly host: string
  readonly authorization: string
  /** The session cookie of a browser; '' for none. */
  readonly session: string
  readonly csrf: string
  readonly idempotency_key: string
  readonly languages: string
  /** Of a webhook. */
  readonly signature: string
  /** -1 when not said, or when it comes in chunks. */
  readonly content_length: number
  readonly address: ArrayBuffer
  /** A proxy has said so. */
  readonly is_forwarded: boolean
  /** Of all that is read of the headers. */
  readonly header_chars: number
}

const printable = /^[\x21-\x7e]+$/
/** A request id is echoed when it is printable and short, else there is a new one. */
export const requestIdOf = (given: string, { env }: Pick<Doors, 'env'>): string =>
  given.length <= limits.request_id_max && printable.test(given) ? given : env.uuid()

/** What proxies add to a request (RFC 7239, RFC 9110 section 7.6.3, and what was there before them). */
const proxied = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'] as const

function readHead(res: HttpResponse, req: HttpRequest, doors: Pick<Doors, 'env'>): Head {
  const given = req.getHeader('x-request-id')
  const length = req.getHeader('content-length')
  const cookie = req.getHeader('cookie')
  const texts = {
    origin: req.getHeader('origin'),
    host: req.getHeader('host'),
    authorization: req.getHeader('authorization'),
    csrf: req.getHeader('x-csrf-token'),
    idempotency_key: req.getHeader('idempotency-key'),
    languages: req.getHeader('accept-language'),
    signature: req.getHeader('stripe-signature'),
  }
  const read = Object.values(texts).reduce((sum, text) => sum + text.length, given.length + cookie.length)
  return {
    ...texts,
    id: requestIdOf(given, doors),
    method: req.getMethod().toUpperCase(),
    path: req.getUrl(),
    query: req.getQuery() ?? '',
    session: read > limits.header_bytes_max ? '' : sessionIn(cookie),
    header_chars: read,
    content_length: length === '' ? -1 : Number(length),
    address: res.getRemoteAddress(),
    is_forwarded: proxied.some((name) => req.getHeader(name) !== ''),
  }
}

/** One request and its one answer. Every way to answer is harmless once the client has gone, or was answered. */
export class Exchange {
  readonly head: Head
  /** True for a page that is not on the list of origins. */
  readonly refused_origin: boolean
  readonly #res: HttpResponse
  readonly #env: Doors['env']
  readonly #doors: Watched
  readonly #began_ms: number
  /** The row of the table that serves it. */
  #route: Pick<Route, 'method' | 'path'> | undefined
  #span: Span | undefined
  readonly #headers: Headers
  #open = true
  #ended = () => {}

  constructor(res: HttpResponse, req: HttpRequest, doors: Watched, origins: ReadonlySet<string>) {
    this.#res = res
    this.#env = doors.env
    this.#doors = doors
    this.#began_ms = doors.env.monotonic_ms()
    this.head = readHead(res, req, doors)
    const cors = corsHeaders(this.head.origin, this.head.host, origins)
    this.refused_origin = cors === 'refused'
    this.#headers = [...security_headers, ...(cors === 'refused' ? [] : cors), ['X-Request-ID', this.head.id]]
    res.onAborted(() => {
      if (this.#close()) this.#span?.end('the client has gone')
    })
  }

  /** Names the request in metrics and traces; `traceparent` is the caller's span, '' for none. */
  served(route: Pick<Route, 'method' | 'path'>, traceparent: string): void {
    this.#route = route
    const parents = traceparent === '' ? [] : [traceparent]
    const fields = { request_id: this.head.id }
    this.#span = this.#doors.tracer?.begin(`${route.method} ${route.path}`, parents, fields)
  }

  /** Of the request's span. */
  get trace(): Trace | undefined {
    return this.#span?.trace
  }

  /** Called once, when there is an answer or the client has gone. */
  onEnd(call: () => void): void {
    if (this.#open) this.#ended = call
    else call()
  }

  reply({ status, body, content_type = 'application/json', headers = [] }: Reply): void {
    if (body === undefined) return this.#write(status, undefined, headers)
    const ready = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
    this.#write(status, ready, [['Content-Type', content_type], ...headers])
  }

  /** `last` ends the connection: what follows on it cannot be told apart from what was refused. */
  refuse(rejection: Rejection, more: Headers = [], last = false): void {
    const { status } = rejections[rejection.rejected]
    const body = JSON.stringify(problem(rejection, this.head.path))
    const headers: [string, string][] = [['Content-Type', 'application/json'], ...more.map(both)]
    const retry_ms = rejection.retry_after_ms ?? (status === 503 ? limits.overload_retry_ms : undefined)
    if (retry_ms !== undefined) headers.push(['Retry-After', String(Math.ceil(retry_ms / 1_000))])
    this.#write(status, body, headers, last || isLast(status, rejection))
  }

  /** A fault is ours to look at and the client's to retry; anything else is a bug, logged once with the request's id. */
  fail(error: unknown): void {
    const fault = error instanceof Fault
    this.#env.log(fault ? 'warn' : 'error', fault ? 'a request met a fault' : 'a request met a bug', {
      request_id: this.head.id,
      method: this.head.method,
      path: loggable(this.head.path),
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    if (fault) this.refuse({ ...reject('unavailable', ''), retry_after_ms: limits.silent_retry_ms })
    else this.refuse(reject('request.failed', ''))
  }

  empty(status: number, headers: Headers = []): void {
    this.#write(status, undefined, headers)
  }

  #close(): boolean {
    const was_open = this.#open
    this.#open = false
    if (was_open) this.#ended()
    return was_open
  }

  #write(status: number, body: Body | undefined, headers: Headers, last = false): void {
    if (!this.#close()) return
    this.#measure(status)
    this.#res.cork(() => {
      this.#res.writeStatus(`${status} ${STATUS_CODES[status] ?? ''}`)
      for (const [name, value] of this.#headers) this.#res.writeHeader(name, value)
      for (const [name, value] of headers) this.#res.writeHeader(name, value)
      for (const [name, value] of unless_said)
        if (!headers.some(([said]) => said === name)) this.#res.writeHeader(name, value)
      this.#end(status, body, last)
    })
  }

  #measure(status: number): void {
    const seconds = (this.#env.monotonic_ms() - this.#began_ms) / 1_000
    const { method = 'other', path = 'other' } = this.#route ?? {}
    this.#doors.meters?.observe('http_request_seconds', seconds, method, path, String(status))
    this.#span?.end(status >= 500 ? String(status) : undefined)
  }

  /** A 204 has no length at all, and an answer to HEAD the length of what it leaves out. */
  #end(status: number, body: Body | undefined, last: boolean): void {
    if (status === 204) this.#res.endWithoutBody()
    else if (body === undefined) this.#res.endWithoutBody(0, last)
    else if (this.head.method === 'HEAD') this.#res.endWithoutBody(Buffer.byteLength(body), last)
    else if (body.length < limits.http_piece_bytes) this.#res.end(body, last)
    else this.#pour(typeof body === 'string' ? Buffer.from(body) : body, last)
  }

  /**
   * A large body goes as its reader takes it, and none of it is copied. Until it is gone the request is not over, and
   * whoever asks for more on the same connection without reading loses it.
   */
  #pour(body: Uint8Array, last: boolean): void {
    const [, done] = this.#res.tryEnd(body, body.length, last)
    if (done) return
    this.#res.onWritable((offset) => {
      const [taken, is_over] = this.#res.tryEnd(body.subarray(offset), body.length, last)
      return taken || is_over
    })
  }
}

/** After these something of the request may still be on its way. */
const unread: ReadonlySet<number> = new Set([408, 413, 414, 431])

/** Whoever reads a log must not be able to follow a link that was shared. */
const loggable = (path: string) => path.replace(/(\/shared\/)[^/]+/, '$1:token')
type Body = string | Uint8Array
type Watched = Pick<Doors, 'env' | 'meters' | 'tracer'>

/** After these the connection is of no use: its bytes are in disorder, or what it asks for is served elsewhere. */
const isLast = (status: number, { rejected }: Rejection) => unread.has(status) || rejected === 'moved'

const both = ([name, value]: readonly [string, string]): [string, string] => [name, value]
