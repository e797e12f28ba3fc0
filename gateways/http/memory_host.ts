// A twin of the engine's host in one Map: actors decide, react and settle at once, nothing is durable. For tests of the doors.
import { digest_query, digestOf } from '../../engine/digest.ts'
import type { Env } from '../../engine/env.ts'
import type {
  Answer,
  Envelope,
  Near,
  NearQuery,
  Question,
  ShardHost,
  Shown,
  SignalNote,
} from '../../engine/host.ts'
import { ordered } from '../../engine/ranking.ts'
import {
  type Address,
  type Behaviour,
  type Context,
  isRejection,
  type Message,
  type Principal,
} from '../../protocols/actor.ts'
import { firstPolicy } from '../../protocols/policy.ts'
import { type Rejection, reject } from '../../protocols/rejections.ts'
import { shardOf } from '../../protocols/shard.ts'

interface Life {
  readonly address: Address
  readonly behaviour: Behaviour
  state: unknown
  volatile: unknown
  seq: number
}

const shards = 8

export class MemoryHost implements ShardHost {
  /** Envelopes that were carried out, oldest first. */
  readonly carried: Envelope[] = []
  readonly #behaviours: ReadonlyMap<string, Behaviour>
  readonly #env: Env
  readonly #lives = new Map<string, Life>()
  readonly #keys = new Map<string, string>()
  readonly #listeners = new Map<string, Set<(shown: Shown) => void>>()
  #frames = 0

  constructor(behaviours: readonly Behaviour[], env: Env) {
    this.#behaviours = new Map(behaviours.map((behaviour) => [behaviour.name, behaviour]))
    this.#env = env
  }

  /** Every actor that lives, with its state and its signals. */
  kept(): unknown {
    return [...this.#lives]
      .filter(([, { seq }]) => seq > 0)
      .map(([key, { state, volatile, seq }]) => [key, seq, state, volatile])
  }

  async submit(envelope: Envelope): Promise<Answer> {
    const { id, to, command, learned, by } = envelope
    const life = this.#live(to)
    const text = JSON.stringify([to, command])
    const known = this.#keys.get(id)
    if (known !== undefined && known !== text)
      return { ok: false, rejection: reject('request.key_reused', '') }
    if (known === undefined) {
      const refused = this.#run(to, { ...command, ...learned }, by, id)
      if (refused) return { ok: false, rejection: refused }
      this.#keys.set(id, text)
      this.carried.push(envelope)
    }
    const settled = life.behaviour.settle(command, life.state, this.#context(to.id, by, id))
    if (typeof settled !== 'string') return { ok: false, rejection: settled }
    return this.#done(life, life.behaviour.view(life, to.id))
  }

  async ask({ to, query, by }: Question): Promise<Answer> {
    const life = this.#live(to)
    const context = this.#context(to.id, by, '')
    const view =
      query.type === digest_query ? digestOf(life, by) : life.behaviour.answer(life, query, context)
    if (!view) throw new Error(`${to.actor} does not answer ${query.type}`)
    if ('rejected' in view) return { ok: false, rejection: view as Rejection }
    return this.#done(life, view)
  }

  signal({ to, signal, by }: SignalNote, done: (refused?: Rejection) => void): void {
    const life = this.#live(to)
    const seen = life.behaviour.sense(life, signal, this.#context(to.id, by, ''))
    life.volatile = seen.volatile
    for (const message of seen.shows ?? []) this.#tell(life, 0, message, by)
    if (seen.refused) return done(seen.refused)
    if (!seen.skip && life.behaviour.gathers(signal)) {
      const gathered = life.behaviour.gather([signal])
      if (gathered) this.#run(to, gathered, by, this.#env.uuid())
    }
    let refused: Rejection | undefined
    for (const relay of seen.relays ?? [])
      this.signal({ ...relay, by }, (late) => {
        refused ??= late
      })
    done(refused)
  }

  async near(query: NearQuery): Promise<readonly Near[]> {
    const lives = [...this.#lives.values()].filter(({ behaviour }) => behaviour.name === query.kind)
    return ordered(
      lives.flatMap((life) => this.#nearOne(life, query)),
      query,
    )
  }

  #nearOne(life: Life, { latitude, longitude, radius_km, bits, criteria = {}, ranked }: NearQuery): Near[] {
    const { behaviour, address } = life
    const place = behaviour.place(life, firstPolicy)
    if (!place || (place.bits & bits) !== bits) return []
    const context = { id: address.id, at_ms: this.#env.now_ms(), policy: firstPolicy }
    const distance_km = kilometres(latitude, longitude, place.latitude, place.longitude)
    if (distance_km > radius_km || !behaviour.match(life, criteria, context)) return []
    const near = { id: address.id, distance_km, age_ms: 0, view: behaviour.view(life, address.id) }
    const rank = ranked && behaviour.rank(life, { distance_km, criteria }, context)
    return [rank ? { ...near, rank } : near]
  }

  watch(of: Address, listener: (shown: Shown) => void): () => void {
    const listeners = this.#listeners.get(keyOf(of)) ?? new Set()
    this.#listeners.set(keyOf(of), listeners.add(listener))
    return () => listeners.delete(listener)
  }

  show(of: Address, message: Message): void {
    this.#tell(this.#live(of), 0, message, { id: of.id, role: 'service' })
  }

  /** Every actor of a kind in its wire shape, the youngest first. */
  views(kind: string): readonly object[] {
    const lives = [...this.#lives.values()].filter(({ behaviour, seq }) => behaviour.name === kind && seq > 0)
    return lives.reverse().map((life) => life.behaviour.view(life, life.address.id))
  }

  #run(to: Address, command: Message, by: Principal, command_id: string): Rejection | undefined {
    const life = this.#live(to)
    const context = this.#context(to.id, by, command_id)
    const decision = life.behaviour.decide(life.state, command, context)
    if (isRejection(decision)) return decision
    for (const event of decision) {
      life.state = life.behaviour.evolve(life.state, event, context)
      life.seq += 1
      this.#tell(life, life.seq, event, by)
    }
    for (const event of decision) this.#follow(event, life, context)
    return undefined
  }

  /** Timers are left out: no test of a door waits for one. */
  #follow(event: Message, life: Life, context: Context): void {
    const by: Principal = { id: life.address.id, role: 'service' }
    for (const { to, command, after_ms } of life.behaviour.react(event, context).follow_ups ?? [])
      if (after_ms === undefined) this.#run(to, command, by, this.#env.uuid())
  }

  #tell(life: Life, seq: number, message: Message, by: Principal): void {
    const shown: Shown = { of: life.address, seq, message, by, at_ms: this.#env.now_ms() }
    for (const listener of this.#listeners.get(keyOf(life.address)) ?? []) listener(shown)
  }

  #done(life: Life, view: object): Answer {
    this.#frames += 1
    return { ok: true, shard: shardOf(life.address.id, shards), n: this.#frames, view }
  }

  #live(address: Address): Life {
    const known = this.#lives.get(keyOf(address))
    if (known) return known
    const behaviour = this.#behaviours.get(address.actor)
    if (!behaviour) throw new Error(`there is no actor ${address.actor}`)
    const { initial: state, volatile } = behaviour
    const life: Life = { address, behaviour, state, volatile, seq: 0 }
    this.#lives.set(keyOf(address), life)
    return life
  }

  #context(id: string, by: Principal, command_id: string): Context {
    const at_ms = this.#env.now_ms()
    const serial = this.#lives.size
    return { id, by, at_ms, policy: firstPolicy, command_id, serial, shard: shardOf(id, shards), shards }
  }
}

const keyOf = ({ actor, id }: Address) => `${actor} ${id}`

/** Haversine, on the contract's sphere. */
function kilometres(
  from_latitude: number,
  from_longitude: number,
  latitude: number,
  longitude: number,
): number {
  const half = (degrees: number) => Math.sin((degrees * Math.PI) / 360) ** 2
  const narrow = Math.cos((from_latitude * Math.PI) / 180) * Math.cos((latitude * Math.PI) / 180)
  return (
    12_742 * Math.asin(Math.sqrt(half(latitude - from_latitude) + narrow * half(longitude - from_longitude)))
  )
}
