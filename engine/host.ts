import type { Address, Message, Principal, Rank } from '../protocols/actor.ts'
import type { Rejection } from '../protocols/rejections.ts'
import type { Trace } from './tracer.ts'

/** A command on its way. `id` makes repeats harmless: the same id with the same body is answered, not carried out again. */
export interface Envelope {
  readonly id: string
  readonly to: Address
  readonly command: Message
  /**
   * Further fields of the command, which the sender learned elsewhere on its behalf. They are recorded with it and are
   * no part of what makes a repeat the same command: asked again, the world may answer otherwise.
   */
  readonly learned?: object
  readonly by: Principal
  /** Wall clock after which nobody waits for the answer. */
  readonly deadline_ms: number
  readonly lane: 'control' | 'command'
  /** Of the span behind it. No part of the command: neither hashed nor journaled. */
  readonly trace?: Trace | undefined
}

export interface Done {
  readonly ok: true
  readonly shard: number
  /** The frame that the answer rests on: it is durable. Lists that are projected up to it show what was done. */
  readonly n: number
  /** The actor in its wire shape, or the answer to a query. */
  readonly view: object
}
export interface Refused {
  readonly ok: false
  readonly rejection: Rejection
}
export type Answer = Done | Refused

/** A question to one actor; not a fact, no frame. */
export interface Question {
  readonly to: Address
  readonly query: Message
  readonly by: Principal
  readonly deadline_ms: number
}

/** A device's report. `done` is called once: with nothing when its fixes are as safe as they will be, else with why not. */
export interface SignalNote {
  readonly to: Address
  readonly signal: Message
  readonly by: Principal
}

/** What watchers of an actor are sent: durable events (`seq` is the actor's) and, at once, what its signals show (`seq` 0). */
export interface Shown {
  readonly of: Address
  readonly seq: number
  readonly message: Message
  readonly by: Principal
  readonly at_ms: number
  readonly trace?: Trace | undefined
}

export interface NearQuery {
  readonly kind: string
  readonly latitude: number
  readonly longitude: number
  readonly radius_km: number
  readonly limit: number
  /** All of these bits must be offered. */
  readonly bits: number
  /** For the actor's `match` row; nothing matches everyone. */
  readonly criteria?: object
  /** In the order of the actor's `rank` row, taken of the nearest, instead of nearest first. */
  readonly ranked?: true
}
export interface Near {
  readonly id: string
  readonly distance_km: number
  readonly age_ms: number
  readonly view: object
  /** Why it stands where it stands. */
  readonly rank?: Rank
}

/**
 * Where actors are reached, wherever they live: a shard of this thread, of another thread, later of another node. One
 * suite runs on all. Rejects only with a Fault; every refusal is an answer.
 */
export interface ShardHost {
  submit(envelope: Envelope): Promise<Answer>
  ask(question: Question): Promise<Answer>
  signal(note: SignalNote, done: (refused?: Rejection) => void): void
  /** The nearest actors of a kind around a point, over all shards, nearest first or by rank. */
  near(query: NearQuery): Promise<readonly Near[]>
  /** Calls back with all that the actor shows from now on, until the returned function is called. Survives a recovery of its shard. */
  watch(of: Address, listener: (shown: Shown) => void): () => void
  /** Sends a message to all who watch an actor, at most once; it is no fact. */
  show(of: Address, message: Message): void
}
