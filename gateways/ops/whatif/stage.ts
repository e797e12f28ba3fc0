/** The product's own actors without an engine: a command is carried out at once, with the steps that it causes. */
import {
  type Address,
  type Behaviour,
  type Context,
  isRejection,
  type Message,
  type Perception,
  type Principal,
  type Self,
} from '../../../protocols/actor.ts'
import type { Policy } from '../../../protocols/policy.ts'
import type { Rejection } from '../../../protocols/rejections.ts'
import { shardOf } from '../../../protocols/shard.ts'

/** Those who play. A trip has no say in who drives where: what goes to it is left out, as are timers and effects. */
const cast: readonly string[] = ['booking', 'payment', 'runner']

export interface Order {
  readonly at_ms: number
  readonly to: Address
  readonly command: Message
  readonly by: Principal
  /** Of a recorded command: its id, its serial and the version of the policy that decided it. */
  readonly id?: string
  readonly serial?: number
  readonly version?: number
}

export interface Happened {
  readonly of: Address
  readonly event: Message
}

/** The policy of a moment, or the one that a recorded command names. */
export type PolicyFor = (at_ms: number, version?: number) => Policy

export interface StageParts {
  readonly behaviours: readonly Behaviour[]
  readonly shards: number
  readonly policyFor: PolicyFor
}

interface Player {
  readonly behaviour: Behaviour
  state: unknown
  volatile: unknown
}

export class Stage {
  readonly #parts: StageParts
  readonly #behaviours: ReadonlyMap<string, Behaviour>
  readonly #players = new Map<string, Player>()

  constructor(parts: StageParts) {
    this.#parts = parts
    this.#behaviours = new Map(
      parts.behaviours.filter(({ name }) => cast.includes(name)).map((one) => [one.name, one]),
    )
  }

  /** An actor who has lived before. */
  enter({ actor, id }: Address, state: unknown): void {
    const player = this.#player({ actor, id })
    if (player) player.state = state
  }

  /** The actor as `match`, `rank` and `place` want him; nothing for a kind that does not play. */
  self(of: Address): { readonly self: Self; readonly behaviour: Behaviour } | undefined {
    const player = this.#player(of)
    return player && { self: player, behaviour: player.behaviour }
  }

  /** What came of a command in all actors that it reached, in order; or why it was refused. */
  tell(order: Order): readonly Happened[] | Rejection {
    const player = this.#player(order.to)
    if (!player) return []
    const context = this.#contextOf(order)
    const decision = player.behaviour.decide(player.state, order.command, context)
    if (isRejection(decision)) return decision
    for (const event of decision) player.state = player.behaviour.evolve(player.state, event, context)
    return decision.flatMap((event) => [
      { of: order.to, event },
      ...this.#follow(player.behaviour, event, context),
    ])
  }

  /** What a device says, to the actor's own senses. */
  signal(to: Address, signal: Message, at_ms: number): Perception<unknown> | undefined {
    const player = this.#player(to)
    if (!player) return undefined
    const by = { id: to.id, role: 'runner' } as const
    const perception = player.behaviour.sense(
      player,
      signal,
      this.#contextOf({ at_ms, to, command: signal, by }),
    )
    player.volatile = perception.volatile
    return perception
  }

  #follow(behaviour: Behaviour, event: Message, context: Context): readonly Happened[] {
    const { follow_ups = [] } = behaviour.react(event, context)
    const by = { id: context.id, role: 'service' } as const
    return follow_ups.flatMap(({ to, command, after_ms }) => {
      if (after_ms !== undefined) return []
      const came = this.tell({ at_ms: context.at_ms, to, command, by })
      return 'rejected' in came ? [] : came
    })
  }

  #contextOf({ at_ms, to, by, id = '', serial = 0, version }: Order): Context {
    const { shards, policyFor } = this.#parts
    const policy = policyFor(at_ms, version)
    return { id: to.id, by, at_ms, policy, command_id: id, serial, shard: shardOf(to.id, shards), shards }
  }

  #player({ actor, id }: Address): Player | undefined {
    const key = `${actor} ${id}`
    const known = this.#players.get(key)
    if (known) return known
    const behaviour = this.#behaviours.get(actor)
    if (!behaviour) return undefined
    const player = { behaviour, state: behaviour.initial, volatile: behaviour.volatile }
    this.#players.set(key, player)
    return player
  }
}
