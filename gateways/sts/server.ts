// The listener of the Security Token Service.
import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { limits } from '../../protocols/limits.ts'
import { security_headers } from '../http/origins.ts'
import type { KeyRing } from '../identity/keys.ts'
import { addressFor } from './address.ts'
import type { StsDoors } from './claims.ts'
import { frontAuthorization } from './clients.ts'
import { serveInteraction } from './interactions.ts'
import { page, page_headers } from './pages.ts'
import { openProvider } from './provider.ts'

export interface RunningSts {
  readonly port: number
  /** Lets requests that are under way end, and lets no new one in. */
  close(): Promise<void>
}

type Serve = (req: IncomingMessage, res: ServerResponse) => Promise<void> | void

const service = 'kilat-sts'

/** Serves the provider, its pages and health on a port; 0 for a free one. Rejects when it cannot be had, or a client is malformed. */
export async function startSts(doors: StsDoors & { keys: KeyRing }, port: number): Promise<RunningSts> {
  let serve = serveWith(doors)
  doors.keys.onChange(() => {
    serve = serveWith(doors)
  })
  const server = createServer((req, res) => {
    for (const [name, value] of security_headers) res.setHeader(name, value)
    limited(doors, req, res, serve).catch((error: unknown) => fail(doors, res, error))
  })
  server.maxConnections = limits.sts_connections_max
  server.requestTimeout = limits.request_timeout_ms
  server.headersTimeout = limits.request_timeout_ms
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, doors.config.bind_address, resolve)
  })
  const stopSweeping = sweep(doors)
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      stopSweeping()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      await closed
    },
  }
}

/** Requests of an address are counted, but for those of our own front: those were counted where they came in. */
async function limited(
  doors: StsDoors,
  req: IncomingMessage,
  res: ServerResponse,
  serve: Serve,
): Promise<void> {
  const address = isFront(req, doors) ? '' : addressFor(req, doors)
  const wait_ms = address === '' ? 0 : doors.count(address)
  if (wait_ms === 0) return serve(req, res)
  res.setHeader('Retry-After', Math.ceil(wait_ms / 1_000))
  answer(res, 429, { error: 'slow_down', error_description: 'too many requests' })
}

function isFront({ headers }: IncomingMessage, { bff_secret }: StsDoors): boolean {
  return timingSafeEqual(digest(headers.authorization ?? ''), digest(frontAuthorization(bff_secret)))
}

const digest = (text: string) => createHash('sha256').update(text).digest()

function serveWith(doors: StsDoors): Serve {
  const provider = openProvider(doors)
  const serveProtocol = provider.callback()
  return (req, res) => {
    if (req.url === '/health') return answer(res, 200, { status: 'healthy', service })
    if (req.url === '/readiness') return readiness(doors, res)
    if (req.url?.startsWith('/interaction/')) return serveInteraction(provider, doors, req, res)
    return serveProtocol(req, res)
  }
}

async function readiness({ grants, env }: StsDoors, res: ServerResponse): Promise<void> {
  const ready = await grants.find('none', new Uint8Array(32), env.now_ms()).then(
    () => true,
    () => false,
  )
  const checks = { database: ready ? 'ready' : 'error: failed' }
  answer(res, ready ? 200 : 503, { status: ready ? 'ready' : 'not_ready', service, checks })
}

function answer(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
}

function fail({ env }: StsDoors, res: ServerResponse, error: unknown): void {
  env.log('error', 'the token service met a fault', {
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  })
  if (!res.headersSent) res.writeHead(503, page_headers)
  res.end(page('That did not work', ['Try again in a moment.']))
}

/** Forgets what has expired, a bounded number of rows at a time. Returns how to stop. */
function sweep({ grants, env }: StsDoors): () => void {
  let cancel = () => {}
  let stopped = false
  const again = () =>
    grants
      .sweep(env.now_ms(), limits.sts_sweep_rows)
      .catch(() => env.log('warn', 'expired grants could not be forgotten'))
      .finally(later)
  const later = () => {
    if (!stopped) cancel = env.after(limits.sts_sweep_ms, () => void again())
  }
  later()
  return () => {
    stopped = true
    cancel()
  }
}
