import type { Message, Principal } from '../protocols/actor.ts'
import { limits } from '../protocols/limits.ts'
import { type Rejection, reject } from '../protocols/rejections.ts'
import type { Activation, Work } from './activation.ts'
import type { Cancel, Env } from './env.ts'
import { workOf } from './executor.ts'

export type SignalDone = (refused?: Rejection) => void

interface Bundle {
  readonly activation: Activation
  readonly by: Principal
  readonly signals: Message[]
  readonly dones: SignalDone[]
}

/** Signals in one command at most: each holds up to `fixes_per_frame_max` points, an event up to 256. */
const signals_per_command = 2

/** Turns the signals of a linger into one command an actor, and acks each of them when that is durable. */
export class Gathering {
  readonly #env: Env
  readonly #put: (work: Work) => void
  readonly #bundles = new Map<string, Bundle>()
  #timer: Cancel | undefined

  constructor(env: Env, put: (work: Work) => void) {
    this.#env = env
    this.#put = put
  }

  get busy(): boolean {
    return this.#bundles.size > 0
  }

  get size(): number {
    return this.#bundles.size
  }

  add(activation: Activation, signal: Message, by: Principal, done: SignalDone): void {
    const bundle = this.#bundles.get(activation.key)
    if (bundle) {
      bundle.signals.push(signal)
      bundle.dones.push(done)
      if (bundle.signals.length >= signals_per_command) this.#send(bundle)
      return
    }
    if (this.#bundles.size >= limits.mailbox_shard_max)
      return done(reject('unavailable', 'too many trips report at once'))
    this.#bundles.set(activation.key, { activation, by, signals: [signal], dones: [done] })
    this.#timer ??= this.#env.after(limits.gather_linger_ms, () => this.flush())
  }

  flush(): void {
    this.#timer?.()
    this.#timer = undefined
    for (const bundle of [...this.#bundles.values()]) this.#send(bundle)
  }

  close(why: Rejection): void {
    this.#timer?.()
    const bundles = [...this.#bundles.values()]
    this.#bundles.clear()
    for (const { dones } of bundles) for (const done of dones) done(why)
  }

  #send({ activation, by, signals, dones }: Bundle): void {
    this.#bundles.delete(activation.key)
    const command = activation.behaviour.gather(signals)
    if (!command) return
    const deadline_ms = this.#env.now_ms() + limits.command_deadline_ms
    const { address: to } = activation
    const envelope = { id: this.#env.uuid(), to, command, by, deadline_ms, lane: 'command' } as const
    this.#put(
      workOf(envelope, (answer) => {
        for (const done of dones) done(answer.ok ? undefined : answer.rejection)
      }),
    )
  }
}
