/** One worker thread: its part of the engine, and its doors on the shared port. */
import type { MessagePort } from 'node:worker_threads'
import { Board } from '../engine/board.ts'
import type { Env } from '../engine/env.ts'
import { Link, type Parcel, type Wire } from '../engine/mesh.ts'
import { PolicyBook } from '../engine/policy_book.ts'
import type { Drivers, Policies } from '../engine/ports.ts'
import { Thread } from '../engine/thread.ts'
import type { Accounts } from '../protocols/accounts.ts'
import type { Behaviour } from '../protocols/actor.ts'
import type { Grants } from '../protocols/grants.ts'
import type { Lists } from '../protocols/lists.ts'
import type { PersonKeys } from '../protocols/person_keys.ts'
import type { Rows } from '../protocols/rows.ts'
import type { Config } from './config.ts'
import type { Readiness } from './doors.ts'
import { effectRunner, type Inbox } from './effects.ts'
import { openIdentity } from './identity/open.ts'
import { openListeners } from './listening.ts'
import { openRouting } from './maps/routing.ts'
import { measure, measuredHost, measuredTopics, openTally, ownMemory } from './metrics.ts'
import { whenMoved } from './moved.ts'
import { openInbox } from './push/inbox.ts'
import { openPushers } from './push/open_pushers.ts'
import { type ScrapeOrder, Scraper, type ScrapeWord } from './scrapes.ts'
import { type StripeAccess, stripeClient } from './stripe/client.ts'
import { stripeEffects } from './stripe/intents.ts'
import { webhookReader } from './stripe/webhook.ts'
import { openTracing, type Tracing } from './tracing.ts'
import { openLine } from './vault/line.ts'
import { loadMasters } from './vault/masters.ts'
import { openedDoors } from './vault/opened_doors.ts'
import { checkMasters, openVault } from './vault/vault.ts'

/** What the supervisor hands to a worker at its birth. */
export interface WorkerBirth {
  readonly config: Config
  readonly thread: number
  readonly nats_url: string
  readonly database_url: string
  readonly database_pool_max: number
  readonly stripe: StripeAccess
  readonly board: SharedArrayBuffer
  readonly http_tables: SharedArrayBuffer
  /** What the front of browsers shows at the token endpoint. */
  readonly bff_secret: string
  /** To each other worker, by its number. */
  readonly lines: readonly (readonly [thread: number, port: MessagePort])[]
}

/** What a worker tells the supervisor. */
export type WorkerWord =
  | { readonly type: 'listening' }
  | { readonly type: 'open' }
  | { readonly type: 'drained' }
  | { readonly type: 'failed'; readonly why: string }
  | ScrapeWord

/** What the supervisor tells a worker. */
export type WorkerOrder = { readonly type: 'drain' } | ScrapeOrder

/** The stores of one thread. */
export interface Stores {
  readonly drivers: Omit<Drivers, 'effects'>
  readonly accounts: Accounts
  readonly grants: Grants
  readonly lists: Lists
  readonly policies: Policies
  readonly rows: Rows
  readonly person_keys: PersonKeys
  /** What the driver of the topics has counted, by name. */
  counts(): Readonly<Record<string, number>>
  /** Calls back with each change, and with the present state at once. */
  watch(call: (part: 'nats' | 'database', up: boolean) => void): void
  close(): Promise<void>
}

export interface WorkerParts {
  readonly birth: WorkerBirth
  readonly env: Env
  readonly behaviours: readonly Behaviour[]
  readonly openStores: (birth: WorkerBirth, env: Env) => Promise<Stores>
}

/** A running worker. `drain` finishes what was accepted and closes every door. */
export interface RunningWorker {
  drain(): Promise<void>
  /** Another thread wants the numbers of this one, or has those of all. */
  hear(order: ScrapeOrder): void
}

/** What a worker's doors have besides the engine and the stores. */
interface DoorParts {
  readonly tally: ReturnType<typeof openTally>
  readonly tracing: Tracing | undefined
  readonly scraper: Scraper
  readonly inbox: Inbox
}

const wireOf = (port: MessagePort): Wire => ({
  send: (batch) => port.postMessage(batch),
  receive: (call) => port.on('message', (batch: readonly Parcel[]) => call(batch)),
})

/** Opens the doors first (they answer `unavailable`), then recovers the shards. Rejects when the port cannot be had. */
export async function startWorker(
  parts: WorkerParts,
  tell: (word: WorkerWord) => void,
): Promise<RunningWorker> {
  const { birth, env, behaviours } = parts
  const { config, thread } = birth
  const board = new Board(env, birth.board, config.shards, config.workers)
  const stores = await parts.openStores(birth, env)
  const book = await PolicyBook.open(env, stores.policies)
  const tally = openTally()
  const tracing =
    config.traces_endpoint === undefined ? undefined : openTracing(config.traces_endpoint, thread)
  const drivers: { -readonly [Name in keyof Drivers]: Drivers[Name] } = {
    ...stores.drivers,
    topics: measuredTopics(stores.drivers.topics, tally),
    effects: { run: () => Promise.reject(new Error('the thread is not open yet')) },
  }
  const engine = new Thread({
    thread,
    threads: config.workers,
    shards: config.shards,
    env,
    drivers,
    behaviours,
    board,
    meters: tally,
    tracer: tracing?.tracer,
    resident_max: Math.ceil(config.resident_actors_max / Math.max(1, config.shards / config.workers)),
    policy: () => book.current,
    policyAt: (version) => book.at(version),
  })
  const inbox = openInbox({ rows: stores.rows, env, pushers: await openPushers(config, env) })
  drivers.effects = effectRunner({ host: engine, inbox, env, stripe: cashier(birth, env) })
  for (const [other, port] of birth.lines) engine.meet(other, new Link(env, wireOf(port), engine))
  stores.watch((part, up) => {
    const state = up ? 'ready' : 'failed'
    if (part === 'nats') board.natsIs(thread, state)
    else board.databaseIs(thread, state)
  })
  const own = () => ({ engine: engine.gauges, sockets: doors.count(), topics: stores.counts() })
  const gauges = () => ({ ...own(), thread, memory: ownMemory() })
  const scraper = new Scraper(tell, () => measure(tally, gauges()))
  const doors = await openDoors(parts, engine, stores, board, { inbox, tally, tracing, scraper })
  tell({ type: 'listening' })
  const stopWatching = whenMoved(board, env, () => void doors.turnOut())
  void engine.open().then(() => tell({ type: 'open' }))
  return {
    drain: async () => {
      stopWatching()
      doors.stopListening()
      await engine.drain()
      await doors.close()
      book.close()
      await stores.close()
      await tracing
        ?.close()
        .catch((cause: unknown) => env.log('warn', 'traces were lost', { cause: String(cause) }))
      tell({ type: 'drained' })
    },
    hear: (order) => scraper.hear(order),
  }
}

function cashier({ config, stripe }: WorkerBirth, env: Env) {
  const { default_method } = stripe
  const return_url = `${config.public_url}/payments/done`
  return stripeEffects({ stripe: stripeClient(stripe), env, return_url, default_method })
}

async function openDoors(
  parts: WorkerParts,
  engine: Thread,
  stores: Stores,
  board: Board,
  beside: DoorParts,
) {
  const { birth, env } = parts
  const { config } = birth
  const { accounts, lists, rows, person_keys: keys } = stores
  const masters = await loadMasters(config.personal_key, config.data_dir)
  await checkMasters({ keys, masters })
  const vault = openVault({ keys, masters, env, line: openLine() })
  const identity = await openIdentity(birth, env, stores)
  const webhooks = webhookReader(stripeClient(birth.stripe), birth.stripe.webhook_secret)
  const doors = await openListeners({
    ...identity.doors,
    webhooks,
    ...openedDoors({ host: measuredHost(engine, beside.tally), lists, rows }, vault),
    vault,
    accounts,
    inbox: beside.inbox,
    routing: openRouting(config, env),
    reads: board,
    env,
    config,
    meters: beside.tally,
    tracer: beside.tracing?.tracer,
    readiness: () => readinessOf(board),
    metrics: () => beside.scraper.text(),
    shared: birth.http_tables,
  })
  return {
    ...doors,
    close: async () => {
      identity.close()
      await doors.close()
      vault.stop()
    },
  }
}

function readinessOf(board: Board): Readiness {
  const states = Object.entries(board.states())
  const checks = states.map(
    ([part, state]) => [part, state === 'ready' ? 'ready' : `error: ${state}`] as const,
  )
  return { ready: states.every(([, state]) => state === 'ready'), checks: Object.fromEntries(checks) }
}
