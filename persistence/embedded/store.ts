// One embedded store under the watcher: started, watched, started again when it dies, ended in order.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { limits } from '../../protocols/limits.ts'
import type { DataLock } from './data_lock.ts'
import { identityOf } from './identity.ts'

export type StoreState = 'starting' | 'up' | 'down'

/** How to run one kind of store. */
export interface Program {
  readonly name: 'nats' | 'database'
  /** The process must open nothing before it reads a line from its input, and must end when that input ends. */
  launch(): Promise<ChildProcess>
  /** Resolves once it answers; rejects when it does not. */
  ready(child: ChildProcess): Promise<void>
  /** Asks it to close its store and to end. */
  end(child: ChildProcess): void
  /** It runs, but would do better if it were started anew. Asked from time to time; absent: never so. */
  isStale?(): Promise<boolean>
}

export class Store {
  readonly #program: Program
  readonly #lock: DataLock
  readonly #onChange: () => void
  #child: ChildProcess | undefined
  #done: Promise<void> = Promise.resolve()
  #stopping = new AbortController()
  state: StoreState = 'starting'

  constructor(program: Program, lock: DataLock, onChange: () => void) {
    this.#program = program
    this.#lock = lock
    this.#onChange = onChange
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Resolves once the store is up for the first time; rejects after a few starts in vain. From then on it is kept up. */
  async start(): Promise<void> {
    for (let tries = 1; ; tries++) {
      const life = await this.#live()
      if (life.up) {
        this.#done = this.#keep(life.ended)
        return
      }
      if (this.#stopping.signal.aborted) throw new Error(`${this.#program.name} was stopped`)
      if (tries === limits.store_start_tries_max) {
        throw new Error(`the embedded ${this.#program.name} does not start: see the logs in the data folder`)
      }
      await this.#pause(limits.store_restart_first_ms)
    }
  }

  /** Resolves once its process is gone. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    const child = this.#child
    if (child !== undefined) {
      const late = setTimeout(() => child.kill('SIGKILL'), limits.store_stop_ms)
      this.#program.end(child)
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      clearTimeout(late)
    }
    await this.#done
  }

  async #keep(first: Promise<void>): Promise<void> {
    let ended = first
    for (let delay: number = limits.store_restart_first_ms; ; ) {
      const began = performance.now()
      const looking = new AbortController()
      void this.#look(looking.signal)
      await ended
      looking.abort()
      if (performance.now() - began > limits.store_restart_max_ms) delay = limits.store_restart_first_ms
      await this.#pause(delay)
      if (this.#stopping.signal.aborted) return
      delay = Math.min(delay * 2, limits.store_restart_max_ms)
      ended = (await this.#live()).ended
    }
  }

  /** Ends the process once it is stale; it is started again as any that died. */
  async #look(gone: AbortSignal): Promise<void> {
    const { isStale } = this.#program
    if (!isStale) return
    const over = AbortSignal.any([gone, this.#stopping.signal])
    for (;;) {
      await wait(limits.store_look_ms, undefined, { signal: over }).catch(() => {})
      if (over.aborted) return
      if (this.state === 'up' && (await isStale())) break
    }
    const child = this.#child
    if (over.aborted || child === undefined) return
    process.stdout.write(`${this.#program.name} is started anew\n`)
    this.#program.end(child)
    await wait(limits.store_stop_ms, undefined, { signal: gone }).catch(() => {})
    if (!gone.aborted) child.kill('SIGKILL')
  }

  /** From the launch to the first answer, or to the end of a process that gives none. */
  async #live(): Promise<{ up: boolean; ended: Promise<void> }> {
    this.#set('starting')
    const child = await this.#program.launch()
    const ended = once(child, 'exit').then(
      () => this.#gone(child),
      () => this.#gone(child),
    )
    const identity = child.pid === undefined ? undefined : identityOf(child.pid)
    this.#child = child
    if (identity !== undefined) this.#lock.record(this.#program.name, identity)
    child.stdin?.on('error', () => {})
    // Whoever stopped us meanwhile did not see this child.
    if (this.#stopping.signal.aborted || identity === undefined) child.kill('SIGKILL')
    else child.stdin?.write('go\n')
    const up = await Promise.race([
      this.#program.ready(child).then(
        () => true,
        () => false,
      ),
      ended.then(() => false),
    ])
    if (up) this.#set('up')
    else {
      child.kill('SIGKILL')
      await ended
    }
    return { up, ended }
  }

  #gone(child: ChildProcess): void {
    // Ends the one that waits for the end of the same input.
    child.stdin?.destroy()
    this.#child = undefined
    this.#lock.record(this.#program.name, undefined)
    this.#set('down')
  }

  #set(state: StoreState): void {
    if (this.state === state) return
    this.state = state
    this.#onChange()
  }

  async #pause(ms: number): Promise<void> {
    await wait(ms, undefined, { signal: this.#stopping.signal }).catch(() => {})
  }
}
