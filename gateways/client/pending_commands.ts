// Commands that wait for their answer. Each keeps its id, so that sending it again is harmless.
import type { Cancel } from '../../engine/env.ts'
import { limits } from '../../protocols/limits.ts'
import type { Problem, SocketCommand } from '../../protocols/socket.ts'
import type { ClientEnv } from './link.ts'

/** The server said no. `problem` says how. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly problem: Problem
  constructor(problem: Problem) {
    super(`${problem.code}: ${problem.detail || problem.title}`)
    this.problem = problem
  }
}

/** Nobody can tell what became of the command: the client was closed, or gave up. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered'
}

interface Pending {
  readonly id: string
  readonly command: SocketCommand
  readonly resolve: (view: object) => void
  readonly reject: (error: Error) => void
  tries: number
  cancel: Cancel
}

export class PendingCommands {
  readonly #pending = new Map<string, Pending>()
  readonly #env: ClientEnv
  readonly #send: (id: string, command: SocketCommand) => void

  constructor(env: ClientEnv, send: (id: string, command: SocketCommand) => void) {
    this.#env = env
    this.#send = send
  }

  get size(): number {
    return this.#pending.size
  }

  /** Resolves with the actor's view. Rejects with `Refused`, or `Unanswered` when too many wait already. */
  add(id: string, command: SocketCommand): Promise<object> {
    if (this.#pending.size >= limits.client_commands_max)
      return Promise.reject(new Unanswered(`${this.#pending.size} commands wait already`))
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { id, command, resolve, reject, tries: 0, cancel: () => {} })
      this.#send(id, command)
    })
  }

  resendAll(): void {
    for (const { id, command } of this.#pending.values()) this.#send(id, command)
  }

  result(id: string, view: object): void {
    this.#take(id)?.resolve(view)
  }

  /** A refusal that may pass is tried again, with the same id, a bounded number of times. */
  rejected(id: string, problem: Problem): void {
    const pending = this.#pending.get(id)
    if (!pending) return
    if (problem.retry_after_ms === undefined || pending.tries >= limits.client_retries_max) {
      this.#take(id)?.reject(new Refused(problem))
      return
    }
    pending.tries += 1
    pending.cancel()
    pending.cancel = this.#env.after(problem.retry_after_ms * (1 + this.#env.random()), () =>
      this.#send(pending.id, pending.command),
    )
  }

  abandon(why: string): void {
    for (const id of [...this.#pending.keys()]) this.#take(id)?.reject(new Unanswered(why))
  }

  #take(id: string): Pending | undefined {
    const pending = this.#pending.get(id)
    pending?.cancel()
    this.#pending.delete(id)
    return pending
  }
}
