/** The composition root: the one place that knows actors, drivers and doors at once. Main thread and workers both begin here. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { behaviours } from '../actors/behaviours.ts'
import type { Env } from '../engine/env.ts'
import { systemEnv } from '../engine/system_env.ts'
import { openAccounts } from '../persistence/accounts.ts'
import { startEmbedded } from '../persistence/embedded/embedded.ts'
import { openGrants } from '../persistence/grants.ts'
import { openJournal } from '../persistence/journal.ts'
import { openLists } from '../persistence/lists.ts'
import { connectNats } from '../persistence/nats.ts'
import { openPersonKeys } from '../persistence/person_keys.ts'
import { closeSql, openSql } from '../persistence/pg.ts'
import { openPolicies } from '../persistence/policies.ts'
import { openProjections } from '../persistence/projections.ts'
import { openPulse, withPulse } from '../persistence/pulse.ts'
import { openRows } from '../persistence/rows.ts'
import { openSnapshots } from '../persistence/snapshots.ts'
import { checkNats } from '../persistence/startup_check.ts'
import { ensureStreams } from '../persistence/streams.ts'
import { openTopics } from '../persistence/topics.ts'
import { type Config, loadConfig } from './config.ts'
import { openLog } from './log.ts'
import { isStsBirth, type StsBirth, serveSts } from './sts/thread.ts'
import type { Backing } from './supervisor.ts'
import type { RunningWorker, Stores, WorkerBirth, WorkerOrder, WorkerWord } from './worker.ts'

const print = (line: string) => void process.stdout.write(`${line}\n`)

async function openBacking(config: Config, env: Env): Promise<Backing> {
  const nats = config.nats_url === undefined
  const database = config.database_url === undefined
  const embedded = await startEmbedded({
    data_dir: config.data_dir,
    nats,
    database,
    log: (level, what, fields) => env.log(level, what, fields),
  })
  const nats_url = config.nats_url ?? embedded.nats_url
  const database_url = config.database_url ?? embedded.database_url
  const monitor_url = nats ? embedded.nats_monitor_url : config.nats_monitor_url
  if (!nats_url || !database_url) throw new Error('an embedded store did not say where it is')
  try {
    await checkNats(monitor_url, { asserted: config.nats_sync_asserted, unsafe: config.unsafe })
    await prepare(config, env, nats_url, database_url)
  } catch (cause) {
    await embedded.stop()
    throw cause
  }
  return {
    nats_url,
    database_url,
    database_pool_max: config.database_pool_max,
    summary: [
      `events: ${nats ? 'embedded nats-server' : 'NATS'} with JetStream, synced before each ack`,
      `queries: ${database ? 'embedded PGlite' : 'PostgreSQL'} with PostGIS`,
    ],
    pids: () => embedded.pids(),
    onChange: (call) => void embedded.onChange(call),
    stop: () => embedded.stop(),
  }
}

async function prepare(config: Config, env: Env, nats_url: string, database_url: string): Promise<void> {
  const link = await connectNats({ url: nats_url, name: 'kilat-start', env })
  try {
    await ensureStreams(link, { shards: config.shards, replicas: 1 })
  } finally {
    await link.close()
  }
  const { migrate } = await import('../persistence/migrate.ts')
  await migrate(database_url, (level, what, fields) => env.log(level, what, fields))
}

async function openStores(birth: WorkerBirth, env: Env): Promise<Stores> {
  const { thread, nats_url, database_url, database_pool_max: max } = birth
  const link = await connectNats({ url: nats_url, name: `kilat-${thread}`, env })
  const sql = openSql({ url: database_url, max, application_name: `kilat-${thread}` })
  const journal = await openJournal(link)
  const topics = await openTopics(link, env)
  const pulse = openPulse(sql, env)
  const snapshots = openSnapshots(sql)
  const { wake } = withPulse(snapshots, pulse)
  return {
    drivers: { journal, topics, snapshots: { ...snapshots, wake }, projections: openProjections(sql) },
    accounts: withPulse(openAccounts(sql), pulse),
    grants: withPulse(openGrants(sql), pulse),
    lists: withPulse(openLists(sql), pulse),
    policies: openPolicies(link),
    rows: withPulse(openRows(sql), pulse),
    person_keys: withPulse(openPersonKeys(sql), pulse),
    counts: () => ({ ...topics.stats() }),
    watch(call) {
      call('nats', link.connected)
      link.onChange((connected) => call('nats', connected))
      pulse.watch((up) => call('database', up))
    },
    async close() {
      pulse.stop()
      await topics.flush()
      await topics.close()
      await link.close()
      await closeSql(sql)
    },
  }
}

async function runMain(): Promise<number> {
  const config = loadConfig(process.env)
  const env = systemEnv(openLog(config.log_level, 'main'))
  const stopped = new Promise<string>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal))
  })
  const { supervise } = await import('./supervisor.ts')
  return supervise({ config, env, script: new URL(import.meta.url), openBacking, print }, stopped)
}

/** Each kind of thread loads only its own code. A worker reads its first, and is born when the stores are there. */
function awaitBirth(): void {
  const code = import('./worker.ts')
  let running: Promise<RunningWorker | undefined> = Promise.resolve(undefined)
  parentPort?.on('message', (order: WorkerBirth | WorkerOrder) => {
    if (!('type' in order)) running = runWorker(order, code)
    else if (order.type === 'drain') void running.then((worker) => worker?.drain())
    else void running.then((worker) => worker?.hear(order))
  })
}

async function runWorker(
  birth: WorkerBirth,
  code: Promise<typeof import('./worker.ts')>,
): Promise<RunningWorker | undefined> {
  const tell = (word: WorkerWord) => parentPort?.postMessage(word)
  const env = systemEnv(openLog(birth.config.log_level, `worker ${birth.thread}`))
  try {
    const { startWorker } = await code
    return await startWorker({ birth, env, behaviours, openStores }, tell)
  } catch (cause) {
    tell({ type: 'failed', why: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) })
    return undefined
  }
}

async function runSts(birth: StsBirth): Promise<void> {
  const { database_url: url, database_pool_max: max } = birth
  const sql = openSql({ url, max, application_name: 'kilat-sts' })
  const env = systemEnv(openLog(birth.config.log_level, 'sts'))
  const pulse = openPulse(sql, env)
  const close = async () => {
    pulse.stop()
    await closeSql(sql)
  }
  const accounts = withPulse(openAccounts(sql), pulse)
  const stores = { accounts, grants: withPulse(openGrants(sql), pulse), close }
  await serveSts(birth, env, stores, {
    tell: (word) => parentPort?.postMessage(word),
    onDrain: (call) => void parentPort?.once('message', call),
  })
}

if (isMainThread)
  runMain().then(
    (code) => process.exit(code),
    (cause: unknown) => {
      process.stderr.write(`Kilat Dispatch could not go on: ${describe(cause)}\n`)
      process.exit(1)
    },
  )
else if (isStsBirth(workerData)) await runSts(workerData)
else awaitBirth()

/** The chain of causes, without stacks of our own refusals. */
function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  return cause.cause ? `${cause.message}\n  because ${describe(cause.cause)}` : cause.message
}
