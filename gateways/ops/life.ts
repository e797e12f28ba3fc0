/** What happened to an actor, from the log: every command with its decision, what came of it and what that caused. */
import type { Chronicle as Shard, Told } from '../../engine/chronicle.ts'
import { stateHash } from '../../engine/hash.ts'
import type { Behaviour } from '../../protocols/actor.ts'
import type { Frame } from '../../protocols/frame.ts'
import { decideAgain } from './deciding.ts'

interface Place {
  readonly at: string
  readonly at_ms: number
  readonly shard: number
  readonly frame: number
  readonly log_seq: number
  readonly epoch: number
}

export interface Caused {
  readonly id: string
  readonly what: 'step' | 'timer' | 'effect'
  /** The actor, or the outside that it goes to. */
  readonly to: string
  readonly type: string
  readonly data: object
  /** Of a timer. */
  readonly due?: string
}

/** A command that was carried out. Those that were refused left no trace in the log. */
export interface Act extends Place {
  readonly entry: 'command'
  readonly id: string
  readonly to: string
  readonly type: string
  /** Who sent it: a person with his role, or an event that caused it. */
  readonly by: string
  readonly role: string
  readonly cause?: string
  /** The version of the rules that it was decided by. */
  readonly policy: number
  /** All that it was decided from besides state and rules: what was asked, and what the door learned outside. */
  readonly factors: object
  readonly before: { readonly seq: number; readonly hash: string }
  readonly after: { readonly seq: number; readonly hash: string }
  readonly events: readonly {
    readonly id: string
    readonly seq: number
    readonly type: string
    readonly data: object
  }[]
  readonly causes: readonly Caused[]
  /** How this code would decide it otherwise. */
  readonly otherwise?: string
}

/** Steps, timers and effects of earlier entries that are done with. */
export interface Settled extends Place {
  readonly entry: 'settled'
  readonly ids: readonly string[]
}

/** Where a runner was, as his device told; kept for a while, and never part of a decision. */
export interface Moved {
  readonly entry: 'movement'
  readonly at: string
  readonly at_ms: number
  readonly runner_id: string
  readonly data: object
}

export type Entry = Act | Settled | Moved

export interface Choice {
  /** Whether the command belongs to what is asked for. */
  readonly wants: (told: Told) => boolean
  readonly from_ms: number
  readonly to_ms: number
}

const placeOf = (frame: Frame, log_seq: number, at_ms: number): Place => ({
  at: new Date(at_ms).toISOString(),
  at_ms,
  shard: frame.shard,
  frame: frame.n,
  log_seq,
  epoch: frame.epoch,
})

/** An id like `3:17:0:1` is that of the second consequence of an event; people's commands are UUIDs. */
const causeOf = (id: string) => /^(\d+:\d+:\d+):\w+$/.exec(id)?.[1]

function causedBy({ events, context }: Told): readonly Caused[] {
  return events.flatMap(({ id, react }) => {
    const { follow_ups = [], effects = [] } = react()
    const steps = follow_ups.map(({ to, command: { type, ...data }, after_ms }, index): Caused => {
      const step = { id: `${id}:${index}`, to: `${to.actor} ${to.id}`, type, data }
      if (after_ms === undefined) return { ...step, what: 'step' }
      return { ...step, what: 'timer', due: new Date(context.at_ms + after_ms).toISOString() }
    })
    const calls = effects.map(
      ({ type, data }, index): Caused => ({
        id: `${id}:e${index}`,
        what: 'effect',
        to: type.split('.')[0] ?? '',
        type,
        data,
      }),
    )
    return [...steps, ...calls]
  })
}

function actOf(behaviours: readonly Behaviour[], told: Told): Act {
  const { frame, seq, command, context, before, after, events } = told
  const cause = causeOf(command.id)
  const otherwise = decideAgain(behaviours, told)
  return {
    ...placeOf(frame, seq, context.at_ms),
    entry: 'command',
    id: command.id,
    to: `${command.to.actor} ${command.to.id}`,
    type: command.type,
    by: command.by.id,
    role: command.by.role,
    ...(cause === undefined ? {} : { cause }),
    policy: command.policy,
    factors: command.body,
    before: { seq: before.seq, hash: stateHash(before.state) },
    after: { seq: after.seq, hash: stateHash(after.state) },
    events: events.map(({ id, record: { seq: event_seq, type, data } }) => ({
      id,
      seq: event_seq,
      type,
      data,
    })),
    causes: causedBy(told),
    ...(otherwise === undefined ? {} : { otherwise }),
  }
}

/** Picks the entries of one shard out of its frames, which come in order. */
export class Picker {
  readonly #behaviours: readonly Behaviour[]
  readonly #shard: Shard
  readonly #choice: Choice
  /** What the entries so far have caused in the world outside the shard's frames. */
  readonly #owed = new Set<string>()

  constructor(behaviours: readonly Behaviour[], shard: Shard, choice: Choice) {
    this.#behaviours = behaviours
    this.#shard = shard
    this.#choice = choice
  }

  take(seq: number, frame: Frame): readonly Entry[] {
    const { wants, from_ms, to_ms } = this.#choice
    const settled = frame.settled.filter((id) => this.#owed.delete(id))
    const entries: Entry[] = []
    if (settled.length > 0 && frame.at_ms >= from_ms && frame.at_ms <= to_ms)
      entries.push({ ...placeOf(frame, seq, frame.at_ms), entry: 'settled', ids: settled })
    for (const told of this.#shard.take(seq, frame)) {
      this.#owed.delete(told.command.id)
      const { at_ms } = told.context
      if (at_ms < from_ms || at_ms > to_ms || !wants(told)) continue
      const act = actOf(this.#behaviours, told)
      for (const { id } of act.causes) this.#owed.add(id)
      entries.push(act)
    }
    return entries
  }
}

/** Whether a plain value holds this text anywhere. */
export function names(value: unknown, text: string): boolean {
  if (typeof value === 'string') return value === text
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some((part) => names(part, text))
}

/** Everything that is of the actor, by it, or names it. */
export const about =
  (id: string): Choice['wants'] =>
  ({ command, events }) =>
    command.to.id === id ||
    command.by.id === id ||
    names(command.body, id) ||
    events.some(({ record }) => names(record.data, id))

const short = (value: object, chars = 160) => {
  const text = JSON.stringify(value)
  return text.length > chars ? `${text.slice(0, chars)}…` : text
}

/** An entry for people: a head line, then what came of it. */
export function linesOf(entry: Entry): readonly string[] {
  if (entry.entry === 'movement')
    return [`${entry.at}  runner ${entry.runner_id} ${JSON.stringify(entry.data)}`]
  const where = `${entry.at}  shard ${entry.shard} frame ${entry.frame} (log ${entry.log_seq}, epoch ${entry.epoch})`
  if (entry.entry === 'settled') return [`${where}  settled: ${entry.ids.join(', ')}`]
  const { type, to, by, role, cause, policy, factors, before, after, events, causes, otherwise } = entry
  const sender = cause === undefined ? `${role} ${by}` : `event ${cause}`
  const decision = events.length === 0 ? 'nothing changed' : `event ${before.seq} to ${after.seq}`
  return [
    `${where}  ${type} -> ${to}`,
    `    by ${sender}, id ${entry.id}, policy ${policy}: ${decision}`,
    ...(Object.keys(factors).length === 0 ? [] : [`    from ${short(factors)}`]),
    ...events.map((event) => `    * ${event.type} (${event.id}) ${short(event.data)}`),
    ...causes.map(
      (one) =>
        `      ~ ${one.what} ${one.type} -> ${one.to} (${one.id})${one.due === undefined ? '' : ` due ${one.due}`}`,
    ),
    ...(otherwise === undefined ? [] : [`    ! decided otherwise today: ${otherwise}`]),
  ]
}
