/**
 * What the log says is still to come: timers, and steps to other shards. In the end nothing that is due is left. Effects
 * are asked of their shards, which alone know what was carried out.
 */
import type { Behaviour, Context } from '../../protocols/actor.ts'
import { type EventRecord, eventId, type Frame } from '../../protocols/frame.ts'
import { shardOf } from '../../protocols/shard.ts'
import { policy } from './plan.ts'

interface Debt {
  readonly kind: 'timer' | 'step'
  readonly what: string
  /** By the time of the shard that owes it. */
  readonly due_ms: number
}

export class Debts {
  readonly #shards: number
  readonly #behaviours: ReadonlyMap<string, Behaviour>
  readonly #owed = new Map<string, Debt>()
  /** Commands that a log holds: a step may arrive before the auditor hears of what caused it in another shard. */
  readonly #settled = new Set<string>()

  constructor(shards: number, behaviours: readonly Behaviour[]) {
    this.#shards = shards
    this.#behaviours = new Map(behaviours.map((behaviour) => [behaviour.name, behaviour]))
  }

  take(frame: Frame): void {
    for (const id of frame.settled) this.#settle(id)
    for (const { id } of frame.commands) this.#settle(id)
    for (const [index, event] of frame.events.entries()) this.#owe(frame, index, event)
  }

  /** Overdue at this time of the shards' clocks. */
  overdue(now_ms: number): readonly string[] {
    return [...this.#owed]
      .filter(([, { due_ms }]) => due_ms <= now_ms)
      .map(([id, { kind, what }]) => `${kind} ${id}: ${what}`)
  }

  #settle(id: string): void {
    if (!this.#owed.delete(id)) this.#settled.add(id)
  }

  #owe(frame: Frame, index: number, { kind, id, type, data, by, at_ms, cause }: EventRecord): void {
    const { shard } = frame
    const context: Context = {
      id,
      by,
      at_ms,
      policy,
      command_id: cause,
      serial: 0,
      shard,
      shards: this.#shards,
    }
    const { follow_ups } = this.#behaviours.get(kind)?.react({ type, ...data }, context) ?? {}
    const event_id = eventId(shard, frame.n, index)
    for (const [place, { to, command, after_ms }] of (follow_ups ?? []).entries()) {
      const what = `${command.type} to ${to.actor} ${to.id}`
      if (after_ms !== undefined)
        this.#add(`${event_id}:${place}`, { kind: 'timer', what, due_ms: at_ms + after_ms })
      else if (shardOf(to.id, this.#shards) !== shard)
        this.#add(`${event_id}:${place}`, { kind: 'step', what, due_ms: at_ms })
    }
  }

  #add(id: string, debt: Debt): void {
    if (!this.#settled.delete(id)) this.#owed.set(id, debt)
  }
}
