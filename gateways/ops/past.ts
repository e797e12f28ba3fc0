/** The past as a host: what was shown to the watchers of an actor is shown to them again, at the speed that is wished. */
import type { Told } from '../../engine/chronicle.ts'
import type { Env } from '../../engine/env.ts'
import type { Answer, Envelope, Near, Question, ShardHost, Shown, SignalNote } from '../../engine/host.ts'
import type { Address, Behaviour, Message } from '../../protocols/actor.ts'
import { firstPolicy } from '../../protocols/policy.ts'
import { type Rejection, reject } from '../../protocols/rejections.ts'
import { shardOf } from '../../protocols/shard.ts'

interface Life {
  state: unknown
  volatile: unknown
  frame: number
}

const over: Rejection = reject('unavailable', 'this is the past: it can be watched, and not changed')
const keyOf = ({ actor, id }: Address) => `${actor} ${id}`

export interface PastParts {
  readonly env: Env
  readonly behaviours: readonly Behaviour[]
  readonly shards: number
  /** Past milliseconds in one of ours. */
  readonly speed: number
  /** Up to here everything has happened when the first watcher comes; then the clock starts. */
  readonly from_ms: number
}

export class Past implements ShardHost {
  readonly #parts: PastParts
  readonly #behaviours: ReadonlyMap<string, Behaviour>
  readonly #lives = new Map<string, Life>()
  readonly #listeners = new Map<string, Set<(shown: Shown) => void>>()
  #started_ms: number | undefined
  #start = () => {}
  readonly #begun: Promise<void>
  #closed = false

  constructor(parts: PastParts) {
    this.#parts = parts
    this.#behaviours = new Map(parts.behaviours.map((behaviour) => [behaviour.name, behaviour]))
    this.#begun = new Promise((resolve) => {
      this.#start = resolve
    })
  }

  /** What time it is in the past. */
  now_ms(): number {
    const { env, from_ms, speed } = this.#parts
    if (this.#started_ms === undefined) return from_ms
    return Math.floor(from_ms + (env.monotonic_ms() - this.#started_ms) * speed)
  }

  /** Lets it all happen again, in the order of its times. Resolves when it is over, or after `close`. */
  async play(tale: AsyncIterable<Told>): Promise<void> {
    for await (const told of tale) {
      await this.#until(told.context.at_ms)
      if (this.#closed) return
      this.#happen(told)
    }
  }

  close(): void {
    this.#closed = true
    this.#start()
  }

  async submit(_envelope: Envelope): Promise<Answer> {
    return { ok: false, rejection: over }
  }

  async ask({ to, query, by }: Question): Promise<Answer> {
    const behaviour = this.#behaviours.get(to.actor)
    if (!behaviour) return { ok: false, rejection: over }
    const { shards } = this.#parts
    const shard = shardOf(to.id, shards)
    const life = this.#life(behaviour, to)
    const around = { command_id: '', serial: 0, shard, shards, policy: firstPolicy }
    const view = behaviour.answer(life, query, { id: to.id, by, at_ms: this.now_ms(), ...around })
    if (!view) return { ok: false, rejection: over }
    if ('rejected' in view) return { ok: false, rejection: view as Rejection }
    return { ok: true, shard, n: life.frame, view }
  }

  signal(_note: SignalNote, done: (refused?: Rejection) => void): void {
    done(over)
  }

  async near(): Promise<readonly Near[]> {
    return []
  }

  watch(of: Address, listener: (shown: Shown) => void): () => void {
    const listeners = this.#listeners.get(keyOf(of)) ?? new Set()
    this.#listeners.set(keyOf(of), listeners.add(listener))
    if (this.#started_ms === undefined) {
      this.#started_ms = this.#parts.env.monotonic_ms()
      this.#start()
    }
    return () => listeners.delete(listener)
  }

  show(): void {}

  async #until(at_ms: number): Promise<void> {
    if (at_ms <= this.#parts.from_ms) return
    await this.#begun
    const wait_ms = (at_ms - this.now_ms()) / this.#parts.speed
    if (wait_ms > 0 && !this.#closed)
      await new Promise<void>((resolve) => this.#parts.env.after(wait_ms, resolve))
  }

  #happen(told: Told): void {
    const { command, context, before, after, events, frame } = told
    const behaviour = this.#behaviours.get(command.to.actor)
    if (!behaviour) return
    const life = this.#life(behaviour, command.to)
    life.state = before.state
    this.#perceive(behaviour, life, told)
    life.state = after.state
    life.frame = frame.n
    for (const { record } of events)
      this.#tell(command.to, record.seq, { type: record.type, ...record.data }, context)
  }

  /** A trip's watchers saw its places when they came, before the log had them: by the trip's own rule they see them again. */
  #perceive(behaviour: Behaviour, life: Life, { command, context }: Told): void {
    if (command.type !== 'trip.record') return
    const signal: Message = { ...command.body, type: 'trip.moved' }
    const seen = behaviour.sense(life, signal, context)
    life.volatile = seen.volatile
    for (const message of seen.shows ?? []) this.#tell(command.to, 0, message, context)
  }

  #tell(of: Address, seq: number, message: Message, { by, at_ms }: Told['context']): void {
    for (const listener of this.#listeners.get(keyOf(of)) ?? []) listener({ of, seq, message, by, at_ms })
  }

  #life(behaviour: Behaviour, of: Address): Life {
    const known = this.#lives.get(keyOf(of))
    if (known) return known
    const life = { state: behaviour.initial, volatile: behaviour.volatile, frame: 0 }
    this.#lives.set(keyOf(of), life)
    return life
  }
}
