// The engine's side of the embedded stores: nats-server and PGlite in processes of their own, kept by a watcher.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Cancel, Env } from '../../engine/env.ts'
import { limits } from '../../protocols/limits.ts'
import { databaseUrl, type Ports } from './programs.ts'
import { entryFile } from './project_dir.ts'
import type { StoreState } from './store.ts'
import type { Order, Report, StoreReport } from './watching.ts'

export interface EmbeddedOptions {
  readonly data_dir: string
  /** Which of the two to run; the other one is elsewhere. */
  readonly nats: boolean
  readonly database: boolean
  readonly log: Env['log']
  /** How long to wait for another engine to leave the folder. */
  readonly lock_wait_ms?: number
}

export interface EmbeddedStatus {
  readonly nats: StoreState
  readonly database: StoreState
}

const absent: StoreReport = { state: 'down' }

export class Embedded {
  readonly #options: EmbeddedOptions
  readonly #listeners = new Set<(status: EmbeddedStatus) => void>()
  #watcher: ChildProcess | undefined
  #ports: Ports | undefined
  #nats = absent
  #database = absent
  #failure = 'the watcher of the embedded stores ended'
  #stopping = false
  #first: { resolve: () => void; reject: (error: Error) => void } | undefined
  #restart_ms: number = limits.store_restart_first_ms
  #restart: NodeJS.Timeout | undefined

  constructor(options: EmbeddedOptions) {
    this.#options = { ...options, data_dir: resolve(options.data_dir) }
  }

  /** The address stays the same as long as this engine lives, whatever dies. Meaningless for a store that is not run. */
  get nats_url(): string {
    return `nats://127.0.0.1:${this.#ports?.nats}`
  }

  get nats_monitor_url(): string {
    return `http://127.0.0.1:${this.#ports?.nats_monitor}`
  }

  get database_url(): string {
    return databaseUrl(this.#ports?.database ?? 0)
  }

  status(): EmbeddedStatus {
    return { nats: this.#nats.state, database: this.#database.state }
  }

  /** Undefined for what does not run at the moment. */
  pids(): { watcher: number | undefined; nats: number | undefined; database: number | undefined } {
    return { watcher: this.#watcher?.pid, nats: this.#nats.pid, database: this.#database.pid }
  }

  onChange(call: (status: EmbeddedStatus) => void): Cancel {
    this.#listeners.add(call)
    return () => this.#listeners.delete(call)
  }

  /** Resolves once all that was asked for serves. Rejects with the reason when it cannot, and leaves nothing behind. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#first = { resolve, reject }
      this.#watch()
    })
  }

  /** Ends the stores in order and resolves when their processes are gone. */
  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#restart)
    const watcher = this.#watcher
    if (watcher === undefined) return
    const ended = once(watcher, 'exit')
    if (watcher.connected) watcher.send('stop', () => {})
    await ended
  }

  #complete(): boolean {
    const up = (wanted: boolean, { state }: StoreReport) => !wanted || state === 'up'
    return (
      up(this.#options.nats, this.#nats) &&
      up(this.#options.database, this.#database) &&
      this.#ports !== undefined
    )
  }

  #watch(): void {
    const { data_dir, nats, database, lock_wait_ms = limits.data_lock_wait_ms } = this.#options
    mkdirSync(data_dir, { recursive: true })
    const order: Order = { data_dir, nats, database, lock_wait_ms, ports: this.#ports }
    const log = openLog(join(data_dir, 'stores.log'))
    // A session of its own: a Ctrl-C at the terminal is the engine's, which drains before its stores go.
    const watcher = spawn(process.execPath, [entryFile('watcher'), JSON.stringify(order)], {
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
    })
    watcher.on('message', (report) => this.#hear(report as Report))
    closeSync(log)
    this.#watcher = watcher
    // Its last words may still be on their way when it has ended.
    Promise.all([once(watcher, 'exit'), once(watcher, 'disconnect')]).then(
      () => this.#lost(),
      (error: Error) => this.#fail(error.message),
    )
  }

  #hear(report: Report): void {
    if (report.kind === 'failed') return this.#fail(report.message)
    const { log, data_dir } = this.#options
    if (report.kind === 'waiting') {
      return log('warn', 'waiting for another engine to leave the data folder', { data_dir, pid: report.pid })
    }
    this.#set(report.nats, report.database, report.ports)
  }

  #fail(message: string): void {
    this.#failure = message
    this.#options.log('error', 'embedded stores', { message })
  }

  #set(nats: StoreReport, database: StoreReport, ports: Ports | undefined): void {
    const before = this.status()
    this.#nats = nats
    this.#database = database
    this.#ports = ports
    if (before.nats !== nats.state || before.database !== database.state) {
      this.#options.log('info', 'embedded stores', { ...this.status() })
    }
    for (const call of this.#listeners) call(this.status())
    if (!this.#complete()) return
    this.#restart_ms = limits.store_restart_first_ms
    this.#first?.resolve()
    this.#first = undefined
  }

  /** The watcher is gone: its stores end with it, and the next one waits for that. */
  #lost(): void {
    this.#watcher = undefined
    this.#set(absent, absent, this.#ports)
    this.#first?.reject(new Error(this.#failure))
    if (this.#stopping || this.#first !== undefined) return
    this.#restart = setTimeout(() => this.#watch(), this.#restart_ms)
    this.#restart_ms = Math.min(this.#restart_ms * 2, limits.store_restart_max_ms)
  }
}

/** Begins anew when it has grown long. */
function openLog(path: string): number {
  const { size } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0 }
  return openSync(path, size > limits.store_log_bytes_max ? 'w' : 'a')
}

/**
 * Starts the embedded stores in `data_dir`. Rejects with a readable reason: the folder is in use by another engine for
 * longer than `lock_wait_ms` (15 s), there is no nats-server, or a store does not start.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const embedded = new Embedded(options)
  await embedded.start()
  return embedded
}
