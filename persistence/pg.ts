// The PostgreSQL client, and how its errors become faults. Milliseconds and counts are numbers, times are Dates.
import { readFileSync } from 'node:fs'
import { type ConnectionOptions, checkServerIdentity } from 'node:tls'
import postgres from 'postgres'
import { Fault } from '../engine/ports.ts'
import { limits } from '../protocols/limits.ts'
import { readOriginsAtOnce } from './origins.ts'

export type Sql = postgres.Sql<{ bigint: number }>
export type Transaction = postgres.TransactionSql<{ bigint: number }>

interface SqlOptions {
  readonly url: string
  /** Connections at most. */
  readonly max: number
  /** Shows in `pg_stat_activity`. */
  readonly application_name: string
}

/** SQLSTATE classes after which the same call may succeed: connection, resources, rolled back, operator's doing. */
const passing_classes = ['08', '25P03', '40', '53', '55P03', '57']
const bigint_oid = 20

function safeInteger(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value)) return value
  throw new Error(`${text} is not a safe integer`)
}

/**
 * A bounded pool. Connects on first use. Statements are prepared: a name is unique to its connection, and the
 * embedded server keeps clients apart.
 */
export function openSql(options: SqlOptions): Sql {
  const { url, ssl } = secured(options.url)
  const sql = postgres(url, {
    ...(ssl === undefined ? {} : { ssl }),
    max: options.max,
    connect_timeout: limits.database_connect_seconds,
    backoff: (tries) => Math.min(limits.database_reconnect_max_ms, 50 * 2 ** Math.min(tries, 10)) / 1_000,
    connection: {
      application_name: options.application_name,
      statement_timeout: limits.database_statement_ms,
      idle_in_transaction_session_timeout: limits.database_hold_ms,
    },
    // Arrays travel as text with a cast, so the catalogue of types need not be read at each connection.
    fetch_types: false,
    transform: { undefined: null },
    types: {
      bigint: {
        to: bigint_oid,
        from: [bigint_oid],
        parse: safeInteger,
        serialize: (value: number) => `${value}`,
      },
    },
    onnotice: () => {},
  })
  readOriginsAtOnce(sql)
  return sql
}

export interface Secured {
  /** Without what was said about TLS. */
  readonly url: string
  readonly ssl: ConnectionOptions | false | undefined
}

/**
 * What libpq's `sslmode` means to Node. `prefer` and `allow` are left out: they go on without TLS when somebody in
 * between says so. An address without a name Node would hold against the name localhost.
 */
const modes: Readonly<Record<string, (hostname: string) => ConnectionOptions | false>> = {
  disable: () => false,
  require: () => ({ rejectUnauthorized: false }),
  'verify-ca': () => ({ rejectUnauthorized: true, checkServerIdentity: () => undefined }),
  'verify-full': (hostname) => ({
    rejectUnauthorized: true,
    checkServerIdentity: (_host, certificate) => checkServerIdentity(hostname, certificate),
  }),
}

/**
 * Reads `sslmode`, `sslrootcert`, `sslcert` and `sslkey` off an address, as libpq has them: both clients would read them
 * each in its own way. A root alone means `verify-full`. Throws a Fault for another mode, or a file that cannot be read.
 */
export function secured(address: string): Secured {
  const url = new URL(address)
  const take = (name: string) => {
    const value = url.searchParams.get(name) ?? undefined
    url.searchParams.delete(name)
    return value
  }
  const files = { ca: take('sslrootcert'), cert: take('sslcert'), key: take('sslkey') }
  const mode =
    take('sslmode') ?? (Object.values(files).some((path) => path !== undefined) ? 'verify-full' : undefined)
  if (mode === undefined) return { url: address, ssl: undefined }
  const base = Object.hasOwn(modes, mode) ? modes[mode]?.(url.hostname) : undefined
  if (base === undefined)
    throw new Fault(`DATABASE_URL: sslmode is one of ${Object.keys(modes).join(', ')}`, { retry: false })
  if (base === false) return { url: url.href, ssl: false }
  try {
    const read = Object.entries(files).flatMap(([name, path]) =>
      path ? [[name, readFileSync(path, 'utf8')]] : [],
    )
    return { url: url.href, ssl: { ...base, ...Object.fromEntries(read) } }
  } catch (cause) {
    throw new Fault('a file for TLS with the database cannot be read', { retry: false, cause })
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** Node's and OpenSSL's codes of a certificate that is not believed. One of tomorrow passes by itself; no other does. */
const mistrust =
  /^(CERT_(?!NOT_YET)|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET|VERIFY|DECODE)|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/

/** Errors of the client itself (a refused, lost or late connection) have no SQLSTATE and pass, but for such a certificate. */
function passes(error: unknown): boolean {
  if (!(error instanceof postgres.PostgresError)) return codeOf(error) !== '' && !mistrust.test(codeOf(error))
  return passing_classes.some((prefix) => error.code.startsWith(prefix))
}

/** Of a certificate with Node's words, which name the host that was asked for and the names that it is for. */
function whyOf(error: unknown): string {
  const code = codeOf(error)
  if (!(error instanceof Error && mistrust.test(code))) return code || 'failed'
  return `the certificate of the database does not fit: ${error.message} (${code})`
}

/** Runs `work`; whatever it rejects with becomes a Fault that names `what`, never the statement or its values. */
export async function attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault(`${what}: ${whyOf(cause)}`, { retry: passes(cause), cause })
  }
}

/**
 * The connection has gone under the statement, or goes now: so says the client, the system, or the server as its last
 * word. `begin` hears of that by itself and rejects; if it saw `work` reject as well, it would write its ROLLBACK to a
 * socket that is no more, which ends the process, or into what the next one on that connection does. So `work` never
 * ends then.
 */
function isLost(error: unknown): boolean {
  if (error instanceof Fault) return isLost(error.cause)
  if (error instanceof postgres.PostgresError)
    return error.severity === 'FATAL' || error.code.startsWith('57P')
  return /^(CONNECTION_|E(PIPE|CONN|TIMEDOUT))/.test(codeOf(error))
}

/** Runs `work` in one transaction (read committed unless said), rolled back when it rejects. Rejects with a Fault as `attempt`. */
export function inTransaction<T>(
  sql: Sql,
  what: string,
  work: (tx: Transaction) => Promise<T>,
  isolation: 'READ COMMITTED' | 'REPEATABLE READ' = 'READ COMMITTED',
): Promise<T> {
  return attempt(what, async () => {
    const box: { value?: T } = {}
    await sql.begin(`ISOLATION LEVEL ${isolation}`, async (tx) => {
      try {
        box.value = await work(tx)
      } catch (cause) {
        if (isLost(cause)) return new Promise<never>(() => {})
        throw cause
      }
    })
    return box.value as T
  })
}

/** Closes the pool; statements that are under way get one second. */
export const closeSql = (sql: Sql): Promise<void> => sql.end({ timeout: 1 })

/** An array literal of plain words, numbers or hex: `{"a","b"}`. Null where a value is undefined. */
export function arrayOf(values: readonly (string | number | undefined)[]): string {
  const quoted = values.map((value) =>
    value === undefined
      ? 'NULL'
      : typeof value === 'number'
        ? `${value}`
        : `"${value.replace(/[\\"]/g, '\\$&')}"`,
  )
  return `{${quoted.join(',')}}`
}
