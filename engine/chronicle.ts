/** The life of a shard told again from its frames: each command with all that the actor knew when it decided. */
import type { Behaviour, Context, Message, Reaction } from '../protocols/actor.ts'
import { type CommandRecord, type EventRecord, eventId, type Frame } from '../protocols/frame.ts'
import type { Policy } from '../protocols/policy.ts'
import { lift } from '../protocols/upcast.ts'
import { Fold } from './fold.ts'

/** A command that led to a frame's record, and what came of it. */
export interface Told {
  readonly seq: number
  readonly frame: Frame
  readonly command: CommandRecord
  /** What the actor knew besides its state. */
  readonly context: Context
  readonly before: { readonly state: unknown; readonly seq: number }
  readonly after: { readonly state: unknown; readonly seq: number }
  readonly events: readonly ToldEvent[]
}

export interface ToldEvent {
  readonly id: string
  /** In today's shape. */
  readonly record: EventRecord
  /** What it causes: steps, timers and effects, by the rules of today. */
  readonly react: () => Reaction
}

export interface ChronicleParts {
  readonly shard: number
  readonly shards: number
  readonly behaviours: readonly Behaviour[]
  readonly policyAt: (version: number) => Policy
}

/** Takes every frame of one shard from the first, in order. */
export class Chronicle {
  readonly #parts: ChronicleParts
  readonly #behaviours: ReadonlyMap<string, Behaviour>
  readonly fold: Fold
  #births = 0

  /** Actors that have at least one event. */
  get births(): number {
    return this.#births
  }

  constructor(parts: ChronicleParts) {
    this.#parts = parts
    this.#behaviours = new Map(parts.behaviours.map((behaviour) => [behaviour.name, behaviour]))
    this.fold = new Fold(parts.behaviours)
  }

  /** The frame's commands in order, each with the states before and after it. Throws for a kind that this program does not know. */
  take(seq: number, frame: Frame): readonly Told[] {
    return frame.commands.map((command) => this.#tell(seq, frame, command))
  }

  #tell(seq: number, frame: Frame, command: CommandRecord): Told {
    const { to, first, count } = command
    const behaviour = this.#behaviours.get(to.actor)
    if (!behaviour)
      throw new Error(`frame ${frame.n} of shard ${frame.shard}: no actor is called ${to.actor}`)
    const context = this.#contextOf(command)
    const before = this.#now(behaviour, to.id)
    const events = frame.events.slice(first, first + count).map((raw, index) => {
      const record = lift(raw)
      if (record.seq === 1) this.#births += 1
      this.fold.take(record)
      const message: Message = { type: record.type, ...record.data }
      const id = eventId(frame.shard, frame.n, first + index)
      return { id, record, react: () => behaviour.react(message, context) }
    })
    return { seq, frame, command, context, before, after: this.#now(behaviour, to.id), events }
  }

  #contextOf({ id: command_id, to: { id }, by, at_ms, policy }: CommandRecord): Context {
    const { shard, shards, policyAt } = this.#parts
    const serial = this.#births + 1
    return { id, by, at_ms, policy: policyAt(policy), command_id, serial, shard, shards }
  }

  #now(behaviour: Behaviour, id: string): Told['before'] {
    const actor = this.fold.find(behaviour.name, id)
    return { state: actor?.state ?? behaviour.initial, seq: actor?.seq ?? 0 }
  }
}
