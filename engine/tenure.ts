/** Whether a shard is surely still ours: the log takes one writer, but only an append or a look at it tells who that is. */
import { limits } from '../protocols/limits.ts'
import { overloaded, type Rejection } from '../protocols/rejections.ts'
import type { Committer } from './committer.ts'
import type { Env } from './env.ts'
import type { Journal } from './ports.ts'

export interface TenureParts {
  readonly shard: number
  readonly env: Env
  readonly journal: Journal
  readonly committer: Pick<Committer, 'tip' | 'busy'>
  /** Another writer owns the log now. */
  readonly deposed: (why: string) => void
}

/** Called once: with nothing when the shard was ours when asked, else with why it may not be used. */
type Use = (refused?: Rejection) => void

/**
 * A process that stood still, or lost its way to the log, may have been replaced meanwhile and not know it: what it
 * remembers is then of the past. So nothing is answered from memory alone unless the log was seen to be ours a moment
 * ago. A frame of ours that the log takes shows it, and a shard at rest looks.
 */
export class Tenure {
  readonly #parts: TenureParts
  #sure_ms: number
  #looked_ms: number
  #sent_ms = 0
  #looking = false
  #waiting: { readonly use: Use; readonly until_ms: number }[] = []

  constructor(parts: TenureParts) {
    this.#parts = parts
    this.#sure_ms = parts.env.monotonic_ms()
    this.#looked_ms = this.#sure_ms
    // Recovery may have taken long: another claim may have come since ours.
    void this.#look()
  }

  /** Who waits for the owner to be known. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** A frame leaves for the log. */
  sending(): void {
    this.#sent_ms = this.#parts.env.monotonic_ms()
  }

  /** The log has taken it: the shard was ours when it left. */
  acked(): void {
    this.#confirm(this.#sent_ms)
  }

  /** At once while the shard is surely ours, else when the log has been asked; within a bound. */
  whenSure(use: Use): void {
    const now_ms = this.#parts.env.monotonic_ms()
    if (now_ms - this.#sure_ms <= limits.tenure_ms) return use()
    if (this.#waiting.length >= limits.mailbox_shard_max) return use(full)
    this.#waiting.push({ use, until_ms: now_ms + limits.tenure_wait_ms })
    void this.#look()
  }

  /** Looks when it is time, and sends those away who have waited for too long. */
  beat(): void {
    const now_ms = this.#parts.env.monotonic_ms()
    if (now_ms - Math.max(this.#sure_ms, this.#looked_ms) >= limits.tenure_look_ms) void this.#look()
    if ((this.#waiting[0]?.until_ms ?? now_ms) >= now_ms) return
    const late = this.#waiting.filter(({ until_ms }) => until_ms < now_ms)
    this.#waiting = this.#waiting.filter(({ until_ms }) => until_ms >= now_ms)
    for (const { use } of late) use(unsure)
  }

  /** The shard is not ours any more, or closes. */
  end(why: Rejection): void {
    for (const { use } of this.#waiting.splice(0)) use(why)
  }

  async #look(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    const { shard, env, journal, committer, deposed } = this.#parts
    const asked_ms = env.monotonic_ms()
    this.#looked_ms = asked_ms
    try {
      const last_seq = (await journal.last(shard))?.seq ?? 0
      // A frame that is on its way may or may not be in what was read: its own outcome tells.
      if (last_seq === committer.tip.seq) this.#confirm(asked_ms)
      else if (!committer.busy && last_seq > committer.tip.seq)
        deposed(`the log of shard ${shard} goes on at ${last_seq}`)
    } catch (cause) {
      env.log('debug', 'the owner of a shard cannot be told yet', { shard, cause: String(cause) })
    } finally {
      this.#looking = false
    }
  }

  #confirm(at_ms: number): void {
    this.#sure_ms = Math.max(this.#sure_ms, at_ms)
    // An answer that was long under way says too little: the next beat looks again.
    if (this.#parts.env.monotonic_ms() - this.#sure_ms > limits.tenure_ms) return
    for (const { use } of this.#waiting.splice(0)) use()
  }
}

const full = overloaded('too many wait for the owner of the shard to be known', limits.tenure_retry_ms)
const unsure: Rejection = {
  rejected: 'unavailable',
  detail: 'whether the shard has another owner cannot be told at the moment',
  retry_after_ms: limits.tenure_retry_ms,
}
