import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { freePort } from '../persistence/embedded/free_port.ts'
import { projectDir } from '../persistence/embedded/project_dir.ts'

// Tests run from the sources; a child needs JavaScript.
const program = join(projectDir(), 'dist', 'bundle', 'main.js')
export const issuer = 'kilat-pet-runner'
const ready_max_ms = 120_000
const stop_max_ms = 30_000

export interface StackOptions {
  readonly workers: number
  /** Where logins by OpenID Connect are served; nowhere without it. */
  readonly sts_port?: number
  /** Stores that run already; without them the engine brings its own. */
  readonly stores?: {
    readonly nats_url: string
    readonly nats_monitor_url: string
    readonly database_url: string
  }
  readonly log_level?: 'info' | 'warn'
  /** Called with each line that the engine prints or logs. */
  readonly onLine?: (line: string) => void
}

/** An engine of the bench's own: a process, on a free port and a fresh data folder. */
export class Stack {
  readonly dir: string
  readonly data_dir: string
  readonly port: number
  readonly #options: StackOptions
  #child: ChildProcess | undefined
  readonly #end = () => void this.#child?.kill('SIGKILL')

  private constructor(dir: string, port: number, options: StackOptions) {
    this.dir = dir
    this.data_dir = join(dir, 'data')
    this.port = port
    this.#options = options
    process.on('exit', this.#end)
  }

  static async create(options: StackOptions): Promise<Stack> {
    const dir = await mkdtemp(join(tmpdir(), 'kilat-bench-'))
    return new Stack(dir, await freePort(), options)
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

  /** Starts the process; `ready` tells when it serves. */
  spawn(): void {
    const { workers, stores, log_level = 'warn', onLine } = this.#options
    const { NATS_URL: _nats, DATABASE_URL: _database, NATS_MONITOR_URL: _monitor, ...inherited } = process.env
    const elsewhere = stores && {
      NATS_URL: stores.nats_url,
      NATS_MONITOR_URL: stores.nats_monitor_url,
      DATABASE_URL: stores.database_url,
    }
    const child = spawn(process.execPath, [program], {
      env: {
        ...inherited,
        ...elsewhere,
        PORT: String(this.port),
        STS_PORT: String(this.#options.sts_port ?? 0),
        WORKERS: String(workers),
        DATA_DIR: this.data_dir,
        TRUSTED_ADDRESSES: '127.0.0.1,::1',
        TOKEN_ISSUER: issuer,
        LOG_LEVEL: log_level,
        // Never money of this world.
        STRIPE_SECRET_KEY: '',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const log = createWriteStream(join(this.dir, 'engine.log'), { flags: 'a' })
    for (const stream of [child.stdout, child.stderr]) {
      stream.pipe(log, { end: false })
      if (onLine) eachLine(stream, onLine)
    }
    this.#child = child
  }

  /** Resolves once `/readiness` says so. Rejects when the process ends before that, or takes too long. */
  async ready(): Promise<void> {
    const until_ms = performance.now() + ready_max_ms
    while (performance.now() < until_ms) {
      if (!this.is_alive) throw new Error(`the engine ended: see ${this.dir}/engine.log`)
      if (await serves(this.port)) return
      await new Promise((resolve) => setTimeout(resolve, 20))
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
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
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

  async kill9(): Promise<void> {
    await this.#endWith('SIGKILL')
  }

  /** As Ctrl-C does it. Resolves with the exit code, or -1 when a signal ended it. */
  async drain(): Promise<number> {
    await this.#endWith('SIGTERM')
    return this.#child?.exitCode ?? -1
  }

  /** Drains it and removes its folder. */
  async stop(): Promise<void> {
    const timer = setTimeout(this.#end, stop_max_ms)
    await this.#endWith('SIGTERM')
    clearTimeout(timer)
    process.off('exit', this.#end)
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

function serves(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/readiness`, { signal: AbortSignal.timeout(1_000) }).then(
    async (response) => {
      await response.arrayBuffer()
      return response.ok
    },
    () => false,
  )
}

function eachLine(stream: NodeJS.ReadableStream, call: (line: string) => void): void {
  let rest = ''
  stream.on('data', (bytes: Buffer) => {
    const lines = (rest + bytes.toString('utf8')).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) call(line)
  })
}
