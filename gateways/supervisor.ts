/** The main thread: starts the stores, checks them, starts the workers and ends them in order. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { boardBytes } from '../engine/board.ts'
import type { Env } from '../engine/env.ts'
import type { Config } from './config.ts'
import { shared_bytes } from './http/shared.ts'
import { loadKeys } from './identity/keys.ts'
import type { Commons } from './identity/open.ts'
import { openProcessMetrics } from './metrics.ts'
import { type ScrapeOrder, Scrapes } from './scrapes.ts'
import type { StripeAccess } from './stripe/client.ts'
import { openTill, type Till } from './stripe/till.ts'
import { startStsThread } from './sts/thread.ts'
import { loadMasters } from './vault/masters.ts'
import type { WorkerBirth, WorkerOrder, WorkerWord } from './worker.ts'

/** The stores as they were found or started. `stop` ends only what was started here. */
export interface Backing {
  readonly nats_url: string
  readonly database_url: string
  readonly database_pool_max: number
  /** For people: which stores these are. */
  readonly summary: readonly string[]
  /** The processes of the stores that were started here. They change when one is started again. */
  pids(): Readonly<Record<string, number | undefined>>
  onChange(call: () => void): void
  stop(): Promise<void>
}

export interface SupervisorParts {
  readonly config: Config
  readonly env: Env
  /** The file that a worker runs. */
  readonly script: URL
  /** Finds or starts the stores and makes streams and schema ready. Rejects with a clear reason when that cannot be. */
  readonly openBacking: (config: Config, env: Env) => Promise<Backing>
  /** For people, on the standard output. */
  readonly print: (line: string) => void
}

/** Messages live shortly and in crowds: in a larger nursery most are dead before they are copied. */
const young_generation_mb = 128
const drain_max_ms = 20_000

/** Runs until told to stop. Resolves with the exit code: 0 after a clean drain. Rejects when the start fails. */
export async function supervise(parts: SupervisorParts, stopped: Promise<string>): Promise<number> {
  const { config, env, print } = parts
  mkdirSync(config.data_dir, { recursive: true })
  const ports = [config.port, ...config.listeners.map(({ port }) => port)]
  const held = await Promise.all(ports.map((port) => holdPort(config, port)))
  // The threads read their code while the stores start.
  const crew = new Crew(parts.script, config.workers, env)
  const opening = openTill(config, env)
  // Heard below; until then a failure waits.
  opening.catch(() => undefined)
  const backing = await parts.openBacking(config, env).catch(async (cause: unknown) => {
    await opening.then((opened) => opened.stop()).catch(() => undefined)
    throw cause
  })
  let till: Till | undefined
  try {
    till = await opening
    await Promise.all(held.map((free) => free()))
    // The first start makes the keys: before there are several threads that would each make their own.
    await loadKeys(config.signing_keys, config.data_dir)
    await loadMasters(config.personal_key, config.data_dir)
    const commons = await commonsOf(config, print)
    const crew_failed = crew.start(backing, { ...commons, stripe: till.access })
    await Promise.race([crew.open, crew_failed, stopped])
    // Animals before logins: the token service waits until the shards are back.
    const sts = startStsThread(parts.script, { ...commons, ...backing })
    const failed = Promise.race([crew_failed, sts.failed])
    await Promise.race([sts.open, failed, stopped])
    const note = () => noteEndpoints(config, backing, till)
    note()
    backing.onChange(note)
    till.onChange(note)
    greet(commons.config, [...backing.summary, till.summary], print)
    const why = await Promise.race([stopped, failed])
    print(`Stopping (${why}): finishing what was accepted …`)
    await within(drain_max_ms, Promise.all([crew.drain(), sts.drain()]), 'the workers did not finish in time')
    print('Stopped: everything that was accepted is on disk.')
    return 0
  } finally {
    await till?.stop()
    await backing.stop()
  }
}

/** The worker threads. */
class Crew {
  readonly open: Promise<void>
  readonly #workers: readonly Worker[]
  readonly #failed: Promise<never>
  readonly #drained = new Set<number>()
  #opened = 0
  #fail: (why: Error) => void = () => {}
  #markOpen: () => void = () => {}
  #markDrained: () => void = () => {}
  readonly #scrapes: Scrapes
  #draining = false

  /** Makes the threads; they wait for `start`. */
  constructor(script: URL, count: number, env: Env) {
    const send = (thread: number, order: ScrapeOrder) => this.#workers[thread]?.postMessage(order)
    this.#scrapes = new Scrapes({ env, workers: count, send, own: openProcessMetrics() })
    this.open = new Promise((resolve) => {
      this.#markOpen = resolve
    })
    this.#failed = new Promise((_resolve, reject) => {
      this.#fail = reject
    })
    // Whoever starts the crew hears of it; until then it only waits to be heard.
    this.#failed.catch(() => undefined)
    this.#workers = Array.from({ length: count }, (_, thread) => this.#hire(script, thread))
  }

  /** Never resolves while all goes well; rejects when a thread dies: the process then ends, and recovers by a new start. */
  start(
    { nats_url, database_url, database_pool_max }: Backing,
    commons: Commons & { readonly stripe: StripeAccess },
  ): Promise<never> {
    const { config } = commons
    const lines = linesBetween(this.#workers.length)
    const board = new SharedArrayBuffer(boardBytes(config.shards, config.workers))
    for (const [thread, worker] of this.#workers.entries()) {
      const ports = lines[thread] ?? []
      const stores = { nats_url, database_url, database_pool_max }
      const birth: WorkerBirth = { ...commons, ...stores, thread, board, lines: ports }
      worker.postMessage(
        birth,
        ports.map(([, port]) => port),
      )
    }
    return this.#failed
  }

  async drain(): Promise<void> {
    this.#draining = true
    const all = new Promise<void>((resolve) => {
      this.#markDrained = resolve
    })
    for (const worker of this.#workers) worker.postMessage({ type: 'drain' } satisfies WorkerOrder)
    await all
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  #hire(script: URL, thread: number): Worker {
    const resourceLimits = { maxYoungGenerationSizeMb: young_generation_mb }
    const worker = new Worker(script, { resourceLimits })
    worker.on('message', (word: WorkerWord) => this.#heard(thread, word))
    worker.on('error', (cause) => this.#fail(new Error(`worker ${thread} failed`, { cause })))
    worker.on('exit', (code) => {
      if (!this.#draining) this.#fail(new Error(`worker ${thread} ended with code ${code}`))
    })
    return worker
  }

  #heard(thread: number, word: WorkerWord): void {
    if (word.type === 'scrape' || word.type === 'measured') this.#scrapes.hear(thread, word)
    if (word.type === 'failed') this.#fail(new Error(`worker ${thread}: ${word.why}`))
    if (word.type === 'open') {
      this.#opened += 1
      if (this.#opened === this.#workers.length) this.#markOpen()
    }
    if (word.type === 'drained') {
      this.#drained.add(thread)
      if (this.#drained.size === this.#workers.length) this.#markDrained()
    }
  }
}

/** A line between each two workers: for each of them, the other's number and this end of the line. */
function linesBetween(workers: number): readonly (readonly [number, MessagePort])[][] {
  const lines: [number, MessagePort][][] = Array.from({ length: workers }, () => [])
  for (let one = 0; one < workers; one++)
    for (let other = one + 1; other < workers; other++) {
      const { port1, port2 } = new MessageChannel()
      lines[one]?.push([other, port1])
      lines[other]?.push([one, port2])
    }
  return lines
}

/**
 * The workers share the port (SO_REUSEPORT), and so would a second engine: a plain listener, which shares with nobody,
 * keeps the port until the workers open it. The returned function gives it up.
 */
function holdPort({ bind_address }: Config, port: number): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    const keeper = createServer((socket) => socket.destroy())
    keeper.once('error', (cause) =>
      reject(new Error(`port ${port} is in use: set PORT to another one`, { cause })),
    )
    const free = () => new Promise<void>((done) => keeper.close(() => done()))
    keeper.listen({ port, host: bind_address, exclusive: true }, () => resolve(free))
  })
}

function isFree(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, address, () => probe.close(() => resolve(true)))
  })
}

/** What the threads share. A second engine on the machine goes without a token service rather than not at all. */
async function commonsOf(config: Config, print: (line: string) => void): Promise<Commons> {
  const taken = config.sts_port !== 0 && !(await isFree(config.bind_address, config.sts_port))
  if (taken) print(`Port ${config.sts_port} is in use: there is no Security Token Service (set STS_PORT)`)
  return {
    config: taken ? { ...config, sts_port: 0 } : config,
    http_tables: new SharedArrayBuffer(shared_bytes),
    bff_secret: randomBytes(32).toString('base64url'),
  }
}

/** Where local tools find this engine and its stores; readable by its owner alone, since addresses may hold passwords. */
function noteEndpoints(
  { data_dir, port, trusted_addresses }: Config,
  backing: Backing,
  till: Till | undefined,
): void {
  const { nats_url, database_url } = backing
  const pids = { ...backing.pids(), ...till?.pids() }
  const stripe_url = till?.access.api_url
  const path = join(data_dir, 'endpoints.json')
  const text = JSON.stringify(
    { port, pid: process.pid, nats_url, database_url, stripe_url, trusted_addresses, pids },
    null,
    2,
  )
  writeFileSync(`${path}.new`, `${text}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

function greet(
  { port, workers, shards, sts_port, listeners }: Config,
  summary: readonly string[],
  print: (line: string) => void,
): void {
  print(
    `Kilat Dispatch serves REST and WebSocket on http://localhost:${port} (${workers} threads, ${shards} shards)`,
  )
  for (const line of summary) print(`  ${line}`)
  if (sts_port !== 0)
    print(`  logins: OpenID Connect on http://localhost:${sts_port}/.well-known/openid-configuration`)
  for (const part of listeners) print(`  ${part.context} alone: http://localhost:${part.port}`)
  print(`  documents: http://localhost:${port}/docs`)
  print('Try:')
  print(`  curl -s localhost:${port}/readiness`)
  print(
    `  curl -s localhost:${port}/api/v1/auth/register -H 'content-type: application/json' -d '{"email":"mei@example.com","password":"a-long-password","full_name":"Mei","role":"owner"}'`,
  )
  print(`  npm run city -- --runners 50 --owners 5 --minutes 1`)
}

async function within(ms: number, work: Promise<unknown>, why: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(why)), ms)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
