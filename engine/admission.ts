/** Whether a shard takes a command, and what becomes of those who wait while its log is silent. */
import { limits } from '../protocols/limits.ts'
import { overloaded, type Rejection } from '../protocols/rejections.ts'
import type { Activation, Work } from './activation.ts'
import type { Committer } from './committer.ts'
import type { Env } from './env.ts'
import { refuse } from './executor.ts'
import type { Gate } from './gate.ts'
import type { Mailbox } from './mailbox.ts'
import type { Outbox } from './outbox.ts'
import type { Residents } from './residents.ts'
import type { Snapshotter } from './snapshotter.ts'

export interface AdmissionParts {
  readonly env: Env
  readonly committer: Pick<Committer, 'silent_ms'>
  readonly mailbox: Pick<Mailbox, 'takeLate'>
  readonly gate: Pick<Gate, 'lose'>
  readonly outbox: Pick<Outbox, 'size'>
  readonly residents: Pick<Residents, 'crowded'>
  readonly snapshotter: Pick<Snapshotter, 'failing'>
  /** The log began to be silent, or answers again. */
  readonly silent: (is_silent: boolean) => void
}

const sweep_ms = 1_000

/**
 * A log that does not take a frame for `limits.log_patience_ms` is silent: commands are refused at once, and who waits
 * is told at his deadline. Actors that cannot be saved, and debts that nobody takes, are bounded as well.
 */
export class Admission {
  readonly #parts: AdmissionParts
  #is_silent = false
  #swept_ms = 0

  constructor(parts: AdmissionParts) {
    this.#parts = parts
  }

  /** Why no command is taken at all: the log is silent. */
  get silence(): Rejection | undefined {
    return this.#parts.committer.silent_ms > limits.log_patience_ms ? silent : undefined
  }

  /** Why the shard does not take this. Steps and timers are always taken: they finish what was begun. */
  refusal(activation: Activation, { envelope }: Work): Rejection | undefined {
    if (envelope.lane === 'control') return undefined
    const { outbox, residents, snapshotter } = this.#parts
    if (this.silence) return this.silence
    if (outbox.size >= limits.outbox_pending_max)
      return overloaded(`${outbox.size} effects of the shard are not carried out yet`, limits.silent_retry_ms)
    if (activation.seq === 0 && snapshotter.failing && residents.crowded)
      return overloaded(
        'the shard holds as many records as it can, and none can be saved',
        limits.silent_retry_ms,
      )
    return undefined
  }

  /** From time to time. */
  look(): void {
    const { env, committer } = this.#parts
    const silent_ms = committer.silent_ms
    const is_silent = silent_ms > limits.log_patience_ms
    if (is_silent !== this.#is_silent) {
      this.#is_silent = is_silent
      this.#parts.silent(is_silent)
    }
    if (!is_silent || env.monotonic_ms() - this.#swept_ms < sweep_ms) return
    this.#swept_ms = env.monotonic_ms()
    this.#sweep(silent_ms)
  }

  /** Nothing that is told here is a fact: what was begun may still become durable, and its repeat is then answered. */
  #sweep(silent_ms: number): void {
    const { env, mailbox, gate } = this.#parts
    for (const work of mailbox.takeLate(env.now_ms())) refuse(work, late('it was not begun in time'))
    if (silent_ms >= limits.command_deadline_ms)
      gate.lose(late('it was taken in, and the log does not answer'))
  }
}

const silent: Rejection = {
  rejected: 'unavailable',
  detail: 'the log does not answer at the moment',
  retry_after_ms: limits.silent_retry_ms,
}
const late = (detail: string): Rejection => ({
  rejected: 'deadline',
  detail,
  retry_after_ms: limits.silent_retry_ms,
})
