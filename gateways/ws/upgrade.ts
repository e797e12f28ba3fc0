// How a socket is let in: the checks that come before any upgrade, and the JSON answers of those that fail.
import { STATUS_CODES } from 'node:http'
import { limits } from '../../protocols/limits.ts'
import { isRefusal, overloaded, type Rejection, reject, rejections } from '../../protocols/rejections.ts'
import type { Doors, FeedDoors, Verified } from '../doors.ts'
import { requestIdOf } from '../http/exchange.ts'
import { corsHeaders, type Headers, security_headers, unless_said } from '../http/origins.ts'
import { problem } from '../http/problem.ts'
import type { HttpRequest, HttpResponse, UpgradeContext } from '../uws.ts'
import type { Leave, Turnstile } from './turnstile.ts'

/** What is kept of the request: it is gone when its handler returns. */
export interface Knock {
  readonly verified: Verified
  /** The first path parameter as it was sent; '' for none. */
  readonly parameter: string
  readonly user_agent: string
  query(key: string): string | undefined
}

/** What a socket carries. The library copies its own properties only, so an object with methods must stand inside. */
export interface Seated<Data> {
  readonly seated: Data
  /** To be called when the socket has closed. */
  readonly leave: Leave
}

export interface Door<Data> {
  readonly turnstile: Turnstile
  /** Sockets that this door has let in and that are still open. */
  count(): number
  /** The socket's data, or why it may not come in. */
  admit(knock: Knock): Promise<Data | Rejection>
}

/**
 * Upgrades, or answers as HTTP: 403 without a body for a foreign Origin; then, as problems, 429 for an address that
 * knocks too often, 503 when there are too many sockets, 401 without a valid access token, what `admit` refuses with,
 * and 429 for an account with too many sockets. A fault is `unavailable`.
 */
export function upgrade<Data extends object>(
  res: HttpResponse,
  req: HttpRequest,
  context: UpgradeContext,
  doors: Pick<FeedDoors, 'verifier' | 'env' | 'config'>,
  door: Door<Data>,
): void {
  const instance = req.getUrl()
  const allowed = new Set(doors.config.allowed_origins)
  const cors = corsHeaders(req.getHeader('origin'), req.getHeader('host'), allowed)
  if (cors === 'refused') {
    writeHead(res, 403, security_headers).endWithoutBody(0, true)
    return
  }
  const headers = [...security_headers, ...cors, requestId(req, doors)]
  const whom = door.turnstile.whom(res.getRemoteAddress())
  const token = door.turnstile.knock(whom) ?? tokenOf(req, door.count())
  if (typeof token !== 'string') {
    answer(res, token, instance, headers)
    return
  }
  const key = req.getHeader('sec-websocket-key')
  const extensions = req.getHeader('sec-websocket-extensions')
  const parameter = req.getParameter(0) ?? ''
  const user_agent = req.getHeader('user-agent')
  const search = new URLSearchParams(req.getQuery() ?? '')
  const query = (name: string) => search.get(name) ?? undefined
  let aborted = false
  res.onAborted(() => {
    aborted = true
  })
  const decide = async (): Promise<{ readonly data: Data; readonly account: string } | Rejection> => {
    const verified = await doors.verifier.verify(token)
    if (isRefusal(verified)) return verified
    const data = await door.admit({ verified, parameter, user_agent, query })
    return isRefusal(data) ? data : { data, account: verified.principal.id }
  }
  decide()
    .catch((fault: unknown) => unavailable(doors, fault))
    .then((outcome) => {
      if (aborted) return
      const leave = isRefusal(outcome) ? outcome : door.turnstile.enter(whom, outcome.account)
      res.cork(() => {
        if (isRefusal(outcome)) answer(res, outcome, instance, headers)
        else if (isRefusal(leave)) answer(res, leave, instance, headers)
        else res.upgrade<Seated<Data>>({ seated: outcome.data, leave }, key, '', extensions, context)
      })
    })
}

function tokenOf(req: HttpRequest, open: number): string | Rejection {
  if (open >= limits.sockets_per_thread_max)
    return overloaded(`${open} sockets are open`, limits.socket_retry_ms)
  const token = new URLSearchParams(req.getQuery() ?? '').get('token') ?? ''
  if (token === '') return reject('auth.missing_token', 'give the access token as ?token=')
  if (token.length > limits.token_bytes_max) return reject('auth.invalid_token', 'it is too long')
  return token
}

/** What a caller is told of a fault: nothing but that it may pass. The log knows more. */
export function unavailable(doors: Pick<Doors, 'env'>, fault: unknown): Rejection {
  doors.env.log('error', 'a socket met a fault', {
    fault: fault instanceof Error ? fault.message : String(fault),
  })
  return { rejected: 'unavailable', detail: '', retry_after_ms: limits.socket_retry_ms }
}

const requestId = (req: HttpRequest, doors: Pick<Doors, 'env'>) =>
  ['X-Request-ID', requestIdOf(req.getHeader('x-request-id'), doors)] as const

function answer(res: HttpResponse, rejection: Rejection, instance: string, headers: Headers): void {
  const retry_ms = rejection.retry_after_ms
  const retry: Headers = retry_ms ? [['Retry-After', String(Math.ceil(retry_ms / 1_000))]] : []
  writeHead(res, rejections[rejection.rejected].status, [...headers, ...unless_said, ...retry])
    .writeHeader('Content-Type', 'application/json')
    .end(JSON.stringify(problem(rejection, instance)), true)
}

function writeHead(res: HttpResponse, status: number, headers: Headers): HttpResponse {
  res.writeStatus(`${status} ${STATUS_CODES[status]}`)
  for (const [name, value] of headers) res.writeHeader(name, value)
  return res
}
