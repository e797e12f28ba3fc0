/** What the log alone says of every actor, now and after each of its frames: the measure of snapshots, answers and memory. */
import { stateHash } from '../../engine/hash.ts'
import type { Cut } from '../../engine/ports.ts'
import type { Behaviour, Context } from '../../protocols/actor.ts'
import { unpackState } from '../../protocols/codec.ts'
import type { EventRecord, Frame } from '../../protocols/frame.ts'
import { lift } from '../../protocols/upcast.ts'
import type { Breaches } from './breaches.ts'

/** A state and the frame that made it; states are immutable, so keeping them costs a reference. */
interface Version {
  readonly n: number
  readonly seq: number
  readonly state: unknown
}

export interface Folded {
  readonly behaviour: Behaviour
  readonly versions: Version[]
  state: unknown
  seq: number
}

export class FoldAudit {
  readonly #breaches: Breaches
  readonly #behaviours: ReadonlyMap<string, Behaviour>
  readonly actors = new Map<string, Folded>()
  readonly #seen = new Set<string>()
  readonly #cuts = new Map<number, { epoch: number; n: number }>()

  constructor(breaches: Breaches, behaviours: readonly Behaviour[]) {
    this.#breaches = breaches
    this.#behaviours = new Map(behaviours.map((behaviour) => [behaviour.name, behaviour]))
  }

  /** Whether an event of this type ever happened to the actor. */
  has(type: string, id: string): boolean {
    return this.#seen.has(`${type} ${id}`)
  }

  find(kind: string, id: string): Folded | undefined {
    return this.actors.get(`${kind}/${id}`)
  }

  /** Folds one event in; gives the states around it. */
  take(frame: Frame, raw: EventRecord): { before: unknown; after: unknown } | undefined {
    const record = lift(raw)
    const { kind, id, seq, type, data } = record
    const behaviour = this.#behaviours.get(kind)
    if (!behaviour) return undefined
    const key = `${kind}/${id}`
    const actor = this.actors.get(key) ?? { behaviour, versions: [], state: behaviour.initial, seq: 0 }
    this.actors.set(key, actor)
    if (seq !== actor.seq + 1) this.#breaches.add('fold', `${key}: event ${seq} after event ${actor.seq}`)
    const before = actor.state
    actor.state = behaviour.evolve(before, { type, ...data }, contextOf(record))
    actor.seq = seq
    this.#seen.add(`${type} ${id}`)
    actor.versions.push({ n: frame.n, seq, state: actor.state })
    const broken = behaviour.invariant(actor.state)
    if (broken !== undefined) this.#breaches.add('state', `${key} after ${type}: ${broken}`)
    return { before, after: actor.state }
  }

  /** A cut that the store has taken: it is a fold at its frame, and none that is newer was there before it. */
  cut({ shard, epoch, n, actors }: Cut): void {
    const newest = this.#cuts.get(shard)
    if (newest && (epoch < newest.epoch || n < newest.n))
      this.#breaches.add(
        'snapshot',
        `shard ${shard}: a cut of epoch ${epoch}, frame ${n} after one of epoch ${newest.epoch}, frame ${newest.n}`,
      )
    this.#cuts.set(shard, { epoch, n })
    for (const { kind, id, seq, state } of actors) {
      const version = this.find(kind, id)?.versions.findLast((each) => each.n <= n)
      if (version?.seq === seq && stateHash(unpackState(state)) === stateHash(version.state)) continue
      this.#breaches.add(
        'snapshot',
        `shard ${shard}: ${kind}/${id} in the cut ${n} is not what its events say`,
      )
    }
  }

  /** The hash of every actor's state, by name. */
  hashes(): ReadonlyMap<string, string> {
    return new Map([...this.actors].map(([key, { state }]) => [key, stateHash(state)]))
  }
}

const contextOf = ({ id, by, at_ms }: EventRecord): Pick<Context, 'id' | 'by' | 'at_ms'> => ({
  id,
  by,
  at_ms,
})
