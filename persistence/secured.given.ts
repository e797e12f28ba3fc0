// A nats-server as docs/secured has it, with an authority of the test's own; and a front that adds TLS to a database.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { limits } from '../protocols/limits.ts'
import { type Authority, authority, type Files, issued } from './certificates.given.ts'
import { freePort } from './embedded/free_port.ts'
import { spawnGuarded } from './embedded/guarded.ts'
import { natsProgram, natsReady } from './embedded/nats_server.ts'
import { projectDir } from './embedded/project_dir.ts'

const documented = join(projectDir(), 'docs', 'secured')
export const documentedText = (name: string): string => readFileSync(join(documented, name), 'utf8')

export interface Secured {
  readonly dir: string
  readonly authority: Authority
  readonly monitor_url: string
  /** Of a user, over TLS with a certificate of the authority, unless other files are named. */
  url(user: 'engine' | 'ops' | 'reader', files?: Readonly<Record<string, string>>): string
  readonly client: Files & { readonly ca: string }
  stop(): Promise<void>
}

const password = 'a-long-password'

/** The documented server on free ports; `reader`, whom only tests know, looks into every stream. */
export async function startSecured(server_until_ms?: number): Promise<Secured> {
  const dir = await mkdtemp(join(tmpdir(), 'kilat-secured-'))
  const own = authority('the test')
  const ca = join(dir, 'ca.pem')
  writeFileSync(ca, own.certificate)
  const server = issued(dir, 'server', own, server_until_ms)
  const client = { ca, ...issued(dir, 'client', own) }
  const [port, monitor] = [await freePort(), await freePort()]
  const config = join(dir, 'nats.conf')
  const reader = `users = [ { user: reader, password: "${password}" }`
  writeFileSync(
    config,
    documentedText('nats-server.conf')
      .replace('127.0.0.1:4222', `127.0.0.1:${port}`)
      .replace('127.0.0.1:8222', `127.0.0.1:${monitor}`)
      .replace('users = [', reader),
  )
  const child = spawnGuarded(natsProgram(), ['-c', config], {
    env: {
      ...process.env,
      KILAT_NATS_STORE: JSON.stringify(dir),
      KILAT_NATS_CERT: JSON.stringify(server.cert),
      KILAT_NATS_KEY: JSON.stringify(server.key),
      KILAT_NATS_CA: JSON.stringify(ca),
      KILAT_NATS_PASSWORD: JSON.stringify(password),
      KILAT_OPS_PASSWORD: JSON.stringify(password),
    },
  })
  const monitor_url = `http://127.0.0.1:${monitor}`
  await natsReady(monitor_url, limits.store_ready_ms)
  return {
    dir,
    authority: own,
    monitor_url,
    client,
    url: (user, files = { ...client }) =>
      `tls://${user}:${password}@127.0.0.1:${port}?${new URLSearchParams(files)}`,
    async stop() {
      await ended(child)
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

/** A port that speaks PostgreSQL with TLS alone, in front of a server that speaks it without. */
export async function tlsFront(database_url: string, { cert, key }: Files) {
  const behind = new URL(database_url)
  const open = new Set<Socket>()
  const server = createServer((client) => {
    open.add(client)
    client.on('close', () => open.delete(client)).on('error', () => client.destroy())
    client.once('data', (first) => {
      // SSLRequest: its length, then 80877103. Whoever goes on without it is sent away.
      if (first.length !== 8 || first.readUInt32BE(4) !== 80_877_103) return void client.destroy()
      client.write('S')
      const secret = new TLSSocket(client, {
        isServer: true,
        cert: readFileSync(cert),
        key: readFileSync(key),
      })
      const plain = connect(Number(behind.port), behind.hostname)
      secret.pipe(plain).pipe(secret)
      secret.on('error', () => plain.destroy()).on('close', () => plain.destroy())
      plain.on('error', () => secret.destroy()).on('close', () => secret.destroy())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    /** The same database through the front. */
    url(said: Readonly<Record<string, string>>): string {
      const url = new URL(database_url)
      url.host = `127.0.0.1:${port}`
      for (const [name, value] of Object.entries(said)) url.searchParams.set(name, value)
      return url.href
    },
    stop: () =>
      new Promise<void>((resolve) => {
        for (const client of open) client.destroy()
        server.close(() => resolve())
      }),
  }
}
