import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Beside this file once it is built.
const program = fileURLToPath(new URL('../../bundle/main.js', import.meta.url))

export interface StoreUrls {
  readonly nats_url: string
  readonly nats_monitor_url: string
  readonly database_url: string
}

interface Options {
  readonly data_dir: string
  readonly port: number
  readonly workers: number
  /** Stores that run already; without them the engine brings its own. */
  readonly stores?: StoreUrls | undefined
  /** What the environment has besides. */
  readonly env?: Readonly<Record<string, string>> | undefined
}

/** An engine of our own, as a process that can be killed and started again on the same data. */
export class EngineProcess {
  readonly url: string
  readonly #options: Options
  readonly #log: WriteStream
  #child: ChildProcess | undefined

  constructor(options: Options) {
    this.url = `http://127.0.0.1:${options.port}`
    this.#options = options
    process.on('exit', () => void this.#child?.kill('SIGKILL'))
    this.#log = createWriteStream(join(options.data_dir, '..', 'engine.log'), { flags: 'a' })
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  get is_alive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Starts it; readiness is awaited apart. */
  start(): void {
    const { data_dir, port, workers, stores, env } = this.#options
    const { NATS_URL: _nats, NATS_MONITOR_URL: _monitor, DATABASE_URL: _database, ...inherited } = process.env
    const settings = {
      PORT: String(port),
      STS_PORT: '0',
      WORKERS: String(workers),
      DATA_DIR: data_dir,
      TRUSTED_ADDRESSES: '127.0.0.1,::1',
      LOG_LEVEL: 'warn',
      // Never money of this world.
      STRIPE_SECRET_KEY: '',
    }
    const elsewhere = stores && {
      NATS_URL: stores.nats_url,
      NATS_MONITOR_URL: stores.nats_monitor_url,
      DATABASE_URL: stores.database_url,
    }
    this.#child = spawn(process.execPath, [program], {
      env: { ...inherited, ...settings, ...elsewhere, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout?.pipe(this.#log, { end: false })
    this.#child.stderr?.pipe(this.#log, { end: false })
  }

  /** True once `/readiness` says ready and the engine has told where its stores are; false when it did not within `timeout_ms`. An engine that gave up meanwhile is started again. */
  async ready(timeout_ms: number): Promise<boolean> {
    const until_ms = performance.now() + timeout_ms
    const endpoints = join(this.#options.data_dir, 'endpoints.json')
    while (performance.now() < until_ms) {
      if (!this.is_alive) this.start()
      if (existsSync(endpoints) && (await isReady(this.url))) return true
      await pause(50)
    }
    return false
  }

  /** As a crash does it. */
  async kill(): Promise<void> {
    const child = this.#child
    if (!child || !this.is_alive) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  /** Asks it to drain, and resolves with its exit code, or -1 when it had to be killed after `timeout_ms`. */
  async stop(timeout_ms: number): Promise<number> {
    const child = this.#child
    if (!child || !this.is_alive) return child?.exitCode ?? 0
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), timeout_ms)
    const [code] = (await ended) as [number | null]
    clearTimeout(timer)
    return code ?? -1
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Whether the engine at `url` takes work. */
export const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readiness`, { signal: AbortSignal.timeout(1_000) }).then(
    async (response) => {
      await response.arrayBuffer()
      return response.ok
    },
    () => false,
  )
