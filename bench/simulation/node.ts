/** One process of the engine, put together as `gateways/worker.ts` does it: threads, the lines between them, their doors. */
import { Board, boardBytes } from '../../engine/board.ts'
import type { ShardHost } from '../../engine/host.ts'
import { Link, type Parcel, type Wire } from '../../engine/mesh.ts'
import type { Drivers } from '../../engine/ports.ts'
import { Thread } from '../../engine/thread.ts'
import { effectRunner } from '../../gateways/effects.ts'
import { estimate } from '../../gateways/maps/estimate.ts'
import { whenMoved } from '../../gateways/moved.ts'
import { stripeEffects } from '../../gateways/stripe/intents.ts'
import { webhookReader } from '../../gateways/stripe/webhook.ts'
import { openedDoors } from '../../gateways/vault/opened_doors.ts'
import type { Accounts } from '../../protocols/accounts.ts'
import { type Rejection, reject } from '../../protocols/rejections.ts'
import { Door, watched } from './door.ts'
import { policy } from './plan.ts'
import { access } from './provider.ts'
import type { Held } from './streams.ts'
import type { Life, Timeline } from './timeline.ts'
import { Lines, vaultOf } from './vaults.ts'
import type { VirtualEnv, WallClock } from './virtual_env.ts'
import type { World } from './world.ts'

/** From thread to thread of one process, in milliseconds. */
const hop_ms = 0.05

export interface Member {
  readonly node: Node
  readonly env: VirtualEnv
  readonly thread: Thread
  /** The same thread, with the auditor in between. */
  readonly host: ShardHost
  readonly door: Door
}

export class Node {
  readonly name: string
  readonly clock: WallClock = { offset_ms: 0 }
  readonly envs: readonly VirtualEnv[]
  members: readonly Member[] = []
  /** Both ends of every line between its threads. */
  readonly links: Link[] = []
  /** Every shard has been recovered. */
  open = false
  /** Another writer has taken a shard of it over: its doors are closed, its readiness says so, and it waits to be ended. */
  turned_out = false
  readonly #world: World
  readonly #lines: Lines
  readonly #served = new Set<(why: Rejection) => void>()

  constructor(world: World, name: string) {
    this.#world = world
    this.#lines = new Lines(world)
    this.name = name
    this.envs = Array.from({ length: world.plan.threads }, () => world.newEnv(this.clock))
  }

  /** What its connections to NATS hold. */
  get connections(): readonly Held[] {
    return this.envs.map(({ life }) => this.#world.streams.held(life))
  }

  get alive(): boolean {
    return this.envs.some(({ life }) => life.alive)
  }

  /** Resolves when every shard takes commands; never, when the node dies before. */
  async start(): Promise<void> {
    const { shards, threads } = this.#world.plan
    const [first] = this.envs
    if (!first) return
    const board = new Board(first, new SharedArrayBuffer(boardBytes(shards, threads)), shards, threads)
    whenMoved(board, first, () => {
      this.turned_out = true
    })
    this.members = await Promise.all(this.envs.map((env, index) => this.#member(env, index, board)))
    for (const [one, { env, thread }] of this.members.entries())
      for (const [other, neighbour] of this.members.entries())
        if (one < other)
          this.links.push(...join(this.#world.timeline, { env, thread }, neighbour, one, other))
    await Promise.all(this.members.map(({ thread }) => thread.open()))
    this.open = true
  }

  /** The process is gone at once. */
  kill(): void {
    for (const { life } of this.envs) this.#end(life)
    for (const answer of this.#served) answer(reject('unavailable', 'the connection was reset'))
    this.#served.clear()
  }

  /** One thread is gone; the process follows, as uWebSockets.js has it, a moment later. */
  killThread(index: number, after_ms: number): void {
    const { timeline, weather_life } = this.#world
    const env = this.envs[index]
    if (env) this.#end(env.life)
    timeline.after(after_ms, weather_life, () => this.kill())
  }

  /** Nothing of it happens for so long: a stopped process, a virtual machine that moves. */
  pause(ms: number): void {
    const { timeline, weather_life } = this.#world
    for (const { life } of this.envs) life.paused = true
    timeline.after(ms, weather_life, () => this.resume())
  }

  resume(): void {
    for (const { life } of this.envs) if (life.paused) this.#world.timeline.resume(life)
  }

  /** Serves a request, whose sender hears at once when the process dies over it. */
  serve(answer: (why: Rejection) => void): () => void {
    this.#served.add(answer)
    return () => this.#served.delete(answer)
  }

  /** Finishes what was accepted, and ends. */
  async drain(): Promise<void> {
    await Promise.all(this.members.map(({ thread }) => thread.drain()))
    this.kill()
  }

  #end(life: Life): void {
    life.alive = false
    this.#world.streams.gone(life)
  }

  async #member(env: VirtualEnv, index: number, board: Board): Promise<Member> {
    const world = this.#world
    const drivers: { -readonly [Name in keyof Drivers]: Drivers[Name] } = {
      ...(await world.openDrivers(env)),
      effects: { run: () => Promise.reject(new Error('the thread is not open yet')) },
    }
    const thread = new Thread({
      thread: index,
      threads: world.plan.threads,
      shards: world.plan.shards,
      env,
      drivers,
      behaviours: world.behaviours,
      board,
      resident_max: world.plan.resident_max,
      policy: () => policy,
      policyAt: () => policy,
    })
    const client = world.provider.clientOf({ life: env.life, network: world.network })
    const stripe = stripeEffects({
      stripe: client,
      env,
      return_url: 'http://kilat.test/payments/done',
      default_method: access.default_method,
    })
    drivers.effects = effectRunner({ host: thread, inbox: world.inboxOf(env), env, stripe })
    const host = watched(thread, world.auditor)
    const webhooks = webhookReader(client, access.webhook_secret)
    const vault = vaultOf(world, env, this.#lines)
    const lists = world.database.listsFor({ life: env.life, network: world.network })
    const doors = {
      ...openedDoors({ host, lists, rows: no_rows } as Parameters<typeof openedDoors>[0], vault),
      accounts: no_accounts,
      env,
      reads: board,
      routing: estimate,
      vault,
      webhooks,
      config: { public_url: 'http://kilat.test' },
    }
    return { node: this, env, thread, host, door: new Door(doors) }
  }
}

/** Nobody here asks for plain rows. */
const no_rows = {}
/** Everybody here says his name himself. */
const no_accounts = { byId: async () => undefined } as Pick<Accounts, 'byId'> as Accounts

interface End {
  readonly env: VirtualEnv
  readonly thread: Thread
}

/** A line between two threads: batches arrive in order, once, unless their reader is dead. */
function join(
  timeline: Timeline,
  one: End,
  other: End,
  one_index: number,
  other_index: number,
): readonly Link[] {
  const [here, there] = wires(timeline, one.env.life, other.env.life)
  const ends = [new Link(one.env, here, one.thread), new Link(other.env, there, other.thread)] as const
  one.thread.meet(other_index, ends[0])
  other.thread.meet(one_index, ends[1])
  return ends
}

function wires(timeline: Timeline, one: Life, other: Life): readonly [Wire, Wire] {
  const readers: { one?: (batch: readonly Parcel[]) => void; other?: (batch: readonly Parcel[]) => void } = {}
  return [
    {
      send: (batch) => void timeline.after(hop_ms, other, () => readers.other?.(batch)),
      receive: (call) => {
        readers.one = call
      },
    },
    {
      send: (batch) => void timeline.after(hop_ms, one, () => readers.one?.(batch)),
      receive: (call) => {
        readers.other = call
      },
    },
  ]
}
