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
import type { Rows } from '../protocols/rows.ts'
import type { Config } from './config.ts'
import type { Readiness } from './doors.ts'
import { effectRunner, type Inbox } from './effects.ts'
import { mountHttp } from './http/server.ts'
import { openIdentity } from './identity/open.ts'
import { openRouting } from './maps/routing.ts'

import { openInbox } from './push/inbox.ts'
import { openPushers } from './push/open_pushers.ts'

import { App, type ListenSocket, type TemplatedApp, us_listen_socket_close } from './uws.ts'
import { mountFeed } from './ws/feed.ts'
import { mountRunnerSocket } from './ws/runner.ts'

/** What the supervisor hands to a worker at its birth. */
export interface WorkerBirth {
  readonly config: Config
  readonly thread: number
  readonly nats_url: string
  readonly database_url: string
  readonly database_pool_max: number
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

/** The stores of one thread. */
export interface Stores {
  readonly drivers: Omit<Drivers, 'effects'>
  readonly accounts: Accounts
  readonly grants: Grants
  readonly lists: Lists
  readonly policies: Policies
  readonly rows: Rows
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
  const drivers: { -readonly [Name in keyof Drivers]: Drivers[Name] } = {
    ...stores.drivers,
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
    resident_max: Math.ceil(config.resident_actors_max / Math.max(1, config.shards / config.workers)),
    policy: () => book.current,
    policyAt: (version) => book.at(version),
  })
  const inbox = openInbox({ rows: stores.rows, env, pushers: await openPushers(config, env) })
  drivers.effects = effectRunner({ host: engine, inbox, env })
  for (const [other, port] of birth.lines) engine.meet(other, new Link(env, wireOf(port), engine))
  stores.watch((part, up) => {
    const state = up ? 'ready' : 'failed'
    if (part === 'nats') board.natsIs(thread, state)
    else board.databaseIs(thread, state)
  })
  const doors = await openDoors(parts, engine, stores, board, inbox)
  tell({ type: 'listening' })
  void engine.open().then(() => tell({ type: 'open' }))
  return {
    drain: async () => {
      doors.stopListening()
      await engine.drain()
      await doors.close()
      book.close()
      await stores.close()
      tell({ type: 'drained' })
    },
  }
}

async function openDoors(
  { birth, env }: WorkerParts,
  host: Thread,
  stores: Stores,
  board: Board,
  inbox: Inbox,
) {
  const { config } = birth
  const readiness = () => readinessOf(board)
  const { accounts, lists } = stores
  const routing = openRouting(config, env)
  const identity = await openIdentity(birth, env, stores)
  const doors = { host, accounts, lists, routing, reads: board, env, config, readiness, ...identity.doors }
  const app = App()
  const sockets = [mountRunnerSocket(app, doors), mountFeed(app, doors)]
  mountHttp(app, { ...doors, rows: stores.rows, inbox, shared: birth.http_tables })
  const socket = await listen(app, config)
  return {
    stopListening: () => us_listen_socket_close(socket),
    close: async () => {
      identity.close()
      await Promise.all(sockets.map((each) => each.close()))
      // A thread that ends with an open app takes the whole process with it.
      app.close()
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

function listen(app: TemplatedApp, { bind_address, port }: Config): Promise<ListenSocket> {
  return new Promise((resolve, reject) => {
    app.listen(bind_address, port, (socket) => {
      if (socket) resolve(socket)
      else reject(new Error(`port ${port} of ${bind_address} cannot be listened on`))
    })
  })
}
