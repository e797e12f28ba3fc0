import type { Principal } from '../protocols/actor.ts'
import type { Frame } from '../protocols/frame.ts'
import { limits } from '../protocols/limits.ts'
import { overloaded, type Rejection, reject } from '../protocols/rejections.ts'
import type { Activation, Work } from './activation.ts'
import { Admission } from './admission.ts'
import { Committer, type Tip } from './committer.ts'
import type { Core, ShardParts } from './core.ts'
import { dropFalse } from './cuts.ts'
import type { Cancel } from './env.ts'
import { Executor, refuse, workOf } from './executor.ts'
import { FrameWatch } from './frame_watch.ts'
import { Gate } from './gate.ts'
import { Gathering } from './gathering.ts'
import { type Holdings, holdingsOf } from './holdings.ts'
import type { Answer, Envelope, Question, SignalNote } from './host.ts'
import type { Keys } from './keys.ts'
import { Mailbox } from './mailbox.ts'
import type { Outbox } from './outbox.ts'
import type { Residents } from './residents.ts'
import { Senses } from './senses.ts'
import { ShardClock } from './shard_clock.ts'
import type { Position } from './shard_row.ts'
import { Snapshotter } from './snapshotter.ts'
import { Tail } from './tail.ts'
import { Tenure } from './tenure.ts'
import type { Timer, Timers } from './timers.ts'
import { Waking } from './waking.ts'

export type ShardStatus = 'recovering' | 'open' | 'draining' | 'closing' | 'deposed' | 'closed'

/** Work between two looks at the clock. */
const works_per_look = 16

/**
 * The unit of ownership: one writer of one log. It takes commands in, carries them out in turns, and lets answers out
 * when the log has them. Made by `openShard`; after `deposed` or `closed` it is done for.
 */
export class Shard {
  readonly index: number
  readonly tail: Tail
  /** How far the public topics are; whoever publishes moves it on. */
  published: Position
  #status: ShardStatus = 'open'
  readonly #parts: ShardParts
  readonly #residents: Residents
  readonly #timers: Timers
  readonly #keys: Keys
  readonly #outbox: Outbox
  readonly #gate: Gate
  readonly #clock: ShardClock
  readonly #executor: Executor
  readonly #committer: Committer
  readonly #tenure: Tenure
  readonly #snapshotter: Snapshotter
  readonly #watch: FrameWatch
  readonly #senses: Senses
  readonly #gathering: Gathering
  readonly #mailbox = new Mailbox()
  readonly #waking: Waking
  readonly #admission: Admission
  readonly #holdings: () => Holdings
  #scheduled = false
  #executing = false
  #tick: Cancel = () => {}

  constructor(parts: ShardParts, core: Core, tip: Tip, published: Position, at_ms: number) {
    this.#parts = parts
    this.index = parts.shard
    this.published = published
    this.#residents = core.residents
    this.#timers = core.timers
    this.#keys = core.keys
    this.#outbox = core.outbox
    this.#gate = new Gate(tip.n)
    this.#watch = new FrameWatch(parts)
    this.#clock = new ShardClock(parts.env, at_ms)
    this.tail = new Tail(parts.shard, parts.drivers.journal, { n: tip.n, seq: tip.seq })
    const dead = (letter: object) => core.dead(letter)
    this.#executor = new Executor(
      { ...parts, ...core, gate: this.#gate, clock: this.#clock, dead },
      tip.n + 1,
    )
    core.quarantine = (activation, why) => this.#executor.quarantine(activation, why)
    this.#committer = new Committer(
      {
        shard: parts.shard,
        env: parts.env,
        journal: parts.drivers.journal,
        acked: (frame, newest) => this.#acked(frame, newest),
        deposed: (why) => this.#end('deposed', moved(why)),
      },
      tip,
    )
    this.#tenure = new Tenure({
      shard: parts.shard,
      env: parts.env,
      journal: parts.drivers.journal,
      committer: this.#committer,
      deposed: (why) => this.#end('deposed', moved(why)),
    })
    this.#snapshotter = new Snapshotter({
      shard: parts.shard,
      env: parts.env,
      snapshots: parts.drivers.snapshots,
      residents: core.residents,
      position: ({ address }) => parts.grids.get(address.actor)?.position(address.id),
      saved: () => this.#residents.passivate(({ key }) => parts.watchers.has(key)),
      refused: () => dropFalse({ ...parts, ...parts.drivers }, this.#committer.tip.writer),
    })
    this.#gathering = new Gathering(parts.env, (work) => this.#put(work))
    this.#senses = new Senses({
      ...parts,
      clock: this.#clock,
      residents: core.residents,
      gathering: this.#gathering,
    })
    const { env, silent } = parts
    this.#waking = new Waking({ env, residents: core.residents, durable_n: () => this.durable_n })
    const snapshotter = this.#snapshotter
    const held = { committer: this.#committer, mailbox: this.#mailbox, gate: this.#gate, snapshotter }
    this.#admission = new Admission({ env, silent, ...core, ...held })
    const [tail, executor, gathering] = [this.tail, this.#executor, this.#gathering]
    const places = { ...core, ...held, tail, executor, gathering, waking: this.#waking, tenure: this.#tenure }
    this.#holdings = () => holdingsOf(places)
    this.#outbox.releaseAll()
    this.#heartbeat()
  }

  get status(): ShardStatus {
    return this.#status
  }

  /** Frames and commands that are not durable yet. */
  get busy(): boolean {
    const filling = !this.#executor.filling.empty
    return filling || this.#committer.busy || this.#mailbox.depth > 0 || this.#gathering.busy
  }

  get waiting(): Holdings {
    return this.#holdings()
  }

  get residents(): Residents {
    return this.#residents
  }

  get durable_n(): number {
    return this.#gate.durable_n
  }

  /** Takes a command in, or refuses at once; `reply` is called exactly once. */
  submit(envelope: Envelope, reply: (answer: Answer) => void): void {
    const is_control = envelope.lane === 'control'
    const closed = this.#closed(is_control) ?? (is_control ? undefined : this.#admission.silence)
    if (closed) return reply({ ok: false, rejection: closed })
    // A step leaves a record, which the log refuses to a former owner; others may be answered from memory.
    if (is_control) return this.#put(workOf(envelope, reply))
    this.#tenure.whenSure((refused) => {
      if (refused) reply({ ok: false, rejection: refused })
      else this.#put(workOf(envelope, reply))
    })
  }

  /** Answers from the durable state. */
  ask(question: Question, reply: (answer: Answer) => void): void {
    const closed = this.#closed(false)
    if (closed) return reply({ ok: false, rejection: closed })
    this.#tenure.whenSure((refused) => {
      if (refused) reply({ ok: false, rejection: refused })
      else this.#tell(question, reply)
    })
  }

  #tell({ to, query, by }: Question, reply: (answer: Answer) => void): void {
    this.#waking.awake(to, true, (activation) => {
      if (!activation) return reply({ ok: false, rejection: asleep })
      const view = this.#senses.answer(activation, query, by)
      const n = activation.changed_n
      this.#gate.hold(n, (lost) => {
        if (lost) reply({ ok: false, rejection: lost })
        else if ('rejected' in view) reply({ ok: false, rejection: view as Rejection })
        else reply({ ok: true, shard: this.index, n, view })
      })
    })
  }

  /** A signal never waits: it is taken now or refused. Its sender hears of it when what it was judged by is durable. */
  signal(note: SignalNote, done: (refused?: Rejection) => void): void {
    const closed = this.#closed(false)
    if (closed) return done(closed)
    this.#waking.awake(note.to, false, (activation) => {
      if (!activation) return done(asleep)
      const { changed_n } = activation
      this.#senses.take(activation, note, (refused) =>
        this.#gate.hold(changed_n, (lost) => done(lost ?? refused)),
      )
    })
  }

  /** What a search sees of an actor of this shard. */
  look(kind: string, id: string): Activation | undefined {
    return this.#status === 'open' ? this.#residents.peek(kind, id) : undefined
  }

  now_ms(): number {
    return this.#clock.now_ms()
  }

  /** Takes nothing new and finishes what was begun. Resolves when everything accepted is durable. */
  async drain(): Promise<void> {
    if (this.#status !== 'open') return
    this.#status = 'draining'
    this.#gathering.flush()
    await this.#rest()
  }

  /** After `drain`: takes no step or timer any more either, cuts a snapshot when all is durable, and ends. */
  async close(): Promise<void> {
    if (this.#status !== 'draining') return
    this.#status = 'closing'
    await this.#rest()
    await this.#cut()
    this.#end('closed', reject('unavailable', 'the engine is stopping'))
  }

  async #rest(): Promise<void> {
    while (this.busy && this.#isLive()) {
      this.#schedule()
      await new Promise<void>((resolve) => this.#parts.env.after(drain_poll_ms, resolve))
    }
  }

  #cut(): Promise<void> {
    const tipAtRest = () => (this.busy ? undefined : this.#committer.tip)
    return this.#snapshotter.cutNow(tipAtRest, this.#clock.now_ms(), () => this.#row())
  }

  #closed(control: boolean): Rejection | undefined {
    if (this.#status === 'open' || (control && this.#status === 'draining')) return undefined
    if (this.#status === 'deposed') return moved(`shard ${this.index} has another owner`)
    return { rejected: 'unavailable', detail: 'the shard is stopping', retry_after_ms: 1_000 }
  }

  #put(work: Work): void {
    const { to } = work.envelope
    if (work.size > limits.command_bytes_max)
      return refuse(
        work,
        reject('request.too_large', `a command has at most ${limits.command_bytes_max} bytes`),
      )
    this.#waking.awake(to, false, (activation) => {
      const refused = activation ? this.#admit(activation, work) : asleep
      if (refused) refuse(work, refused)
      else this.#schedule()
    })
  }

  #admit(activation: Activation, work: Work): Rejection | undefined {
    const refused = this.#admission.refusal(activation, work)
    if (refused) this.#residents.dropUnborn(activation)
    if (refused) return refused
    if (activation.queued + activation.waiting.length >= limits.mailbox_activation_max) this.#turn()
    return this.#mailbox.put(activation, work)
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#parts.env.soon(() => {
      this.#scheduled = false
      this.#turn()
    })
  }

  /** Carries out what waits, within the time of a turn and the room of the frame, and sends the frame off. */
  #turn(): void {
    if (this.#executing || this.#committer.resolving || !this.#isLive()) return
    this.#executing = true
    this.#residents.turn += 1
    const end_ms = this.#parts.env.monotonic_ms() + limits.turn_loop_ms
    try {
      while (this.#some(works_per_look)) if (this.#parts.env.monotonic_ms() > end_ms) break
    } finally {
      this.#executing = false
    }
    this.#seal()
    if (this.#mailbox.depth > 0 && !this.#executor.filling.full) this.#schedule()
  }

  #some(count: number): boolean {
    for (let done = 0; done < count; done++) {
      if (this.#executor.filling.full) return false
      const entry = this.#mailbox.take()
      if (!entry) return false
      this.#executor.carryOut(entry.activation, entry.work)
    }
    return true
  }

  #isLive(): boolean {
    return this.#status !== 'deposed' && this.#status !== 'closed'
  }

  #seal(): void {
    if (this.#committer.busy || this.#executor.filling.empty || !this.#isLive()) return
    const filled = this.#executor.takeFilling()
    const settled = this.#outbox.takeSettled()
    this.#snapshotter.sealing(filled.n, filled.events.length, () => this.#row())
    this.#watch.sealed(filled)
    this.#tenure.sending()
    this.#committer.send(filled, settled, this.#clock.now_ms())
  }

  #row() {
    return {
      births: this.#residents.births,
      held: { ...this.#residents.held },
      keys: this.#keys.all(),
      timers: this.#timers.all(),
      pending: this.#outbox.all(),
      published: this.published,
    }
  }

  #acked(frame: Frame, tip: Tip): void {
    this.#watch.acked()
    this.#tenure.acked()
    this.tail.push({ seq: tip.seq, frame })
    this.#gate.open(tip.n)
    this.#watch.show(frame)
    this.#outbox.release(tip.n)
    this.#snapshotter.durable(tip, frame.at_ms)
    this.#parts.durable(this.tail)
    if (this.#mailbox.depth > 0) this.#turn()
    else this.#seal()
  }

  /** Timers, late answers and snapshots of a shard at rest. */
  #heartbeat(): void {
    if (!this.#isLive()) return
    this.#tick = this.#parts.env.after(heartbeat_ms, () => this.#heartbeat())
    const most = this.#status === 'closing' ? 0 : limits.overdue_timers_per_turn
    for (const timer of this.#timers.due(this.#clock.now_ms(), most)) this.#fire(timer)
    this.#executor.sweep()
    this.#tenure.beat()
    this.#admission.look()
    if (this.#snapshotter.overdue && !this.busy) void this.#cut()
  }

  #fire(timer: Timer): void {
    const { id, to, command } = timer
    const by: Principal = { id: to.id, role: 'service' }
    this.#put(
      workOf({ id, to, command, by, deadline_ms: Infinity, lane: 'control' }, (answer) => {
        if (answer.ok || !retries.has(answer.rejection.rejected)) this.#timers.remove(id)
        else this.#timers.again(timer, this.#clock.now_ms() + limits.step_resend_ms)
      }),
    )
  }

  #end(status: 'deposed' | 'closed', why: Rejection): void {
    if (!this.#isLive()) return
    this.#status = status
    this.#parts.env.log(status === 'deposed' ? 'error' : 'info', `shard ${this.index} is ${status}`, {
      why: why.detail,
    })
    this.#tick()
    this.#committer.close()
    this.#outbox.close()
    this.#gathering.close(why)
    for (let entry = this.#mailbox.take(); entry; entry = this.#mailbox.take()) refuse(entry.work, why)
    this.#gate.lose(why)
    this.#tenure.end(why)
    this.#executor.lose(why)
    this.#residents.clear()
    if (status === 'deposed') this.#parts.deposed()
  }
}

const heartbeat_ms = 50
const drain_poll_ms = 2
const asleep: Rejection = overloaded('the record cannot be read at the moment', 1_000)
/** Whoever takes over may still be recovering. */
const moved = (detail: string): Rejection => ({
  rejected: 'moved',
  detail,
  retry_after_ms: limits.tenure_retry_ms,
})
const retries: ReadonlySet<string> = new Set([
  'overloaded',
  'unavailable',
  'actor.quarantined',
  'command.poisoned',
])
