/** Facts of a deployment. Read once from the environment, frozen, passed down as values. */
import { availableParallelism } from 'node:os'
import { type Static, type TSchema, Type } from 'typebox'
import { Check, Errors } from 'typebox/value'
import { limits } from '../protocols/limits.ts'

interface Key {
  readonly about: string
  readonly schema: TSchema
  readonly secret?: boolean
}

const Port = Type.Integer({ minimum: 1, maximum: 65_535, default: 8_080 })
/** Of a part that may be served alone. */
const Part = Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 }))
const Path = Type.Optional(Type.String({ minLength: 1 }))
const Flag = Type.Boolean({ default: false })
const Url = (schemes: string) => Type.Optional(Type.String({ pattern: `^(${schemes})://.+` }))
const List = (...defaults: string[]) => Type.Array(Type.String({ minLength: 1 }), { default: defaults })

/** Every key of the environment that the engine reads, in the order of `.env.example`. */
// biome-ignore format: a table reads better as one
const keys = {
  PORT:                { schema: Port, about: 'REST and WebSocket are served here.' },
  BOOKING_PORT:        { schema: Part, about: 'Bookings and pets alone, with their own /health and /readiness (8001 in the original). None when empty.' },
  PAYMENT_PORT:        { schema: Part, about: 'Payments alone (8002).' },
  RUNNER_PORT:         { schema: Part, about: 'Runners alone, with their socket (8003).' },
  TRACKING_PORT:       { schema: Part, about: 'Tracking alone, with its feed (8005).' },
  BIND_ADDRESS:        { schema: Type.String({ minLength: 1, default: '0.0.0.0' }), about: 'Which address to listen on. All of them by default: phones and emulators are other machines.' },
  WORKERS:             { schema: Type.Integer({ minimum: 1, maximum: 64, default: Math.min(2, availableParallelism()) }), about: 'Worker threads; each owns a share of the shards.' },
  SHARDS:              { schema: Type.Union([1, 2, 4, 8, 16, 32, 64].map((count) => Type.Literal(count)), { default: 8 }), about: 'A power of two, written when a deployment is created and never changed.' },
  DATA_DIR:            { schema: Type.String({ minLength: 1, default: '.kilat' }), about: 'Embedded stores, keys and endpoints.json live here.' },
  NATS_URL:            { schema: Url('nats|tls'), secret: true, about: 'A NATS server with JetStream instead of the embedded one.' },
  NATS_CA_FILE:        { schema: Path, about: 'TLS with NATS: who signed its certificate, in PEM. No connection goes without TLS then.' },
  NATS_CERT_FILE:      { schema: Path, about: 'TLS with NATS: our own certificate, where it asks for one.' },
  NATS_KEY_FILE:       { schema: Path, about: 'TLS with NATS: the key of our own certificate.' },
  NATS_CREDS_FILE:     { schema: Path, about: 'Who we are to NATS: a credentials file; a user and a password may stand in NATS_URL instead.' },
  NATS_NKEY_FILE:      { schema: Path, about: 'Who we are to NATS: the seed of an nkey.' },
  NATS_MONITOR_URL:    { schema: Url('https?'), about: 'Its monitor page, where the sync setting is checked.' },
  NATS_SYNC_ASSERTED:  { schema: Flag, about: '1: there is no monitor page, but it syncs before it acks.' },
  DATABASE_URL:        { schema: Url('postgres|postgresql'), secret: true, about: 'PostgreSQL with PostGIS instead of the embedded PGlite; sslmode, sslrootcert, sslcert and sslkey as libpq has them.' },
  DATABASE_POOL_MAX:   { schema: Type.Integer({ minimum: 1, maximum: 100, default: 4 }), about: 'Database connections of each worker thread.' },
  TRUSTED_ADDRESSES:   { schema: List(), about: 'Addresses or networks (CIDR), by commas, that no rate limit applies to.' },
  ALLOWED_ORIGINS:     { schema: List('http://localhost:3000', 'http://localhost:3001', 'http://localhost:3002', 'http://localhost:8080'), about: 'Origins of browser apps, by commas.' },
  TOKEN_ISSUER:        { schema: Type.String({ minLength: 1, default: 'kilat-pet-runner' }), about: 'The `iss` of access tokens.' },
  PERSONAL_KEY:        { schema: Type.Array(Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }), { maxItems: limits.person_keys.masters_max, default: [] }), secret: true, about: 'Master keys of personal data, by commas: the first wraps, all unwrap; 32 bytes each as base64url. Made in DATA_DIR when absent.' },
  SIGNING_KEYS:        { schema: Type.Optional(Type.String({ minLength: 2 })), secret: true, about: 'A JWK set of Ed25519 keys: the first signs, all verify. Made in DATA_DIR when absent.' },
  GOOGLE_MAPS_API_KEY: { schema: Type.Optional(Type.String({ minLength: 1 })), secret: true, about: 'Routes come from Google Maps; without it, from OSRM, or an estimate.' },
  GOOGLE_ROUTES_URL:   { schema: Type.String({ pattern: '^https?://.+', default: 'https://routes.googleapis.com' }), about: 'Where the Google Routes API is.' },
  OSRM_URL:            { schema: Url('https?'), about: 'An OSRM server that routes are asked from.' },
  VAPID_PUBLIC_KEY:    { schema: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{80,100}$' })), about: 'Web push: the public key, as base64url. Without it browsers get no pushes.' },
  VAPID_PRIVATE_KEY:   { schema: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{40,50}$' })), secret: true, about: 'Web push: the private key, as base64url.' },
  VAPID_SUBJECT:       { schema: Type.String({ pattern: '^(mailto:|https://).+', default: 'mailto:support@kilat.my' }), about: 'Web push: whom a push service may write to.' },
  WEB_PUSH_HOSTS:      { schema: List('fcm.googleapis.com', 'push.services.mozilla.com', 'notify.windows.com', 'push.apple.com'), about: 'Push services that browsers may name, by commas; their sub-domains too.' },
  FCM_SERVICE_ACCOUNT: { schema: Type.Optional(Type.String({ minLength: 2 })), secret: true, about: 'FCM: the JSON key of a service account. Without it phones get no pushes.' },
  STS_PORT:            { schema: Type.Integer({ minimum: 0, maximum: 65_535, default: 8_004 }), about: 'The Security Token Service (OpenID Connect) is served here; 0: not at all.' },
  STS_ISSUER:          { schema: Url('https?'), about: 'Its public address, the `iss` of what it signs. http://localhost:STS_PORT when absent.' },
  STS_CLIENTS:         { schema: Type.Optional(Type.String({ minLength: 2 })), secret: true, about: 'Its clients: a JSON list of OpenID Connect client metadata.' },
  PUBLIC_URL:          { schema: Url('https?'), about: 'Where people reach this server: the page after a payment. http://localhost and PORT when absent.' },
  STRIPE_SECRET_KEY:   { schema: Type.Optional(Type.String({ pattern: '^(sk|rk)_' })), secret: true, about: 'Stripe itself instead of the embedded sandbox.' },
  STRIPE_WEBHOOK_SECRET: { schema: Type.Optional(Type.String({ pattern: '^whsec_' })), secret: true, about: 'Of the webhook at /api/v1/payments/webhook; needed together with STRIPE_SECRET_KEY.' },
  RESIDENT_ACTORS_MAX: { schema: Type.Integer({ minimum: 1_000, maximum: 10_000_000, default: limits.resident_actors_max }), about: 'Actors in the memory of one worker thread; others sleep in the snapshot.' },
  LOG_LEVEL:           { schema: Type.Union([Type.Literal('debug'), Type.Literal('info'), Type.Literal('warn'), Type.Literal('error')], { default: 'info' }), about: 'JSON lines of this level and above go to the error stream.' },
  METRICS_TOKEN:       { schema: Type.Optional(Type.String({ minLength: 16 })), secret: true, about: 'A bearer token for /metrics, asked of everybody. Without it this machine and trusted addresses may ask, and nobody whom a proxy speaks for.' },
  OTEL_EXPORTER_OTLP_ENDPOINT: { schema: Url('https?'), about: 'Traces go here over OTLP/HTTP. None are made when empty.' },
  KILAT_UNSAFE:        { schema: Flag, about: '1: serve even if NATS may lose what it acked. For trials only.' },
} as const satisfies Record<string, Key>

type Values = { [Name in keyof typeof keys]: Static<(typeof keys)[Name]['schema']> }

export interface Listener {
  readonly context: 'booking' | 'payment' | 'runner' | 'tracking'
  readonly port: number
}

export interface Config {
  readonly port: number
  readonly bind_address: string
  readonly workers: number
  readonly shards: number
  readonly data_dir: string
  readonly nats_url: string | undefined
  readonly nats_monitor_url: string | undefined
  readonly nats_sync_asserted: boolean
  readonly database_url: string | undefined
  readonly database_pool_max: number
  readonly trusted_addresses: readonly string[]
  readonly allowed_origins: readonly string[]
  readonly token_issuer: string
  readonly signing_keys: string | undefined
  /** Master keys of personal data; none: that of the data folder. */
  readonly personal_key: readonly string[]
  readonly google_maps_api_key: string | undefined
  readonly google_routes_url: string
  readonly osrm_url: string | undefined
  readonly vapid_public_key: string | undefined
  readonly vapid_private_key: string | undefined
  readonly vapid_subject: string
  readonly web_push_hosts: readonly string[]
  readonly fcm_service_account: string | undefined
  /** 0: there is no Security Token Service. */
  readonly sts_port: number
  readonly sts_issuer: string
  readonly sts_clients: string | undefined
  readonly public_url: string
  readonly stripe_secret_key: string | undefined
  readonly stripe_webhook_secret: string | undefined
  readonly resident_actors_max: number
  readonly log_level: 'debug' | 'info' | 'warn' | 'error'
  readonly metrics_token: string | undefined
  readonly traces_endpoint: string | undefined
  /** Parts of the system that are served alone, beside the whole. */
  readonly listeners: readonly Listener[]
  readonly unsafe: boolean
}

export const configKeys: readonly string[] = Object.keys(keys)

/** The text of an environment variable as a value of its schema; a text that is none stays a text and fails the check. */
function parsed(schema: TSchema, text: string): unknown {
  const type = 'type' in schema ? schema.type : undefined
  if (type === 'integer' || 'anyOf' in schema) return /^\d+$/.test(text) ? Number(text) : text
  if (type === 'boolean')
    return ({ '1': true, true: true, '0': false, false: false } as Record<string, unknown>)[text]
  if (type === 'array')
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
  return text
}

const defaultOf = (schema: TSchema): unknown => ('default' in schema ? schema.default : undefined)

/** Reads the environment; absent and empty keys take their default. Throws one Error that lists every problem, without any value of a secret. */
export function loadConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = []
  const entries = Object.entries(keys as Readonly<Record<string, Key>>).map(([name, { schema }]) => {
    const text = environment[name]?.trim() ?? ''
    const value = text === '' ? defaultOf(schema) : parsed(schema, text)
    if (text !== '' && !Check(schema, value))
      problems.push(`${name}: ${Errors(schema, value)[0]?.message ?? 'is malformed'}`)
    return [name, value]
  })
  problems.push(...twicePort(Object.fromEntries(entries)))
  const has = (name: string) => (environment[name]?.trim() ?? '') !== ''
  if (has('STRIPE_SECRET_KEY') && !has('STRIPE_WEBHOOK_SECRET'))
    problems.push('STRIPE_WEBHOOK_SECRET: is needed together with STRIPE_SECRET_KEY')
  if (has('NATS_CERT_FILE') !== has('NATS_KEY_FILE'))
    problems.push('NATS_CERT_FILE: a certificate and its key, NATS_KEY_FILE, go together')
  if (has('NATS_CREDS_FILE') && has('NATS_NKEY_FILE'))
    problems.push('NATS_NKEY_FILE: NATS_CREDS_FILE says already who we are')
  if (problems.length > 0) throw new Error(`the environment is not in order:\n  ${problems.join('\n  ')}`)
  return configOf(Object.fromEntries(entries) as Values)
}

const listenersOf = (values: Values): readonly Listener[] =>
  Object.entries({
    booking: values.BOOKING_PORT,
    payment: values.PAYMENT_PORT,
    runner: values.RUNNER_PORT,
    tracking: values.TRACKING_PORT,
  }).flatMap(([context, port]) =>
    port === undefined ? [] : [{ context: context as Listener['context'], port }],
  )

/** Two listeners on one port would share it without a word. */
function twicePort(values: Readonly<Record<string, unknown>>): readonly string[] {
  const ports = Object.entries(values).filter(
    ([name, value]) => /(^|_)PORT$/.test(name) && value !== undefined,
  )
  return ports
    .filter(([, port], index) => ports.findIndex(([, other]) => other === port) < index)
    .map(([name, port]) => `${name}: ${port} is taken by another key`)
}

/** With the files of TLS and of credentials in it, so that whoever is handed the address can connect. */
function natsUrlOf(values: Values): string | undefined {
  if (values.NATS_URL === undefined) return undefined
  const files = new URLSearchParams()
  for (const name of ['CA', 'CERT', 'KEY', 'CREDS', 'NKEY'] as const) {
    const path = values[`NATS_${name}_FILE`]
    if (path !== undefined) files.set(name.toLowerCase(), path)
  }
  if (files.size === 0) return values.NATS_URL
  return `${values.NATS_URL}${values.NATS_URL.includes('?') ? '&' : '?'}${files}`
}

function configOf(values: Values): Config {
  return Object.freeze({
    port: values.PORT,
    bind_address: values.BIND_ADDRESS,
    workers: Math.min(values.WORKERS, values.SHARDS),
    shards: values.SHARDS,
    data_dir: values.DATA_DIR,
    nats_url: natsUrlOf(values),
    nats_monitor_url: values.NATS_MONITOR_URL,
    nats_sync_asserted: values.NATS_SYNC_ASSERTED,
    database_url: values.DATABASE_URL,
    database_pool_max: values.DATABASE_POOL_MAX,
    trusted_addresses: values.TRUSTED_ADDRESSES,
    allowed_origins: values.ALLOWED_ORIGINS,
    token_issuer: values.TOKEN_ISSUER,
    signing_keys: values.SIGNING_KEYS,
    personal_key: values.PERSONAL_KEY,
    google_maps_api_key: values.GOOGLE_MAPS_API_KEY,
    google_routes_url: values.GOOGLE_ROUTES_URL,
    osrm_url: values.OSRM_URL,
    vapid_public_key: values.VAPID_PUBLIC_KEY,
    vapid_private_key: values.VAPID_PRIVATE_KEY,
    vapid_subject: values.VAPID_SUBJECT,
    web_push_hosts: values.WEB_PUSH_HOSTS,
    fcm_service_account: values.FCM_SERVICE_ACCOUNT,
    sts_port: values.STS_PORT,
    sts_issuer: (values.STS_ISSUER ?? `http://localhost:${values.STS_PORT}`).replace(/\/+$/, ''),
    sts_clients: values.STS_CLIENTS,
    public_url: (values.PUBLIC_URL ?? `http://localhost:${values.PORT}`).replace(/\/$/, ''),
    stripe_secret_key: values.STRIPE_SECRET_KEY,
    stripe_webhook_secret: values.STRIPE_WEBHOOK_SECRET,
    resident_actors_max: values.RESIDENT_ACTORS_MAX,
    log_level: values.LOG_LEVEL,
    metrics_token: values.METRICS_TOKEN,
    traces_endpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT,
    listeners: listenersOf(values),
    unsafe: values.KILAT_UNSAFE,
  })
}

/** The text of `.env.example`: every key with what it is for and its default. */
export function envExample(): string {
  const rows = Object.entries(keys as Readonly<Record<string, Key>>).map(
    ([name, { schema, about, secret }]) => {
      const value = name === 'WORKERS' ? undefined : defaultOf(schema)
      const shown = Array.isArray(value)
        ? value.join(',')
        : typeof value === 'boolean'
          ? Number(value)
          : (value ?? '')
      return `# ${about}${secret ? ' Secret.' : ''}\n${name}=${shown}\n`
    },
  )
  return `# Every key is optional. Generated from gateways/config.ts.\n\n${rows.join('\n')}`
}
