import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { freePort } from '../persistence/embedded/free_port.ts'
import { spawnGuarded } from '../persistence/embedded/guarded.ts'
import { projectDir } from '../persistence/embedded/project_dir.ts'
import { pause } from './pause.ts'

// Tests run from the sources; a child needs JavaScript.
const program = join(projectDir(), 'dist', 'bundle', 'main.js')
export const issuer = 'kilat-pet-runner'
const ready_max_ms = 120_000
const stop_max_ms = 40_000
const look_ms = 20

export interface StoreUrls {
  readonly nats_url: string
  readonly nats_monitor_url: string
  readonly database_url: string
}

export interface StackOptions {
  readonly workers: number
  /** Where logins by OpenID Connect are served; nowhere without it. */
  readonly sts_port?: number
  /** Stores that run already; without them the engine brings its own. */
  readonly stores?: StoreUrls | undefined
  readonly log_level?: 'info' | 'warn'
  /** What the environment has besides. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Called with each line that the engine prints or logs. */
  readonly onLine?: (line: string) => void
}

/** An engine of our own: a process that can be killed and started again on the same data. It ends with us at the latest. */
export class Stack {
  /** Of its log, and of its data. */
  readonly dir: string
  readonly data_dir: string
  readonly port: number
  readonly url: string
  readonly #options: StackOptions
  #child: ChildProcess | undefined

  /** In `dir`, which is there. */
  constructor(dir: string, port: number, options: StackOptions) {
    this.dir = dir
    this.data_dir = join(dir, 'data')
    this.port = port
    this.url = `http://127.0.0.1:${port}`
    this.#options = options
  }

  /** On a free port and in a fresh folder, which `stop` removes. */
  static async create(options: StackOptions): Promise<Stack> {
    const dir = await mkdtemp(join(tmpdir(), 'kilat-bench-'))
    const env = { TOKEN_ISSUER: issuer, ...options.env }
    return new Stack(dir, await freePort(), { ...options, env })
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  get is_alive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Where the engine says that its stores are. */
  get endpoints(): {
    readonly nats_url: string
    readonly database_url: string
    /** Of the embedded payment sandbox; absent where payments go elsewhere. */
    readonly stripe_url?: string
  } {
    return JSON.parse(readFileSync(join(this.data_dir, 'endpoints.json'), 'utf8'))
  }

  /** Starts the process; `ready` and `serves` tell when it serves. */
  spawn(): void {
    const { workers, sts_port = 0, stores, log_level = 'warn', env, onLine } = this.#options
    const { NATS_URL: _nats, DATABASE_URL: _database, NATS_MONITOR_URL: _monitor, ...inherited } = process.env
    const settings = {
      PORT: String(this.port),
      STS_PORT: String(sts_port),
      WORKERS: String(workers),
      DATA_DIR: this.data_dir,
      TRUSTED_ADDRESSES: '127.0.0.1,::1',
      LOG_LEVEL: log_level,
      // The numbers are read without it.
      METRICS_TOKEN: '',
      // Never money of this world.
      STRIPE_SECRET_KEY: '',
    }
    const elsewhere = stores && {
      NATS_URL: stores.nats_url,
      NATS_MONITOR_URL: stores.nats_monitor_url,
      DATABASE_URL: stores.database_url,
    }
    const child = spawnGuarded(process.execPath, [program], {
      env: { ...inherited, ...settings, ...elsewhere, ...env },
      out: 'pipe',
      err: 'pipe',
    })
    const log = createWriteStream(join(this.dir, 'engine.log'), { flags: 'a' })
    for (const stream of [child.stdout, child.stderr]) {
      stream?.pipe(log, { end: false })
      if (stream && onLine) eachLine(stream, onLine)
    }
    this.#child = child
  }

  /** Resolves once `/readiness` says so. Rejects when the process ends before that, or takes too long. */
  async ready(): Promise<void> {
    const until_ms = performance.now() + ready_max_ms
    while (performance.now() < until_ms) {
      if (!this.is_alive) throw new Error(`the engine ended: see ${this.dir}/engine.log`)
      if (await isReady(this.url)) return
      await pause(look_ms)
    }
    throw new Error(`the engine was not ready in time: see ${this.dir}/engine.log`)
  }

  /** Starts it, and resolves once it serves on all its threads and has said where its stores are. */
  async start(): Promise<void> {
    this.spawn()
    await this.ready()
    for (const until_ms = performance.now() + ready_max_ms; !this.#hasTold(); ) {
      if (!this.is_alive || performance.now() > until_ms)
        throw new Error(`the engine did not open: see ${this.dir}/engine.log`)
      await pause(look_ms)
    }
  }

  /** True once it serves and has told where its stores are; false when it did not within `timeout_ms`. One that gave up meanwhile is started again. */
  async serves(timeout_ms: number): Promise<boolean> {
    for (
      const until_ms = performance.now() + timeout_ms;
      performance.now() < until_ms;
      await pause(look_ms)
    ) {
      if (!this.is_alive) this.spawn()
      if (this.#hasTold() && (await isReady(this.url))) return true
    }
    return false
  }

  /** An earlier process may have left its note in the folder. */
  #hasTold(): boolean {
    try {
      const { pid } = JSON.parse(readFileSync(join(this.data_dir, 'endpoints.json'), 'utf8')) as {
        pid: number
      }
      return pid === this.pid
    } catch {
      return false
    }
  }

  /** As a crash does it. */
  async kill9(): Promise<void> {
    await this.#endWith('SIGKILL')
  }

  /** As Ctrl-C does it. Resolves with the exit code, 0 where none was started, or -1 when a signal ended it, ours after `timeout_ms` for one. */
  async drain(timeout_ms = stop_max_ms): Promise<number> {
    const child = this.#child
    if (!child) return 0
    const timer = setTimeout(() => child.kill('SIGKILL'), timeout_ms)
    await this.#endWith('SIGTERM')
    clearTimeout(timer)
    return child.exitCode ?? -1
  }

  /** Drains it and removes its folder. */
  async stop(): Promise<void> {
    await this.drain()
    await rm(this.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }

  async #endWith(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child
    if (!child || !this.is_alive) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
}

/** Creates a stack and starts it. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const stack = await Stack.create(options)
  try {
    await stack.start()
    return stack
  } catch (cause) {
    await stack.kill9()
    throw cause
  }
}

/** Whether the engine at `url` takes work. */
export const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readiness`, { signal: AbortSignal.timeout(1_000) }).then(
    async (response) => {
      await response.arrayBuffer()
      return response.ok
    },
    () => false,
  )

function eachLine(stream: NodeJS.ReadableStream, call: (line: string) => void): void {
  let rest = ''
  stream.on('data', (bytes: Buffer) => {
    const lines = (rest + bytes.toString('utf8')).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) call(line)
  })
}
