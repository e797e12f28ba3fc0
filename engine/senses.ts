/** How a shard's actors perceive and are asked: nothing here makes an event. */
import type { Context, Message, Perception, Principal } from '../protocols/actor.ts'
import type { Policy } from '../protocols/policy.ts'
import { mayPass, type Rejection, reject } from '../protocols/rejections.ts'
import type { Activation } from './activation.ts'
import { digest_query, digestOf } from './digest.ts'
import type { Env } from './env.ts'
import type { Gathering, SignalDone } from './gathering.ts'
import type { SignalNote } from './host.ts'
import type { Drivers } from './ports.ts'
import type { Residents } from './residents.ts'
import type { ShardClock } from './shard_clock.ts'
import type { Watchers } from './watchers.ts'

export interface SensesParts {
  readonly shard: number
  readonly shards: number
  readonly env: Env
  readonly clock: ShardClock
  readonly policy: () => Policy
  readonly drivers: Drivers
  readonly residents: Residents
  readonly watchers: Watchers
  readonly gathering: Gathering
  readonly signal: (note: SignalNote, done: SignalDone) => void
}

export class Senses {
  readonly #parts: SensesParts

  constructor(parts: SensesParts) {
    this.#parts = parts
  }

  /** Lets the actor perceive a signal: `done` is called when its content is as safe as it will be. */
  take(activation: Activation, { signal, by }: SignalNote, done: SignalDone): void {
    const perceived = this.#perceive(activation, signal, by)
    if (!perceived) return done(reject('command.poisoned', `${signal.type} failed`))
    activation.volatile = perceived.volatile
    activation.seen_ms = this.#parts.clock.now_ms()
    this.#parts.residents.placed(activation)
    this.#report(activation, perceived)
    this.#show(activation, perceived, by)
    this.#parts.residents.dropUnborn(activation)
    if (perceived.refused) return done(perceived.refused)
    const finished = this.#relay(perceived, by, done)
    if (perceived.skip || !activation.behaviour.gathers(signal)) return finished?.()
    this.#parts.gathering.add(activation, signal, by, finished ?? done)
  }

  /** The answer of the actor's row, or a refusal. A digest is asked of any actor, by admins alone. */
  answer(activation: Activation, query: Message, by: Principal): object {
    if (query.type === digest_query) return digestOf(activation, by)
    const context = this.#contextOf(activation, by)
    try {
      return activation.behaviour.answer(activation, query, context) ?? {}
    } catch (cause) {
      this.#failed(query, cause)
      return reject('command.poisoned', `${query.type} failed`)
    }
  }

  #perceive(activation: Activation, signal: Message, by: Principal): Perception<unknown> | undefined {
    try {
      return activation.behaviour.sense(activation, signal, this.#contextOf(activation, by))
    } catch (cause) {
      this.#failed(signal, cause)
      return undefined
    }
  }

  #failed(message: Message, cause: unknown): void {
    const why = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
    this.#parts.env.log('error', `${message.type} threw`, { cause: why })
  }

  #contextOf(activation: Activation, by: Principal): Context {
    const { clock, policy, shard, shards } = this.#parts
    const at_ms = clock.now_ms()
    return {
      id: activation.address.id,
      by,
      at_ms,
      policy: policy(),
      command_id: '',
      serial: 0,
      shard,
      shards,
    }
  }

  #report(activation: Activation, { reports }: Perception<unknown>): void {
    if (!reports) return
    const at_ms = activation.seen_ms
    for (const { type, key, data } of reports)
      this.#parts.drivers.topics.report({ from: activation.address, type, key, at_ms, data })
  }

  #show(activation: Activation, { shows }: Perception<unknown>, by: Principal): void {
    if (!shows || !this.#parts.watchers.has(activation.key)) return
    const { address: of, seen_ms: at_ms } = activation
    for (const message of shows) this.#parts.watchers.show({ of, seq: 0, message, by, at_ms })
  }

  /** Passes on what is for others; the result is called for the actor's own part and waits for all of theirs. */
  #relay({ relays }: Perception<unknown>, by: Principal, done: SignalDone): SignalDone | undefined {
    if (!relays || relays.length === 0) return done
    let open = relays.length + 1
    let first: Rejection | undefined
    const one: SignalDone = (refused) => {
      // Sent again it reaches all of them: those who have it drop what comes twice.
      if (refused && (!first || (mayPass(refused) && !mayPass(first)))) first = refused
      open -= 1
      if (open === 0) done(first)
    }
    for (const { to, signal } of relays) this.#parts.signal({ to, signal, by }, one)
    return one
  }
}
