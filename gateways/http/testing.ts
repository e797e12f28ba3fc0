// A real uWebSockets.js app on a free port, in front of twins; and a client that looks at every answer.
import { SteppedEnv } from '../../engine/clock.ts'
import { MemoryRows } from '../../engine/memory_rows.ts'
import type { Account } from '../../protocols/accounts.ts'
import type { Behaviour, Principal } from '../../protocols/actor.ts'
import type { BookingFilter, Lists, WaypointView } from '../../protocols/lists.ts'
import { openFront } from '../bff/front.ts'
import type { Config } from '../config.ts'
import { Attempts } from '../identity/attempts.ts'
import { openBans } from '../identity/bans.ts'
import { freshKeys } from '../identity/keys.ts'
import type { Letter } from '../identity/mail.ts'
import { MemoryAccounts } from '../identity/memory_accounts.ts'
import { accessToken } from '../identity/tokens.ts'
import { estimate } from '../maps/estimate.ts'
import { openVerifier } from '../principal.ts'
import { openInbox } from '../push/inbox.ts'
import { type StripeAccess, stripeClient } from '../stripe/client.ts'
import { webhookReader } from '../stripe/webhook.ts'
import { MemoryGrants } from '../sts/memory_grants.ts'
import { App, type ListenSocket, us_socket_local_port } from '../uws.ts'
import { freshMaster, mastersOf } from '../vault/masters.ts'
import { MemoryPersonKeys } from '../vault/memory_person_keys.ts'
import { openedDoors } from '../vault/opened_doors.ts'
import { openVault } from '../vault/vault.ts'
import { mountFeed } from '../ws/feed.ts'
import { mountRunnerSocket } from '../ws/runner.ts'
import { codeIn, undeclared } from './declared.given.ts'
import { MemoryHost } from './memory_host.ts'
import type { HttpDoors } from './request.ts'
import { mountHttp } from './server.ts'
import { openTables } from './shared.ts'

/** A deployment on this machine alone, where no limit counts. */
export const test_config: Config = {
  port: 0,
  bind_address: '127.0.0.1',
  workers: 1,
  shards: 8,
  data_dir: '',
  nats_url: undefined,
  nats_monitor_url: undefined,
  nats_sync_asserted: false,
  database_url: undefined,
  database_pool_max: 1,
  trusted_addresses: ['127.0.0.1'],
  allowed_origins: ['http://localhost:3002'],
  token_issuer: 'kilat-pet-runner',
  signing_keys: undefined,
  personal_key: [],
  google_maps_api_key: undefined,
  google_routes_url: 'http://127.0.0.1:9',
  osrm_url: undefined,
  vapid_public_key: undefined,
  vapid_private_key: undefined,
  vapid_subject: 'mailto:support@kilat.test',
  web_push_hosts: ['push.test'],
  fcm_service_account: undefined,
  sts_port: 0,
  sts_issuer: 'http://localhost:8004',
  sts_clients: undefined,
  public_url: 'http://localhost:8080',
  stripe_secret_key: undefined,
  stripe_webhook_secret: undefined,
  resident_actors_max: 1_000,
  log_level: 'error',
  metrics_token: undefined,
  traces_endpoint: undefined,
  listeners: [],
  unsafe: true,
}

/** Nobody is called: for signatures alone. */
export const test_stripe: StripeAccess = {
  secret_key: 'sk_test_nobody',
  webhook_secret: 'whsec_test',
  default_method: 'pm_card_visa',
}

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The parsed body; an empty object when there is none. */
  readonly body: Readonly<Record<string, unknown>>
}

export interface Sent {
  readonly token?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Finds what no answer may hold: a time with a fraction of a second or another offset than Z. */
function fractionIn(value: unknown): string | undefined {
  if (typeof value === 'string')
    return /^\d{4}-\d\d-\d\d[T ]/.test(value) && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)
      ? value
      : undefined
  if (typeof value !== 'object' || value === null) return undefined
  return Object.values(value)
    .map(fractionIn)
    .find((found) => found !== undefined)
}

type Options = Partial<
  Pick<
    HttpDoors,
    | 'config'
    | 'shared'
    | 'readiness'
    | 'routing'
    | 'keys'
    | 'accounts'
    | 'rows'
    | 'front'
    | 'context'
    | 'meters'
    | 'tracer'
    | 'metrics'
    | 'reads'
  >
>

/** What the doors of identity stand on, in memory; `letters` are those that were sent. */
function identityDoors(env: SteppedEnv, config: Config, { shared, accounts }: Options) {
  const kept = new MemoryAccounts()
  const letters: Letter[] = []
  return {
    accounts: accounts ?? kept,
    kept_accounts: () => kept.kept(),
    letters,
    issuers: [config.token_issuer, config.sts_issuer],
    front: openFront({ config, env, grants: new MemoryGrants(), bff_secret: '' }),
    bans: openBans(accounts ?? kept, env),
    attempts: new Attempts(openTables(shared).attempts),
    mail: { send: async (letter: Letter) => void letters.push(letter) },
  }
}

export async function startHttp(behaviours: readonly Behaviour[], options: Options = {}) {
  const env = new SteppedEnv()
  const keys = options.keys ?? (await freshKeys())
  const config = options.config ?? test_config
  const host = new MemoryHost(behaviours, env)
  const noted: { user_id: string; shard: number; n: number }[] = []
  const waypoints: WaypointView[] = []
  const rows = new MemoryRows()
  const { letters, issuers, kept_accounts, ...identity } = identityDoors(env, config, options)
  const person_keys = new MemoryPersonKeys()
  const vault = openVault({ keys: person_keys, masters: mastersOf([freshMaster()]), env })
  const lists = memoryLists(host, waypoints)
  const doors: HttpDoors = {
    ...openedDoors({ host, lists, rows }, vault),
    vault,
    keys,
    env,
    config,
    webhooks: webhookReader(stripeClient(test_stripe), test_stripe.webhook_secret),
    inbox: openInbox({ rows, env, pushers: {} }),
    ...identity,
    routing: estimate,
    reads: {
      note: (user_id, shard, n) => noted.push({ user_id, shard, n }),
      caughtUp: async () => true,
    },
    verifier: openVerifier({ keys, issuers, bans: identity.bans, env }),
    readiness: () => ({ ready: true, checks: { nats: 'ready', database: 'ready' } }),
    metrics: async () => '',
    ...options,
  }
  const app = App()
  mountFeed(app, doors)
  mountRunnerSocket(app, doors)
  mountHttp(app, doors)
  const socket = await new Promise<ListenSocket>((resolve, refuse) => {
    app.listen('127.0.0.1', 0, (opened) => (opened ? resolve(opened) : refuse(new Error('no free port'))))
  })
  const origin = `http://127.0.0.1:${us_socket_local_port(socket)}`
  return {
    env,
    host,
    person_keys,
    doors,
    keys,
    noted,
    letters,
    kept_rows: () => rows.kept(),
    kept_accounts,
    waypoints,
    origin,
    stop: () => app.close(),
    call: (method: string, path: string, sent: Sent = {}) => call(origin, method, path, sent),
    tokenFor: (principal: Principal) => accessToken(accountOf(principal), keys, config.token_issuer, env),
  }
}

export type TestHttp = Awaited<ReturnType<typeof startHttp>>

/** An account that nobody can log in to. */
export const accountOf = ({ id, role }: Principal): Account => ({
  id,
  email: `${role}-${id}@kilat.test`,
  phone: '+60123456789',
  full_name: `A ${role}`,
  role: role === 'service' ? 'admin' : role,
  is_verified: true,
  avatar_url: '',
  password_hash: '',
  version: 1,
  created_ms: 1_790_000_000_123,
})

async function call(
  origin: string,
  method: string,
  path: string,
  { token, body, headers }: Sent,
): Promise<Answered> {
  const raw = typeof body === 'string' || body instanceof Uint8Array
  const response = await fetch(origin + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const is_json = /json/.test(response.headers.get('content-type') ?? '')
  const parsed = text !== '' && is_json ? JSON.parse(text) : {}
  const fraction = fractionIn(parsed)
  if (fraction !== undefined) throw new Error(`${method} ${path} answered the time ${fraction}`)
  const flaw = undeclared(method, path, response.status, codeIn(text))
  if (flaw !== undefined) throw new Error(flaw)
  return { status: response.status, headers: response.headers, text, body: parsed }
}

function memoryLists(host: MemoryHost, waypoints: readonly WaypointView[]): Lists {
  return {
    async bookings(filter) {
      const fitting = host.views('booking').filter((view) => fits(view as BookingRow, filter))
      const start = (filter.page - 1) * filter.limit
      return { items: fitting.slice(start, start + filter.limit), total: fitting.length }
    },
    async payments({ runner_id, statuses, page, limit }) {
      const fitting = (host.views('payment') as PaymentRow[]).filter(
        (row) =>
          (runner_id === undefined || row.runner_id === runner_id) &&
          (statuses === undefined || statuses.includes(row.escrow_status)),
      )
      return { items: fitting.slice((page - 1) * limit, page * limit), total: fitting.length }
    },
    waypoints: async () => waypoints,
  }
}

interface PaymentRow {
  readonly runner_id: string | null
  readonly escrow_status: string
}

interface BookingRow {
  readonly owner_id: string
  readonly runner_id?: string | null
  readonly status: string
}

function fits({ owner_id, runner_id, status }: BookingRow, filter: BookingFilter): boolean {
  if (filter.owner_id !== undefined && filter.owner_id !== owner_id) return false
  const open = filter.with_open === true && status === 'requested'
  if (filter.runner_id !== undefined && filter.runner_id !== runner_id && !open) return false
  return filter.statuses === undefined || filter.statuses.includes(status)
}
