/** How a shard carries out a command: in one turn, with nothing awaited. */
import {
  type Context,
  type FollowUp,
  isRejection,
  type Message,
  type Principal,
  type Reaction,
} from '../protocols/actor.ts'
import { type CommandRecord, type EventRecord, eventId } from '../protocols/frame.ts'
import { limits } from '../protocols/limits.ts'
import type { Policy } from '../protocols/policy.ts'
import { type Rejection, reject } from '../protocols/rejections.ts'
import { fnv1a32, shardOf } from '../protocols/shard.ts'
import { versionOf } from '../protocols/upcast.ts'
import type { Activation, Waiting, Work } from './activation.ts'
import type { Env } from './env.ts'
import { Filling } from './filling.ts'
import type { Gate } from './gate.ts'
import type { Known } from './generation.ts'
import { canonical } from './hash.ts'
import type { Answer } from './host.ts'
import { Keys } from './keys.ts'
import type { Outbox } from './outbox.ts'
import type { Residents } from './residents.ts'
import type { ShardClock } from './shard_clock.ts'
import type { Timers } from './timers.ts'
import type { Trace } from './tracer.ts'

export interface ExecutorParts {
  readonly shard: number
  readonly shards: number
  readonly env: Env
  readonly clock: ShardClock
  readonly policy: () => Policy
  readonly residents: Residents
  readonly keys: Keys
  readonly timers: Timers
  readonly outbox: Outbox
  readonly gate: Gate
  /** A letter for people to look at. */
  readonly dead: (letter: object) => void
}

/** A step, a timer or a follow-up: whoever sent it may send it again, so even one that changes nothing leaves a record. */
const isStep = (work: Work) => work.envelope.lane === 'control'

const done = (parts: ExecutorParts, n: number, activation: Activation): Answer => ({
  ok: true,
  shard: parts.shard,
  n,
  view: activation.behaviour.view(
    { state: activation.state, volatile: activation.volatile },
    activation.address.id,
  ),
})

export class Executor {
  readonly #parts: ExecutorParts
  readonly #follow_ups: Work[] = []
  readonly #tries = new Map<string, number>()
  readonly #waiting = new Set<Activation>()
  #filling: Filling

  constructor(parts: ExecutorParts, next_n: number) {
    this.#parts = parts
    this.#filling = new Filling(next_n)
  }

  get filling(): Filling {
    return this.#filling
  }

  /** Actors of which somebody waits for a later event. */
  get settling(): number {
    return this.#waiting.size
  }

  /** Hands out the frame that was filled and begins the next. */
  takeFilling(): Filling {
    const filled = this.#filling
    this.#filling = new Filling(filled.n + 1)
    return filled
  }

  /** Carries out a command and, in the same frame, all that follows from it in this shard. */
  carryOut(activation: Activation, work: Work): void {
    this.#one(activation, work)
    for (;;) {
      const next = this.#follow_ups.shift()
      if (!next) return
      const { trace, ...envelope } = next.envelope
      const { to } = envelope
      const target = this.#parts.residents.find(to.actor, to.id)
      if (target !== 'asleep') this.#one(target, next)
      else this.#parts.outbox.add({ n: this.#filling.n, ...envelope }, trace)
    }
  }

  /** Ends the wait of those whose deadline is over. */
  sweep(): void {
    const now_ms = this.#parts.env.now_ms()
    for (const activation of [...this.#waiting]) {
      const late = activation.waiting.filter(({ work }) => work.envelope.deadline_ms <= now_ms)
      if (late.length === 0) continue
      this.#setWaiting(
        activation,
        activation.waiting.filter((each) => !late.includes(each)),
      )
      for (const { work } of late)
        refuse(work, reject('deadline', 'the command was taken in and is under way'))
    }
  }

  /** The shard is no longer ours. */
  lose(why: Rejection): void {
    for (const activation of this.#waiting) for (const { work } of activation.waiting) refuse(work, why)
    this.#waiting.clear()
  }

  #one(activation: Activation, work: Work): void {
    const { envelope } = work
    const known = this.#parts.keys.find(envelope.id)
    if (known) return this.#repeat(activation, work, known)
    if (envelope.deadline_ms <= this.#parts.env.now_ms())
      return refuse(work, reject('deadline', 'it was not begun in time'))
    if (activation.quarantined) return refuse(work, reject('actor.quarantined', activation.quarantined))
    const context = this.#contextOf(activation, envelope.by, envelope.id)
    const decision = this.#decide(activation, work, context)
    if (decision && (isRejection(decision) || (decision.length === 0 && !isStep(work)))) {
      if (isRejection(decision)) this.#refuse(activation, work, decision)
      else this.#answer(activation, { work, context })
    } else if (decision) this.#record(activation, work, context, decision)
    this.#parts.residents.dropUnborn(activation)
  }

  #contextOf(activation: Activation, by: Principal, command_id: string): Context {
    const { shard, shards, clock, policy, residents } = this.#parts
    const serial = residents.births + 1
    const at_ms = clock.now_ms()
    return { id: activation.address.id, by, at_ms, policy: policy(), command_id, serial, shard, shards }
  }

  /** A throw is a bug of the row: the command is refused, the state is as it was. */
  #decide(activation: Activation, work: Work, context: Context) {
    const { envelope } = work
    try {
      return activation.behaviour.decide(activation.state, envelope.command, context)
    } catch (cause) {
      const tries = (this.#tries.get(envelope.id) ?? 0) + 1
      if (this.#tries.size > limits.mailbox_shard_max) this.#tries.clear()
      this.#tries.set(envelope.id, tries)
      const letter = { why: 'decide threw', cause: String(cause), envelope, tries }
      this.#parts.env.log('error', 'a command could not be decided', {
        command: envelope.command.type,
        id: envelope.id,
        cause: cause instanceof Error ? cause.stack : String(cause),
      })
      if (tries === limits.poison_tries_max) this.#parts.dead(letter)
      refuse(work, reject('command.poisoned', `${envelope.command.type} failed`))
      // A step that can never be decided is done with, or its sender would try for ever.
      if (tries >= limits.poison_tries_max && isStep(work)) this.#record(activation, work, context, [])
      return undefined
    }
  }

  /** The same id again: nothing is done twice, the answer is made from what is so now. */
  #repeat(activation: Activation, work: Work, known: Known): void {
    const { gate } = this.#parts
    if (known.body_hash !== work.body_hash)
      return this.#refuse(activation, work, reject('request.key_reused', 'its body was another one'))
    if (Keys.expired(known, this.#parts.env.now_ms()))
      return this.#refuse(activation, work, reject('request.key_expired', 'it is older than a day'))
    const context = this.#contextOf(activation, work.envelope.by, work.envelope.id)
    gate.hold(known.n, (lost) => (lost ? refuse(work, lost) : this.#answer(activation, { work, context })))
  }

  #refuse(activation: Activation, work: Work, rejection: Rejection): void {
    this.#parts.gate.hold(activation.changed_n, (lost) => refuse(work, lost ?? rejection))
  }

  /** Answers when the actor's row says that there is something to say, and all of it is durable. */
  #answer(activation: Activation, waiting: Waiting): void {
    const { work, context } = waiting
    const verdict = activation.behaviour.settle(work.envelope.command, activation.state, context)
    if (verdict === 'wait') return this.#setWaiting(activation, [...activation.waiting, waiting])
    if (verdict !== 'done') return this.#refuse(activation, work, verdict)
    const n = activation.changed_n
    const { gate } = this.#parts
    const answer = isStep(work) ? undefined : done(this.#parts, n, activation)
    gate.hold(n, (lost) =>
      lost ? refuse(work, lost) : work.reply(answer ?? { ok: true, shard: this.#parts.shard, n, view: {} }),
    )
  }

  #setWaiting(activation: Activation, waiting: readonly Waiting[]): void {
    activation.waiting = waiting
    if (waiting.length > 0) this.#waiting.add(activation)
    else this.#waiting.delete(activation)
  }

  #record(activation: Activation, work: Work, context: Context, events: readonly Message[]): void {
    const next = this.#next(activation, work, context, events)
    if (!next) return
    const { residents, keys, timers } = this.#parts
    const { envelope, body_hash, size } = work
    const { n } = this.#filling
    const first = this.#filling.events.length
    const records = events.map((event, index) =>
      recordOf(activation, event, activation.seq + index + 1, context),
    )
    this.#filling.add(commandRecord(work, context, first, records.length), records, size, envelope.trace)
    if (activation.seq === 0 && records.length > 0) residents.births += 1
    residents.folded(activation.seq, records.length)
    activation.state = next.state
    activation.seq += records.length
    if (records.length > 0) activation.changed_n = n
    keys.add(envelope.id, { body_hash, n, at_ms: context.at_ms })
    timers.remove(envelope.id)
    if (records.length > 0) {
      residents.changed(activation)
      residents.placed(activation)
    }
    for (const [index, reaction] of next.reactions.entries())
      this.#follow(
        eventId(this.#parts.shard, n, first + index),
        reaction,
        activation,
        context,
        envelope.trace,
      )
    if (records.length === 0) this.#parts.gate.hold(n, (lost) => this.#acknowledge(work, n, lost))
    else this.#answer(activation, { work, context })
    if (records.length > 0) this.#reviewWaiting(activation)
  }

  #acknowledge(work: Work, n: number, lost: Rejection | undefined): void {
    if (lost) refuse(work, lost)
    else work.reply({ ok: true, shard: this.#parts.shard, n, view: {} })
  }

  /** The state after the events, and what they cause; undefined when a bug put the actor out of action. */
  #next(activation: Activation, work: Work, context: Context, events: readonly Message[]) {
    const { behaviour } = activation
    try {
      let state = activation.state
      for (const event of events) state = behaviour.evolve(state, event, context)
      const broken = events.length > 0 ? behaviour.invariant(state) : undefined
      if (broken !== undefined) throw new Error(`invariant: ${broken}`)
      return { state, reactions: events.map((event) => behaviour.react(event, context)) }
    } catch (cause) {
      this.quarantine(activation, `${work.envelope.command.type}: ${String(cause)}`)
      refuse(work, reject('actor.quarantined', 'it is under repair'))
      return undefined
    }
  }

  /** The actor takes no more commands; its shard lives on. */
  quarantine(activation: Activation, why: string): void {
    activation.quarantined = why
    const { actor, id } = activation.address
    this.#parts.env.log('error', 'an actor was quarantined', { actor, id, why })
    this.#parts.dead({ why: 'quarantined', of: activation.address, seq: activation.seq, cause: why })
    const rejection = reject('actor.quarantined', 'it is under repair')
    for (const { work } of activation.waiting) refuse(work, rejection)
    this.#setWaiting(activation, [])
  }

  /** Each further event may be what those were waiting for. */
  #reviewWaiting(activation: Activation): void {
    if (activation.waiting.length === 0) return
    const { waiting } = activation
    this.#setWaiting(activation, [])
    for (const each of waiting) this.#answer(activation, each)
  }

  #follow(
    cause: string,
    reaction: Reaction,
    activation: Activation,
    context: Context,
    trace: Trace | undefined,
  ): void {
    const { outbox } = this.#parts
    const by: Principal = { id: activation.address.id, role: 'service' }
    for (const [index, follow_up] of (reaction.follow_ups ?? []).entries())
      this.#followUp(`${cause}:${index}`, follow_up, by, context, trace)
    for (const [index, effect] of (reaction.effects ?? []).entries())
      outbox.add({ id: `${cause}:e${index}`, n: this.#filling.n, effect }, trace)
  }

  #followUp(
    id: string,
    { to, command, after_ms }: FollowUp,
    by: Principal,
    context: Context,
    trace: Trace | undefined,
  ): void {
    const { timers, outbox, shard, shards } = this.#parts
    if (after_ms !== undefined) return timers.add({ id, due_ms: context.at_ms + after_ms, to, command })
    if (shardOf(to.id, shards) !== shard)
      return outbox.add({ id, n: this.#filling.n, to, command, by }, trace)
    const deadline_ms = Number.POSITIVE_INFINITY
    const envelope = { id, to, command, by, deadline_ms, lane: 'control', trace } as const
    this.#follow_ups.push(workOf(envelope, (answer) => this.#followed(envelope, answer)))
  }

  #followed(envelope: Work['envelope'], answer: Answer): void {
    // It is part of a frame: when that is not known to be durable, nobody has refused anything.
    if (!answer.ok && answer.rejection.rejected !== 'moved' && answer.rejection.rejected !== 'deadline')
      this.#parts.dead({ why: 'a follow-up was refused', envelope, rejection: answer.rejection })
  }
}

/** Makes a command ready for a shard: its hash tells a repeat from another command under the same id. */
export function workOf(envelope: Work['envelope'], reply: Work['reply']): Work {
  const { command, learned } = envelope
  const text = canonical(command)
  const body_hash = fnv1a32(envelope.to.id + text)
  if (!learned) return { envelope, body_hash, size: text.length, reply }
  const size = text.length + canonical(learned).length
  return { envelope: { ...envelope, command: { ...command, ...learned } }, body_hash, size, reply }
}

export const refuse = (work: Work, rejection: Rejection): void => work.reply({ ok: false, rejection })

function recordOf(activation: Activation, event: Message, seq: number, context: Context): EventRecord {
  const { type, ...data } = event
  const { actor: kind, id } = activation.address
  const { by, command_id: cause, at_ms } = context
  return { kind, id, seq, type, version: versionOf(type), by, cause, at_ms, data }
}

function commandRecord(work: Work, context: Context, first: number, count: number): CommandRecord {
  const { envelope, body_hash } = work
  const { type, ...body } = envelope.command
  const { by, at_ms, policy } = context
  return {
    id: envelope.id,
    to: envelope.to,
    type,
    body,
    body_hash,
    by,
    policy: policy.version,
    at_ms,
    first,
    count,
  }
}
