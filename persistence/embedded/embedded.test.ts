import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import postgres from 'postgres'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { copyDatabase } from '../testing.ts'
import { type Embedded, type EmbeddedStatus, startEmbedded } from './embedded.ts'
import { spawnGuarded } from './guarded.ts'
import { goneWithin, type Identity, identityOf, lives } from './identity.ts'
import { entryFile } from './project_dir.ts'

let data_dir = ''
const engines: ChildProcess[] = []
const running: Embedded[] = []

beforeEach(async () => {
  data_dir = await mkdtemp(join(tmpdir(), 'kilat-embedded-'))
  await copyDatabase(join(data_dir, 'database'))
})

afterEach(async () => {
  for (const engine of engines.splice(0)) engine.kill('SIGKILL')
  for (const embedded of running.splice(0)) await embedded.stop()
  await rm(data_dir, { recursive: true, force: true, maxRetries: 10 })
})

async function start(lock_wait_ms = 15_000): Promise<Embedded> {
  const embedded = await startEmbedded({ data_dir, nats: true, database: true, log: () => {}, lock_wait_ms })
  running.push(embedded)
  return embedded
}

interface Engine {
  readonly process: ChildProcess
  readonly pids: { watcher: number; nats: number; database: number }
}

/** An engine as a process of its own, so that it can be killed. */
async function startEngine(): Promise<Engine> {
  const script = `
    const { startEmbedded } = await import(${JSON.stringify(entryFile('embedded'))})
    const options = { data_dir: ${JSON.stringify(data_dir)}, nats: true, database: true, log() {} }
    console.log(JSON.stringify((await startEmbedded(options)).pids()))`
  const engine = spawnGuarded(process.execPath, ['--input-type=module', '-e', script], {
    out: 'pipe',
    err: 'inherit',
  })
  engines.push(engine)
  const [line] = (await once(createInterface({ input: engine.stdout as Readable }), 'line')) as [string]
  return { process: engine, pids: JSON.parse(line) as Engine['pids'] }
}

function identities(pids: {
  watcher?: number | undefined
  nats?: number | undefined
  database?: number | undefined
}) {
  return [pids.watcher, pids.nats, pids.database].map((pid) => {
    const identity = identityOf(pid ?? 0)
    if (identity === undefined) throw new Error(`there is no process ${pid}`)
    return identity
  })
}

/** The status in which it is true. */
function becomes(embedded: Embedded, is: (status: EmbeddedStatus) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const cancel = embedded.onChange((status) => {
      if (!is(status)) return
      cancel()
      resolve()
    })
  })
}
const whole = (status: EmbeddedStatus) => status.nats === 'up' && status.database === 'up'

async function healthy(embedded: Embedded): Promise<boolean> {
  return (await fetch(`${embedded.nats_monitor_url}/healthz`)).ok
}

test('SU1 an engine that is killed takes its stores with it, and the next one starts on the same folder', async () => {
  const { process: engine, pids } = await startEngine()
  const children = identities(pids)
  engine.kill('SIGKILL')
  const gone = await Promise.all(children.map((child) => goneWithin(child, 15_000)))
  expect(gone).toEqual([true, true, true])
  const next = await start()
  expect(await healthy(next)).toBe(true)
})

test('SU1 a watcher and an engine killed together leave no store behind', async () => {
  const { process: engine, pids } = await startEngine()
  const children = identities(pids)
  engine.kill('SIGKILL')
  process.kill(pids.watcher, 'SIGKILL')
  const gone = await Promise.all(children.map((child) => goneWithin(child, 15_000)))
  expect(gone).toEqual([true, true, true])
})

test('SU2 a second engine on a folder in use waits, then refuses and says who has it', async () => {
  const first = await start()
  await expect(start(300)).rejects.toThrow(`in use by process ${first.pids().watcher}`)
  expect(whole(first.status())).toBe(true)
})

test('SU2 a second engine gets the folder when the first one leaves it', async () => {
  const first = await start()
  const before = identities(first.pids())
  const second = start()
  await first.stop()
  await second
  expect(before.some(lives)).toBe(false)
})

test('SU3 a store that dies starts again on its port, with what it held, and the status says so meanwhile', async () => {
  const embedded = await start()
  const sql = postgres(embedded.database_url, { max: 1, onnotice: () => {} })
  await sql`CREATE TABLE kept AS SELECT 7 AS a`
  await sql.end()
  const urls = [embedded.nats_url, embedded.database_url]
  for (const store of ['nats', 'database'] as const) {
    const states: string[] = []
    const cancel = embedded.onChange((status) => states.push(status[store]))
    const again = becomes(embedded, (status) => status[store] === 'down').then(() => becomes(embedded, whole))
    process.kill(embedded.pids()[store] ?? 0, 'SIGKILL')
    await again
    cancel()
    expect(states).toEqual(['down', 'starting', 'up'])
  }
  expect([embedded.nats_url, embedded.database_url]).toEqual(urls)
  expect(await healthy(embedded)).toBe(true)
  const later = postgres(embedded.database_url, { max: 1 })
  expect(await later`SELECT a FROM kept`).toEqual([{ a: 7 }])
  await later.end()
})

test('SU4 a watcher that is killed is replaced, and no old store lives beside a new one', async () => {
  const embedded = await start()
  const old = identities(embedded.pids())
  const url = embedded.nats_monitor_url
  const again = becomes(embedded, (status) => !whole(status)).then(() => becomes(embedded, whole))
  process.kill(embedded.pids().watcher ?? 0, 'SIGKILL')
  await again
  expect(old.some(lives)).toBe(false)
  expect(embedded.nats_monitor_url).toBe(url)
  expect(await healthy(embedded)).toBe(true)
})

test('SU5 children that a dead watcher recorded are ended, by id and start time, before a store is opened', async () => {
  const [left, reused] = [spawnGuarded('sleep', ['1000']), spawnGuarded('sleep', ['1000'])]
  engines.push(left, reused)
  const [child, other] = [left, reused].map(({ pid }) => identityOf(pid ?? 0)) as [Identity, Identity]
  const holders = {
    watcher: { pid: 4_194_304, started: 'long ago' },
    children: { nats: child, database: { pid: other.pid, started: 'before it' } },
  }
  await writeFile(join(data_dir, 'lock'), JSON.stringify(holders))
  const embedded = await start()
  expect(lives(child)).toBe(false)
  expect(lives(other)).toBe(true)
  const lock = JSON.parse(await readFile(join(data_dir, 'lock'), 'utf8'))
  expect(lock.watcher.pid).toBe(embedded.pids().watcher)
  expect(lock.children.nats.pid).toBe(embedded.pids().nats)
})
