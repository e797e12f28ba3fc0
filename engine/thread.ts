/** The engine of one worker thread: its shards, what is derived from them, and the way to all other shards. */
import type { Address, Behaviour, Message } from '../protocols/actor.ts'
import { limits } from '../protocols/limits.ts'
import type { Policy } from '../protocols/policy.ts'
import { overloaded, type Rejection } from '../protocols/rejections.ts'
import { shardOf } from '../protocols/shard.ts'
import type { Board } from './board.ts'
import type { Env } from './env.ts'
import { Follower } from './followers.ts'
import { Grid } from './grid.ts'
import type { Answer, Envelope, Near, NearQuery, Question, ShardHost, SignalNote } from './host.ts'
import { LoopDelay } from './loop_delay.ts'
import type { EngineGauges, Meters } from './meters.ts'
import { openShard } from './open_shard.ts'
import type { Drivers } from './ports.ts'
import { candidatesOf, ordered } from './ranking.ts'
import type { Shard } from './shard.ts'
import type { Tracer } from './tracer.ts'
import { type Listener, Watchers } from './watchers.ts'

/** The shards of another thread. */
export interface Neighbour extends ShardHost {
  /** The nearest of that thread's own actors only. */
  near(query: NearQuery): Promise<readonly Near[]>
}

export interface ThreadParts {
  readonly thread: number
  readonly threads: number
  readonly shards: number
  readonly env: Env
  readonly drivers: Drivers
  readonly behaviours: readonly Behaviour[]
  readonly board: Board
  readonly meters?: Meters | undefined
  readonly tracer?: Tracer | undefined
  readonly resident_max: number
  readonly policy: () => Policy
  readonly policyAt: (version: number) => Policy
}

/** Which thread owns a shard. */
export const threadOf = (shard: number, threads: number): number => shard % threads

const starting: Rejection = {
  rejected: 'unavailable',
  detail: 'the shard is being recovered',
  retry_after_ms: 1_000,
}
const recover_retry_first_ms = 200
/** With the longest that a lost request takes, a shard has its owner within ten seconds of the last trouble. */
const recover_retry_max_ms = 2_000
const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)

export class Thread implements ShardHost {
  readonly #parts: ThreadParts
  readonly #behaviours: ReadonlyMap<string, Behaviour>
  readonly #grids: ReadonlyMap<string, Grid>
  readonly #watchers = new Watchers()
  readonly #shards = new Map<number, Shard>()
  readonly #neighbours = new Map<number, Neighbour>()
  readonly #projector: Follower
  readonly #publisher: Follower
  readonly #loop: LoopDelay
  #stopping = false

  constructor(parts: ThreadParts) {
    this.#parts = parts
    this.#behaviours = new Map(parts.behaviours.map((behaviour) => [behaviour.name, behaviour]))
    this.#grids = new Map(
      parts.behaviours.filter(({ places }) => places).map(({ name }) => [name, new Grid()]),
    )
    const { env, drivers, board } = parts
    this.#loop = new LoopDelay(env)
    this.#projector = new Follower({
      name: 'the projection',
      env,
      begin: (shard) => drivers.projections.watermark(shard),
      work: (frames) => drivers.projections.project(frames),
      reached: (shard, { n }) => board.projected(shard, n),
    })
    this.#publisher = new Follower({
      name: 'the publishing of topics',
      env,
      begin: async (shard) => this.#shards.get(shard)?.published ?? { n: 0, seq: 0 },
      work: (frames) => drivers.topics.publish(frames),
      reached: (shard, position) => {
        const owned = this.#shards.get(shard)
        if (owned) owned.published = position
      },
    })
  }

  /** How another thread's shards are reached. */
  meet(thread: number, neighbour: Neighbour): void {
    this.#neighbours.set(thread, neighbour)
  }

  /**
   * Recovers every shard of this thread, a few at once: the first ones serve while the others are still being read. A
   * store that does not answer is asked again until it does, which holds up no other shard.
   */
  async open(): Promise<void> {
    const mine = Array.from({ length: this.#parts.shards }, (_, shard) => shard).filter((shard) =>
      this.#isMine(shard),
    )
    const coming = mine.values()
    const late: Promise<void>[] = []
    const lane = async () => {
      for (const shard of coming)
        if (!this.#stopping && !(await this.#tryOpen(shard))) late.push(this.#openLater(shard))
    }
    await Promise.all(Array.from({ length: limits.shards_recovered_at_once }, lane))
    // What the lists and the topics still lack is read from the log: later than the commands of those who wait.
    await Promise.all(this.owned.map((shard) => this.#followBoth(shard)))
    await Promise.all(late)
  }

  get owned(): readonly Shard[] {
    return [...this.#shards.values()]
  }

  /** Actors that somebody of this thread or another one watches here. */
  get watched(): number {
    return this.#watchers.size
  }

  /** Durable frames that are not in the lists, or not on the topics. */
  get lag(): { readonly projections: number; readonly topics: number } {
    return { projections: this.#projector.lag, topics: this.#publisher.lag }
  }

  /** What the thread's shards hold now, and how late it is. */
  get gauges(): EngineGauges {
    const waiting = this.owned.map((shard) => shard.waiting)
    return {
      mailbox_depth: sum(waiting.map(({ mailbox }) => mailbox)),
      gate_waiting: sum(waiting.map(({ gate }) => gate)),
      outbox_pending: sum(waiting.map(({ outbox }) => outbox)),
      resident_actors: sum(this.owned.map(({ residents }) => residents.size)),
      projection_lag_frames: this.#projector.lag,
      topic_lag_frames: this.#publisher.lag,
      event_loop_delay_seconds: this.#loop.late_ms / 1_000,
    }
  }

  /** Finishes what was accepted, saves it and ends. */
  async drain(): Promise<void> {
    this.#stopping = true
    await Promise.all(this.owned.map((shard) => shard.drain()))
    await Promise.all([this.#publisher, this.#projector].map((each) => each.close(limits.append_timeout_ms)))
    await Promise.all(this.owned.map((shard) => shard.close()))
    this.#loop.close()
  }

  async #tryOpen(shard: number): Promise<boolean> {
    const { env, board, thread } = this.#parts
    board.shardIs(shard, 'starting')
    try {
      await this.#claim(shard)
      board.shardIs(shard, 'ready')
      return true
    } catch (cause) {
      if (!this.#stopping)
        env.log('error', `shard ${shard} could not be recovered yet`, { thread, cause: String(cause) })
      return false
    }
  }

  async #openLater(shard: number): Promise<void> {
    let wait_ms = recover_retry_first_ms
    do {
      await new Promise<void>((resolve) => this.#parts.env.after(wait_ms, resolve))
      wait_ms = Math.min(2 * wait_ms, recover_retry_max_ms)
    } while (!this.#stopping && !(await this.#tryOpen(shard)))
    const owned = this.#shards.get(shard)
    if (owned) await this.#followBoth(owned)
  }

  async #claim(shard: number): Promise<void> {
    const { env, board } = this.#parts
    const { shard: owned, replayed } = await openShard({
      ...this.#parts,
      shard,
      behaviours: this.#behaviours,
      grids: this.#grids,
      watchers: this.#watchers,
      submit: (envelope) => this.submit(envelope),
      signal: (note, done) => this.signal(note, done),
      durable: () => {
        this.#projector.wake()
        this.#publisher.wake()
      },
      deposed: () => board.shardIs(shard, 'moved'),
      silent: (is_silent) => board.shardIs(shard, is_silent ? 'failed' : 'ready'),
    })
    this.#shards.set(shard, owned)
    board.recovered(shard, owned.durable_n)
    env.log('debug', `shard ${shard} takes commands`, { replayed })
  }

  /** A database that is away must not keep a recovered shard from serving: its lists follow when it is back. */
  async #followBoth(shard: Shard): Promise<void> {
    for (const follower of [this.#projector, this.#publisher]) await this.#follow(follower, shard)
  }

  async #follow(follower: Follower, shard: Shard): Promise<void> {
    try {
      await follower.follow(shard.tail)
    } catch (cause) {
      this.#parts.env.log('warn', 'a shard cannot be followed yet', {
        shard: shard.index,
        cause: String(cause),
      })
      this.#parts.env.after(recover_retry_max_ms, () => {
        if (!this.#stopping) void this.#follow(follower, shard)
      })
    }
  }

  submit(envelope: Envelope): Promise<Answer> {
    const place = this.#placeOf(envelope.to)
    if (place.neighbour) return place.neighbour.submit(envelope)
    return new Promise((resolve) => this.#take(place.shard, envelope, resolve))
  }

  #take(shard: Shard | undefined, envelope: Envelope, resolve: (answer: Answer) => void): void {
    const { meters, tracer } = this.#parts
    const { type } = envelope.command
    const span =
      envelope.trace === undefined
        ? undefined
        : tracer?.begin(`command ${type}`, [envelope.trace], { command_id: envelope.id })
    const reply = (answer: Answer) => {
      meters?.count('commands_total', 1, type, answer.ok ? 'done' : answer.rejection.rejected)
      span?.end(answer.ok ? undefined : answer.rejection.rejected)
      resolve(answer)
    }
    const late = envelope.lane === 'command' && this.#late(limits.loop_late_commands_ms)
    if (!shard) reply({ ok: false, rejection: starting })
    else if (late) reply({ ok: false, rejection: late })
    else shard.submit(span ? { ...envelope, trace: span.trace } : envelope, reply)
  }

  ask(question: Question): Promise<Answer> {
    const place = this.#placeOf(question.to)
    if (place.neighbour) return place.neighbour.ask(question)
    const { shard } = place
    if (!shard) return Promise.resolve({ ok: false, rejection: starting })
    return new Promise((resolve) => shard.ask(question, resolve))
  }

  signal(note: SignalNote, done: (refused?: Rejection) => void): void {
    const place = this.#placeOf(note.to)
    if (place.neighbour) return place.neighbour.signal(note, done)
    if (!place.shard) return done(starting)
    const late = this.#late(limits.loop_late_signals_ms)
    if (late) return done(late)
    place.shard.signal(note, done)
  }

  async near(query: NearQuery): Promise<readonly Near[]> {
    const wide = candidatesOf(query)
    const others = [...this.#neighbours.values()].map((neighbour) => neighbour.near(wide))
    return ordered([this.nearHere(wide), ...(await Promise.all(others))].flat(), query)
  }

  /** The nearest actors of this thread's own shards. */
  nearHere(query: NearQuery): readonly Near[] {
    const { kind, latitude, longitude, radius_km, limit, bits, criteria } = query
    const grid = this.#grids.get(kind)
    if (!grid) return []
    const accept = (id: string) => this.#matches(kind, id, criteria)
    return grid.near(latitude, longitude, radius_km, limit, bits, accept).flatMap(({ id, distance_km }) => {
      const shard = this.#shards.get(shardOf(id, this.#parts.shards))
      const activation = shard?.look(kind, id)
      if (!shard || !activation) return []
      const { behaviour } = activation
      const view = behaviour.view(activation, id)
      const near = { id, distance_km, age_ms: Math.max(0, shard.now_ms() - activation.seen_ms), view }
      const context = { id, at_ms: shard.now_ms(), policy: this.#parts.policy() }
      const search = { distance_km, criteria: criteria ?? {} }
      const rank = query.ranked && behaviour.rank(activation, search, context)
      return [rank ? { ...near, rank } : near]
    })
  }

  watch(of: Address, listener: Listener): () => void {
    const { neighbour } = this.#placeOf(of)
    if (neighbour) return neighbour.watch(of, listener)
    if (!this.#watchers.add(of, listener)) throw new Error(`${of.actor} ${of.id} has too many watchers`)
    return () => this.#watchers.remove(of, listener)
  }

  show(of: Address, message: Message): void {
    const { neighbour } = this.#placeOf(of)
    if (neighbour) return neighbour.show(of, message)
    const by = { id: of.id, role: 'service' } as const
    this.#watchers.show({ of, seq: 0, message, by, at_ms: this.#parts.env.now_ms() })
  }

  /** The loop is too late to take more on: those who come later than this only make it later. */
  #late(max_ms: number): Rejection | undefined {
    const late_ms = Math.round(this.#loop.late_ms)
    return late_ms > max_ms ? overloaded(`the loop is ${late_ms} ms late`, 2 * late_ms) : undefined
  }

  #matches(kind: string, id: string, criteria: object | undefined): boolean {
    const shard = this.#shards.get(shardOf(id, this.#parts.shards))
    const activation = shard?.look(kind, id)
    if (!shard || !activation || activation.quarantined) return false
    if (!criteria) return true
    const context = { id, at_ms: shard.now_ms(), policy: this.#parts.policy() }
    return activation.behaviour.match(activation, criteria, context)
  }

  #isMine(shard: number): boolean {
    return threadOf(shard, this.#parts.threads) === this.#parts.thread
  }

  #placeOf({ id }: Address): {
    readonly shard?: Shard | undefined
    readonly neighbour?: Neighbour | undefined
  } {
    const shard = shardOf(id, this.#parts.shards)
    if (this.#isMine(shard)) return { shard: this.#shards.get(shard) }
    const neighbour = this.#neighbours.get(threadOf(shard, this.#parts.threads))
    if (!neighbour) throw new Error(`nobody knows the thread of shard ${shard}`)
    return { neighbour }
  }
}
