// The two stores as processes that the watcher runs.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { limits } from '../../protocols/limits.ts'
import { freePort } from './free_port.ts'
import { spawnGuarded } from './guarded.ts'
import { natsConfig, natsProgram, natsReady } from './nats_server.ts'
import { entryFile } from './project_dir.ts'
import { isShortOfRoom, roomFor } from './room.ts'
import type { Program } from './store.ts'

export interface Ports {
  nats: number
  nats_monitor: number
  database: number
}

/** A nats-server that ends with us, waiting for its line. */
export function spawnNats(config: string, err: 'ignore' | 'inherit'): ChildProcess {
  return spawnGuarded(natsProgram(), ['-c', config], { err, is_held: true })
}

/** A database process for the folder and port, waiting for its line. */
export function spawnDatabase(
  dir: string,
  port: number,
  stderr: number | 'ignore' | 'inherit',
): ChildProcess {
  const args = [entryFile('database_child'), dir, String(port)]
  return spawn(process.execPath, args, { stdio: ['pipe', 'ignore', stderr] })
}

export function databaseUrl(port: number): string {
  return `postgres://postgres:postgres@127.0.0.1:${port}/postgres`
}

/** Resolves once the database answers a query; rejects after `timeout_ms`. */
export async function databaseReady(port: number, timeout_ms: number): Promise<void> {
  const until = performance.now() + timeout_ms
  while (performance.now() < until) {
    const sql = postgres(databaseUrl(port), {
      max: 1,
      connect_timeout: 5,
      onnotice: () => {},
      backoff: () => 0,
    })
    const answered = await sql`SELECT postgis_version()`.then(
      () => true,
      () => false,
    )
    await sql.end({ timeout: 1 })
    if (answered) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`the database was not ready after ${timeout_ms} ms`)
}

/** `ports` are wishes until a store was up once; then its clients know them, and they stay. */
export function natsStore(data_dir: string, ports: Ports, fixed: () => boolean): Program {
  const store_dir = join(data_dir, 'nats')
  const config = join(store_dir, 'nats.conf')
  return {
    name: 'nats',
    async launch() {
      mkdirSync(store_dir, { recursive: true })
      if (!fixed()) {
        ports.nats = await freePort(ports.nats)
        ports.nats_monitor = await freePort(ports.nats_monitor)
      }
      const place = { port: ports.nats, monitor_port: ports.nats_monitor, store_dir, name: 'kilat' }
      writeFileSync(config, natsConfig({ ...place, store_bytes_max: await roomFor(store_dir) }))
      return spawnNats(config, 'inherit')
    },
    ready: () => natsReady(`http://127.0.0.1:${ports.nats_monitor}`, limits.store_ready_ms),
    end: (child) => child.kill('SIGTERM'),
    isStale: () => isShortOfRoom(`http://127.0.0.1:${ports.nats_monitor}`, store_dir),
  }
}

export function databaseStore(data_dir: string, ports: Ports, fixed: () => boolean): Program {
  return {
    name: 'database',
    async launch() {
      mkdirSync(data_dir, { recursive: true })
      if (!fixed()) ports.database = await freePort(ports.database)
      return spawnDatabase(join(data_dir, 'database'), ports.database, 'inherit')
    },
    ready: () => databaseReady(ports.database, limits.store_ready_ms),
    end: (child) => child.stdin?.end(),
  }
}
