import type { Command, Signal } from './catalogue.ts'
import type { Effect } from './effects.ts'
import type { Policy } from './policy.ts'
import type { Rejection } from './rejections.ts'
import type { MessageOf, Shapes } from './shape.ts'

/** `service` is the system itself: steps, timers and the results of effects. */
export type Role = 'owner' | 'runner' | 'admin' | 'shop' | 'service'
export type Principal = Readonly<{ id: string; role: Role }>
export type Address = Readonly<{ actor: string; id: string }>

/**
 * All that an actor may know besides its own state. The engine fills it in; replay gives it back unchanged.
 * `command_id` names the command (or, in `react`, the command that caused the event). `serial` is one more than the
 * number of actors ever born in this shard, unique together with `shard` for the actor being born.
 */
export type Context = Readonly<{
  id: string
  by: Principal
  at_ms: number
  policy: Policy
  command_id: string
  serial: number
  shard: number
  shards: number
}>

/** Facts to record, or a refusal. No facts means that it is already so: a repeated command is not an error. */
export type Decision<Event> = readonly Event[] | Rejection

/**
 * A command that an event causes. To an actor of the same shard it runs in the same turn and is committed in the
 * same frame; to any other it leaves once that frame is durable, at least once, and is known there by its cause.
 * With `after_ms` it is a timer of the actor that it names, which must be of the same shard.
 */
export type FollowUp = Readonly<{ to: Address; command: Command; after_ms?: number }>

export type Reaction = Readonly<{ follow_ups?: readonly FollowUp[]; effects?: readonly Effect[] }>

/** What a signal led to. */
export type Perception<Volatile> = Readonly<{
  volatile: Volatile
  /** Messages for the actor's public topic, on the path that may lose its last second. `key` makes a repeat harmless. */
  reports?: readonly Readonly<{ type: string; key: string; data: object }>[]
  /** Messages for those who watch this actor, at once. */
  shows?: readonly Message[]
  /** Signals for other actors. The sender's ack waits for theirs. */
  relays?: readonly Readonly<{ to: Address; signal: Signal }>[]
  /** Leaves the signal out of what `gather` collects. */
  skip?: boolean
  /** Nothing of the signal was used, and why. */
  refused?: Rejection
}>

/** Where an actor stands in the grid. `bits` is what it offers, for a first sieve: a search names bits that all must be set. */
export type Placement = Readonly<{ latitude: number; longitude: number; bits: number }>

/**
 * Why an actor stands where it does among those found: its cost, least first, is the sum of each factor times its
 * weight, both taken from the policy of this version.
 */
export type Rank = Readonly<{
  cost: number
  policy_version: number
  factors: Readonly<Record<string, number>>
  weights: Readonly<Record<string, number>>
}>

export interface Actor<
  State,
  Commands extends Shapes,
  Events extends Shapes,
  Volatile = undefined,
  Signals extends Shapes = Record<never, never>,
  Queries extends Shapes = Record<never, never>,
  Criteria = never,
> {
  readonly name: string
  readonly initial: State
  readonly decide: {
    readonly [K in keyof Commands & string]: (
      state: State,
      command: MessageOf<Commands, K>,
      context: Context,
    ) => Decision<MessageOf<Events>>
  }
  readonly evolve: {
    readonly [K in keyof Events & string]: (
      state: State,
      event: MessageOf<Events, K>,
      context: Pick<Context, 'id' | 'by' | 'at_ms'>,
    ) => State
  }
  readonly react?: {
    readonly [K in keyof Events & string]?: (event: MessageOf<Events, K>, context: Context) => Reaction
  }
  /**
   * When the answer to a command needs a later event: asked after the command and after each further event of the
   * actor, until it no longer says `wait`. Without a row an answer goes out once the command's own frame is durable.
   */
  readonly settle?: {
    readonly [K in keyof Commands & string]?: (state: State, context: Context) => 'wait' | 'done' | Rejection
  }
  /** What is perceived and not recorded: no event, no part of the snapshot's hash or of replay; a crash may lose it. */
  readonly sense?: {
    readonly [K in keyof Signals & string]: (
      self: Readonly<{ state: State; volatile: Volatile }>,
      signal: MessageOf<Signals, K>,
      context: Context,
    ) => Perception<Volatile>
  }
  /** Turns the signals of one linger into one command; each signal is acked when that command is durable. */
  readonly gather?: {
    readonly [K in keyof Signals & string]?: (signals: readonly MessageOf<Signals, K>[]) => Command
  }
  /** What `sense` starts from. */
  readonly volatile?: Volatile
  /** Where the actor stands in the grid, or nothing. Asked after each event and signal. */
  readonly place?: (
    self: Readonly<{ state: State; volatile: Volatile }>,
    policy: Policy,
  ) => Placement | undefined
  /** The fine sieve of a search near a point. */
  readonly match?: (
    self: Readonly<{ state: State; volatile: Volatile }>,
    criteria: Criteria,
    context: Pick<Context, 'id' | 'at_ms' | 'policy'>,
  ) => boolean
  /** Its place in the order of those that a search found, where the search asks for one. */
  readonly rank?: (
    self: Readonly<{ state: State; volatile: Volatile }>,
    search: Readonly<{ distance_km: number; criteria: Criteria }>,
    context: Pick<Context, 'id' | 'at_ms' | 'policy'>,
  ) => Rank
  /** The answer to a query, or why the asker may not have it. Wire shape (contract): snake_case, whole-second UTC times. */
  readonly answer?: {
    readonly [K in keyof Queries & string]: (
      self: Readonly<{ state: State; volatile: Volatile }>,
      query: MessageOf<Queries, K>,
      context: Context,
    ) => object | Rejection
  }
  /** The actor in its wire shape: what the answer to each of its commands carries. */
  readonly view?: (self: Readonly<{ state: State; volatile: Volatile }>, id: string) => object
  /** Names a broken rule of the state, checked after recovery; undefined when all is well. */
  readonly invariant?: (state: State) => string | undefined
}

/** Any message once its exact type no longer matters: on the wire, in the journal, inside the engine. */
export type Message = Readonly<{ type: string }>
export type Self = Readonly<{ state: unknown; volatile: unknown }>

/** An actor as the engine sees it. The engine knows no booking from a runner; this is the one place where types are let go. */
export interface Behaviour {
  readonly name: string
  readonly initial: unknown
  readonly volatile: unknown
  readonly places: boolean
  decide(state: unknown, command: Message, context: Context): Decision<Message>
  evolve(state: unknown, event: Message, context: Pick<Context, 'id' | 'by' | 'at_ms'>): unknown
  react(event: Message, context: Context): Reaction
  settle(command: Message, state: unknown, context: Context): 'wait' | 'done' | Rejection
  sense(self: Self, signal: Message, context: Context): Perception<unknown>
  gather(signals: readonly Message[]): Message | undefined
  gathers(signal: Message): boolean
  place(self: Self, policy: Policy): Placement | undefined
  match(self: Self, criteria: unknown, context: Pick<Context, 'id' | 'at_ms' | 'policy'>): boolean
  rank(
    self: Self,
    search: Readonly<{ distance_km: number; criteria: unknown }>,
    context: Pick<Context, 'id' | 'at_ms' | 'policy'>,
  ): Rank | undefined
  answer(self: Self, query: Message, context: Context): object | Rejection | undefined
  view(self: Self, id: string): object
  invariant(state: unknown): string | undefined
}

type Rows<Row> = Readonly<Record<string, Row>>

/** An actor's rows as they are called once a name was looked up: the codec has checked that the message fits its row. */
interface Tables {
  readonly decide: Rows<Behaviour['decide']>
  readonly evolve: Rows<Behaviour['evolve']>
  readonly react?: Rows<Behaviour['react']>
  readonly settle?: Rows<
    (state: unknown, context: Parameters<Behaviour['settle']>[2]) => ReturnType<Behaviour['settle']>
  >
  readonly sense?: Rows<Behaviour['sense']>
  readonly gather?: Rows<Behaviour['gather']>
  readonly answer?: Rows<Behaviour['answer']>
  readonly place?: Behaviour['place']
  readonly match?: Behaviour['match']
  readonly rank?: Behaviour['rank']
  readonly view?: Behaviour['view']
  readonly invariant?: Behaviour['invariant']
}

/** The untyped face of an actor. An unknown command, event or signal throws: the codec should have refused it. */
export function behaviourOf<S, C extends Shapes, E extends Shapes, V, G extends Shapes, Q extends Shapes, M>(
  actor: Actor<S, C, E, V, G, Q, M>,
): Behaviour {
  const tables = actor as unknown as Tables
  const row = <Row>(rows: Rows<Row> | undefined, type: string): Row => {
    const found = rows && Object.hasOwn(rows, type) ? rows[type] : undefined
    if (!found) throw new Error(`${actor.name} has no row for ${type}`)
    return found
  }
  const optional = <Row>(rows: Rows<Row> | undefined, type: string): Row | undefined =>
    rows && Object.hasOwn(rows, type) ? rows[type] : undefined
  return {
    name: actor.name,
    initial: actor.initial,
    volatile: actor.volatile,
    places: actor.place !== undefined,
    decide: (state, command, context) => row(tables.decide, command.type)(state, command, context),
    evolve: (state, event, context) => row(tables.evolve, event.type)(state, event, context),
    react: (event, context) => optional(tables.react, event.type)?.(event, context) ?? {},
    settle: (command, state, context) => optional(tables.settle, command.type)?.(state, context) ?? 'done',
    sense: (self, signal, context) => row(tables.sense, signal.type)(self, signal, context),
    gather: (signals) => optional(tables.gather, signals[0]?.type ?? '')?.(signals),
    gathers: (signal) => optional(tables.gather, signal.type) !== undefined,
    place: (self, policy) => tables.place?.(self, policy),
    match: (self, criteria, context) => tables.match?.(self, criteria, context) ?? true,
    rank: (self, search, context) => tables.rank?.(self, search, context),
    answer: (self, query, context) => row(tables.answer, query.type)(self, query, context),
    view: (self, id) => tables.view?.(self, id) ?? { state: self.state },
    invariant: (state) => tables.invariant?.(state),
  }
}

export const isRejection = <E>(decision: Decision<E>): decision is Rejection => !Array.isArray(decision)
