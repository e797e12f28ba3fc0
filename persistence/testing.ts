// Real servers for tests: on free ports, with their own folders, gone when the test process is, however it ends.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { limits } from '../protocols/limits.ts'
import { freePort } from './embedded/free_port.ts'
import { natsConfig, natsReady } from './embedded/nats_server.ts'
import { databaseReady, databaseUrl, spawnDatabase, spawnNats } from './embedded/programs.ts'
import { projectDir } from './embedded/project_dir.ts'

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

async function kill(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
  child.stdin?.destroy()
}

/** A server of our own with JetStream, synced always, on a free port. `more`: lines of configuration beside ours. */
export function startNats(more: readonly string[] = []): Promise<TestNats> {
  return serve(more)
}

export interface TestCluster {
  /** Of all servers, with commas between. */
  readonly url: string
  /** By the names that they have in the cluster. */
  readonly servers: ReadonlyMap<string, TestNats>
  stop(): Promise<void>
}

/** Three servers that are one cluster. */
export async function startCluster(): Promise<TestCluster> {
  const names = ['north', 'south', 'east']
  const ports = await Promise.all(names.map(() => freePort()))
  const routes = ports.map((port) => `nats-route://127.0.0.1:${port}`)
  const servers = await Promise.all(
    ports.map((port, index) => serve([clusterConfig(port, routes)], names[index])),
  )
  return {
    url: servers.map(({ url }) => url).join(','),
    servers: new Map(servers.map((server, index) => [names[index] ?? '', server])),
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  }
}

const clusterConfig = (port: number, routes: readonly string[]) =>
  `cluster { name: kilat, listen: "127.0.0.1:${port}", routes: ${JSON.stringify(routes)} }`

/** `more`: lines of configuration beside ours. */
async function serve(more: readonly string[], called?: string): Promise<TestNats> {
  const dir = await mkdtemp(join(tmpdir(), 'kilat-nats-'))
  const [port, monitor_port] = [await freePort(), await freePort()]
  const monitor_url = `http://127.0.0.1:${monitor_port}`
  const config = join(dir, 'nats.conf')
  const name = called ?? `test-${port}`
  const lines = [natsConfig({ port, monitor_port, store_dir: dir, name }), ...more]
  await writeFile(config, lines.join('\n'))
  let child: ChildProcess | undefined

  const restart = async () => {
    await kill(child)
    child = spawnNats(config, 'ignore')
    child.stdin?.write('go\n')
    await natsReady(monitor_url, limits.store_ready_ms)
  }
  const stop = async () => {
    await kill(child)
    await rm(dir, { recursive: true, force: true })
  }
  await restart()
  return { url: `nats://127.0.0.1:${port}`, monitor_url, dir, kill: () => kill(child), restart, stop }
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

/** A database as it is after its first start, which takes seconds; every test copies it. */
const template = join(projectDir(), '.kilat', 'test-database')

/** Puts a database that was opened once into `dir`. */
export async function copyDatabase(dir: string): Promise<void> {
  if (existsSync(template)) await cp(template, dir, { recursive: true })
}

/** As `startDatabase`, but always an embedded one. */
export async function embeddedDatabase(): Promise<TestDatabase & { restart(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'kilat-database-'))
  await copyDatabase(dir)
  const port = await freePort()
  let child = await openDatabase(dir, port)
  const restart = async () => {
    await kill(child)
    child = await openDatabase(dir, port)
  }
  const stop = async () => {
    await kill(child)
    await rm(dir, { recursive: true, force: true })
  }
  return { url: databaseUrl(port), restart, stop }
}

async function openDatabase(dir: string, port: number): Promise<ChildProcess> {
  const child = spawnDatabase(dir, port, 'inherit')
  child.stdin?.write('go\n')
  await databaseReady(port, limits.store_ready_ms)
  return child
}

/** Makes the template; the runner of the tests calls it once, before all of them. */
export async function setup(): Promise<void> {
  if (existsSync(template)) return
  await mkdir(join(template, '..'), { recursive: true })
  const dir = await mkdtemp(`${template}-`)
  const child = await openDatabase(dir, await freePort())
  const ended = once(child, 'exit')
  child.stdin?.end()
  await ended
  // Two runs may make one at the same time: the first stays.
  await rename(dir, template).catch(() => rm(dir, { recursive: true, force: true }))
}
