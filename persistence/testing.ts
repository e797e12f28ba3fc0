// Real servers for tests: on free ports, with their own folders, gone when the test process is, however it ends.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { postgis } from '@electric-sql/pglite-postgis'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import postgres from 'postgres'
import { limits } from '../protocols/limits.ts'
import { freePort } from './embedded/free_port.ts'
import { natsConfig, natsProgram, natsReady } from './embedded/nats_server.ts'

export interface TestNats {
  readonly url: string
  readonly monitor_url: string
  readonly dir: string
  /** As kill -9 does it; the store stays. */
  kill(): Promise<void>
  /** Starts again on the same store and ports (after `kill`, or instead of it). */
  restart(): Promise<void>
  /** Ends the server and removes its folder. */
  stop(): Promise<void>
}

export interface TestDatabase {
  readonly url: string
  stop(): Promise<void>
}

/** A server of our own with JetStream, synced always, on a free port. */
export async function startNats(): Promise<TestNats> {
  const dir = await mkdtemp(join(tmpdir(), 'kilat-nats-'))
  const [port, monitor_port] = [await freePort(), await freePort()]
  const monitor_url = `http://127.0.0.1:${monitor_port}`
  const config = join(dir, 'nats.conf')
  await writeFile(config, natsConfig({ port, monitor_port, store_dir: dir, name: `test-${port}` }))
  let child: ChildProcess | undefined
  const end = () => child?.kill('SIGKILL')
  process.on('exit', end)

  const kill = async () => {
    if (child === undefined) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    child = undefined
    await ended
  }
  const restart = async () => {
    await kill()
    child = spawn(natsProgram(), ['-c', config], { stdio: 'ignore' })
    await natsReady(monitor_url, limits.store_ready_ms)
  }
  const stop = async () => {
    await kill()
    process.off('exit', end)
    await rm(dir, { recursive: true, force: true })
  }
  await restart()
  return { url: `nats://127.0.0.1:${port}`, monitor_url, dir, kill, restart, stop }
}

/** An empty database with PostGIS: in the server that `KILAT_TEST_DATABASE_URL` names, else an embedded one. */
export async function startDatabase(): Promise<TestDatabase> {
  const server = process.env.KILAT_TEST_DATABASE_URL
  return server === undefined ? embeddedDatabase() : databaseIn(server)
}

async function databaseIn(server: string): Promise<TestDatabase> {
  const name = `kilat_test_${process.pid}_${Math.random().toString(36).slice(2, 10)}`
  const admin = postgres(server, { max: 1, onnotice: () => {} })
  await admin.unsafe(`CREATE DATABASE ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  const sql = postgres(url.href, { max: 1, onnotice: () => {} })
  await sql`CREATE EXTENSION IF NOT EXISTS postgis`
  await sql.end()
  const stop = async () => {
    await admin.unsafe(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await admin.end()
  }
  return { url: url.href, stop }
}

async function embeddedDatabase(): Promise<TestDatabase> {
  const db = await PGlite.create({ extensions: { postgis } })
  await db.exec('CREATE EXTENSION IF NOT EXISTS postgis')
  const port = await freePort()
  const server = new PGLiteSocketServer({
    db,
    port,
    host: '127.0.0.1',
    maxConnections: limits.database_clients_max,
  })
  await server.start()
  const stop = async () => {
    await server.stop()
    await db.close()
  }
  return { url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`, stop }
}
