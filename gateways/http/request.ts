import type { Trace } from '../../engine/tracer.ts'
import type { Principal } from '../../protocols/actor.ts'
import type { Rejection } from '../../protocols/rejections.ts'
import type { Rows } from '../../protocols/rows.ts'
import type { Front } from '../bff/front.ts'
import type { Doors } from '../doors.ts'
import type { Inbox } from '../effects.ts'
import type { Attempts } from '../identity/attempts.ts'
import type { Bans } from '../identity/bans.ts'
import type { Keys } from '../identity/keys.ts'
import type { Mail } from '../identity/mail.ts'
import type { WebhookReader } from '../stripe/webhook.ts'
import type { Context } from './context.ts'
import type { Reply } from './reply.ts'

/** A request once its head and body are in. */
export interface Request {
  readonly method: string
  /** Without the query string: what a problem calls its `instance`. */
  readonly path: string
  readonly query: URLSearchParams
  /** The ids of the path by name, in lower case. */
  readonly ids: Readonly<Record<string, string>>
  /** A JSON object; empty when nothing was sent. */
  readonly body: Readonly<Record<string, unknown>>
  readonly idempotency_key: string
  /** What its sender prefers to read, as Accept-Language has it. */
  readonly languages: string
  /** Whom limits count; '' for an address that none counts. */
  readonly address: string
  /** A browser's session cookie and the CSRF token that it showed; '' for none. */
  readonly session: string
  readonly csrf: string
  /** The address that calls, as text. */
  readonly caller: string
  /** Its head says that somebody in between has passed it on: the address is that one's. */
  readonly is_forwarded: boolean
  /** Of the Authorization header, unchecked; '' for none. */
  readonly token: string
  /** Of the span of this request. */
  readonly trace?: Trace | undefined
  /** The body as it came, and the signature over it: for webhooks. */
  readonly raw: Uint8Array
  readonly signature: string
}

/** A request with a verified token of a role that the route admits. */
export interface KnownRequest extends Request {
  readonly by: Principal
}

/** What the HTTP door stands on, beyond what it shares with the sockets. */
export interface HttpDoors extends Doors {
  readonly webhooks: WebhookReader
  readonly keys: Keys
  readonly rows: Rows
  readonly inbox: Inbox
  readonly bans: Bans
  readonly attempts: Attempts
  readonly mail: Mail
  readonly front: Front
  /** Serves this part of the system alone, under its own name. */
  readonly context?: Context
  /** The numbers of every thread, as Prometheus reads them. */
  metrics(): Promise<string>
}

export type PublicEndpoint = (request: Request, doors: HttpDoors) => Promise<Reply | Rejection>
export type Endpoint = (request: KnownRequest, doors: HttpDoors) => Promise<Reply | Rejection>
