// The process between the engine and its stores: `node watcher.js <order>`. It lives as long as the channel to the
// engine, so the stores end when the engine does, by whatever means, and it starts again the one that dies.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DataLock } from './data_lock.ts'
import { databaseStore, natsStore, type Ports } from './programs.ts'
import { Store } from './store.ts'
import type { Order, Report } from './watching.ts'

const order = JSON.parse(process.argv[2] ?? '{}') as Order
const ports_file = join(order.data_dir, 'ports.json')
const ports: Ports = order.ports ?? recordedPorts()
const stores = new Map<'nats' | 'database', Store>()
const known = new Set<string>()
let stopping = false

function recordedPorts(): Ports {
  try {
    return JSON.parse(readFileSync(ports_file, 'utf8')) as Ports
  } catch {
    return { nats: 0, nats_monitor: 0, database: 0 }
  }
}

/** Resolves once it is on its way, or nobody is there to hear it. */
function report(report: Report): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(report, undefined, undefined, () => resolve())
    else resolve()
  })
}

function reportStores(): void {
  const row = (name: 'nats' | 'database') => ({
    state: stores.get(name)?.state ?? ('down' as const),
    pid: stores.get(name)?.pid,
  })
  report({ kind: 'stores', nats: row('nats'), database: row('database'), ports })
}

const waits = (pid: number) => report({ kind: 'waiting', pid })
const taking = DataLock.take(order.data_dir, order.lock_wait_ms, waits)

async function stop(code: number): Promise<void> {
  if (stopping) return
  stopping = true
  await Promise.all([...stores.values()].map((store) => store.stop()))
  // Without the lock there is nothing of ours to leave; with it, nobody waits longer than he must.
  if (stores.size > 0) (await taking).release()
  process.exit(code)
}

async function fail(error: unknown): Promise<void> {
  await report({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
  await stop(1)
}

async function run(): Promise<void> {
  const lock = await taking
  if (stopping) return lock.release()
  const fixed = (name: string) => () => order.ports !== undefined || known.has(name)
  const programs = [
    ...(order.nats ? [natsStore(order.data_dir, ports, fixed('nats'))] : []),
    ...(order.database ? [databaseStore(order.data_dir, ports, fixed('database'))] : []),
  ]
  for (const program of programs) stores.set(program.name, new Store(program, lock, reportStores))
  await Promise.all(
    [...stores].map(async ([name, store]) => {
      await store.start()
      known.add(name)
    }),
  )
  writeFileSync(ports_file, JSON.stringify(ports))
  reportStores()
}

process.on('disconnect', () => stop(0))
process.on('message', () => stop(0))
process.on('SIGTERM', () => stop(0))
process.on('SIGINT', () => {})
process.on('SIGHUP', () => {})
process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)
await run().catch(fail)
