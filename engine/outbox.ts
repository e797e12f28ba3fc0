import type { Address, Message, Principal } from '../protocols/actor.ts'
import type { Effect } from '../protocols/effects.ts'
import { limits } from '../protocols/limits.ts'
import type { Rejection, RejectionCode } from '../protocols/rejections.ts'
import type { Env } from './env.ts'
import type { Answer, Envelope } from './host.ts'
import type { Meters } from './meters.ts'
import type { Effects } from './ports.ts'
import type { Trace, Tracer } from './tracer.ts'

/** A command for an actor of another shard. */
export interface Step {
  readonly id: string
  /** The frame that causes it: it leaves once that is durable. */
  readonly n: number
  readonly to: Address
  readonly command: Message
  readonly by: Principal
}

/** Work for the world outside. */
export interface Errand {
  readonly id: string
  readonly n: number
  readonly effect: Effect
}

export type Pending = Step | Errand

export interface OutboxParts {
  readonly env: Env
  readonly effects: Effects
  readonly meters?: Meters | undefined
  readonly tracer?: Tracer | undefined
  readonly submit: (envelope: Envelope) => Promise<Answer>
  /** A step that was refused for good, for people to look at. */
  readonly refused: (step: Step, rejection: Rejection) => void
}

/** These say that the step did not get through, not that it was decided against. */
const passing: ReadonlySet<RejectionCode> = new Set([
  'overloaded',
  'unavailable',
  'moved',
  'deadline',
  'command.poisoned',
  'actor.quarantined',
])

const isErrand = (pending: Pending): pending is Errand => 'effect' in pending

/**
 * What a shard still owes to others: durable, since every entry follows from an event of a frame. An entry leaves once
 * its frame is acked, is tried until it is answered, and is then named as settled in one of the shard's next frames. A
 * crash in between sends it again under the same id, and the receiver knows ids.
 */
export class Outbox {
  readonly #parts: OutboxParts
  readonly #pending = new Map<string, Pending>()
  readonly #unsent = new Map<number, Pending[]>()
  /** Beside what is pending, and lost in a crash: a snapshot holds none of it. */
  readonly #traces = new Map<string, Trace>()
  readonly #queued: Errand[] = []
  #settled: string[] = []
  #errands = 0
  #resting = 0
  #closed = false

  constructor(parts: OutboxParts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#pending.size
  }

  /** What is kept besides: entries by their frame, traces, effects that wait or rest. */
  get beside(): number {
    return this.#unsent.size + this.#traces.size + this.#queued.length + this.#errands + this.#resting
  }

  /** Entries that are due when frame `n` is acked. */
  add(pending: Pending, trace?: Trace): void {
    this.#pending.set(pending.id, pending)
    if (trace !== undefined) this.#traces.set(pending.id, trace)
    const others = this.#unsent.get(pending.n)
    if (others) others.push(pending)
    else this.#unsent.set(pending.n, [pending])
  }

  /** A later frame named it as settled. */
  forget(id: string): void {
    this.#pending.delete(id)
    this.#traces.delete(id)
  }

  has(id: string): boolean {
    return this.#pending.has(id)
  }

  /** Frame `n` is durable: what it owes may leave. */
  release(n: number): void {
    const due = this.#unsent.get(n)
    this.#unsent.delete(n)
    if (due) for (const pending of due) this.#start(pending)
  }

  /** After recovery: everything that is still owed. */
  releaseAll(): void {
    this.#unsent.clear()
    for (const pending of [...this.#pending.values()]) this.#start(pending)
  }

  /** The ids that were settled since the last call, for the frame that is being sealed. */
  takeSettled(): readonly string[] {
    const settled = this.#settled
    this.#settled = []
    return settled
  }

  all(): readonly Pending[] {
    return [...this.#pending.values()]
  }

  /** Sends nothing more. */
  close(): void {
    this.#closed = true
    this.#queued.length = 0
  }

  #start(pending: Pending): void {
    if (this.#closed || !this.#pending.has(pending.id)) return
    if (isErrand(pending)) {
      this.#queued.push(pending)
      this.#nextErrand()
    } else void this.#send(pending, 1)
  }

  #settle(id: string): void {
    this.#traces.delete(id)
    if (this.#pending.delete(id)) this.#settled.push(id)
  }

  async #send(step: Step, attempt: number): Promise<void> {
    const answer = await this.#submit(step)
    if (this.#closed || !this.#pending.has(step.id)) return
    if (answer && (answer.ok || !passing.has(answer.rejection.rejected))) {
      if (!answer.ok) this.#parts.refused(step, answer.rejection)
      return this.#settle(step.id)
    }
    // A full jitter keeps the shards from answering a shared outage in step.
    const wait_ms = limits.step_resend_ms * Math.min(attempt, 8) * (0.5 + this.#parts.env.random())
    this.#parts.env.after(answer ? wait_ms / 4 : wait_ms, () => void this.#send(step, attempt + 1))
  }

  async #submit({ id, to, command, by }: Step): Promise<Answer | undefined> {
    const deadline_ms = this.#parts.env.now_ms() + limits.command_deadline_ms
    const trace = this.#traces.get(id)
    try {
      return await this.#parts.submit({ id, to, command, by, deadline_ms, lane: 'control', trace })
    } catch (cause) {
      this.#parts.env.log('warn', 'a step did not get through', { step: id, cause: String(cause) })
      return undefined
    }
  }

  #nextErrand(): void {
    // So many that failed mean that what they need is away: the others need it as well.
    while (this.#errands < limits.effects_in_flight_max && this.#resting < limits.effects_resting_max) {
      const errand = this.#queued.shift()
      if (!errand) return
      this.#errands += 1
      void this.#run(errand, 1)
    }
  }

  /** A failing errand gives its place up while it waits, so that it never holds up another one. */
  async #run(errand: Errand, attempt: number): Promise<void> {
    const watched = this.#watch(errand, attempt)
    try {
      const result = await this.#parts.effects.run(errand.effect, errand.id, attempt)
      if (result && !this.#closed) await this.#deliver(errand, result)
      this.#settle(errand.id)
      watched()
    } catch (cause) {
      watched(String(cause))
      const wait_ms = Math.min(limits.effect_retry_first_ms * 2 ** (attempt - 1), limits.effect_retry_max_ms)
      const fields = { effect: errand.effect.type, id: errand.id, attempt, cause: String(cause) }
      this.#parts.env.log('warn', 'an effect failed and will be tried again', fields)
      this.#resting += 1
      this.#parts.env.after(wait_ms * (0.5 + this.#parts.env.random()), () => {
        this.#resting -= 1
        if (this.#closed) return
        this.#errands += 1
        void this.#run(errand, attempt + 1)
      })
    } finally {
      this.#errands -= 1
      this.#nextErrand()
    }
  }

  #watch({ id, effect: { type } }: Errand, attempt: number): (failed?: string) => void {
    const trace = this.#traces.get(id)
    const span =
      trace === undefined ? undefined : this.#parts.tracer?.begin(`effect ${type}`, [trace], { attempt })
    return (failed) => {
      this.#parts.meters?.count('effects_total', 1, type, failed === undefined ? 'done' : 'failed')
      span?.end(failed)
    }
  }

  /** An errand is done when its result has been taken in. */
  async #deliver(errand: Errand, result: { to: Address; command: Message }): Promise<void> {
    const by: Principal = { id: result.to.id, role: 'service' }
    const step: Step = { id: `${errand.id}:r`, n: errand.n, by, ...result }
    const answer = await this.#submit(step)
    if (!answer || (!answer.ok && passing.has(answer.rejection.rejected)))
      throw new Error('the result of the effect was not taken in')
    if (!answer.ok) this.#parts.refused(step, answer.rejection)
  }
}
