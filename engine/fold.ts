/** What the journal alone says about every actor: its events folded by the actor's own rules, with no engine about. */
import type { Behaviour } from '../protocols/actor.ts'
import type { EventRecord } from '../protocols/frame.ts'
import { limits } from '../protocols/limits.ts'
import { lift } from '../protocols/upcast.ts'
import { keyOf } from './activation.ts'
import { stateHash } from './hash.ts'

export interface Folded {
  readonly kind: string
  readonly id: string
  readonly behaviour: Behaviour
  state: unknown
  /** How many events made the state. */
  seq: number
}

/** Folds events as recovery does: lifted to today's shape, and each behind the one before it. */
export class Fold {
  readonly #behaviours: ReadonlyMap<string, Behaviour>
  readonly #actors = new Map<string, Folded>()
  /** Events that came twice, of which one before is missing, or that broke a rule of their actor; up to a bound. */
  readonly broken: string[] = []
  events = 0

  constructor(behaviours: readonly Behaviour[]) {
    this.#behaviours = new Map(behaviours.map((behaviour) => [behaviour.name, behaviour]))
  }

  /** The actor with this event in it; nothing for a kind that this program does not know. Throws what `lift` throws. */
  take(record: EventRecord): Folded | undefined {
    const { kind, id, seq, by, at_ms, type, data } = lift(record)
    const behaviour = this.#behaviours.get(kind)
    if (!behaviour) return undefined
    const actor = this.#actorOf(behaviour, id)
    if (seq !== actor.seq + 1) this.#breaks(`${kind} ${id}: event ${seq} after event ${actor.seq}`)
    actor.state = behaviour.evolve(actor.state, { ...data, type }, { id, by, at_ms })
    actor.seq = seq
    this.events += 1
    const wrong = behaviour.invariant(actor.state)
    if (wrong !== undefined) this.#breaks(`${kind} ${id}: ${wrong}`)
    return actor
  }

  find(kind: string, id: string): Folded | undefined {
    return this.#actors.get(keyOf(kind, id))
  }

  /** Those who have at least one event. */
  actors(): Iterable<Folded> {
    return this.#actors.values()
  }

  get size(): number {
    return this.#actors.size
  }

  idsOf(kind: string): string[] {
    return [...this.#actors.values()].filter((actor) => actor.kind === kind).map(({ id }) => id)
  }

  /** Of the state in its canonical form (hex); nothing when there is no such actor. */
  hashOf(kind: string, id: string): string | undefined {
    const actor = this.find(kind, id)
    return actor && stateHash(actor.state)
  }

  /** The actor in its wire shape, as it would be after JSON. */
  view(kind: string, id: string): unknown {
    const actor = this.find(kind, id)
    if (!actor) return undefined
    const { behaviour, state } = actor
    return JSON.parse(JSON.stringify(behaviour.view({ state, volatile: behaviour.volatile }, id)))
  }

  #actorOf(behaviour: Behaviour, id: string): Folded {
    const key = keyOf(behaviour.name, id)
    const known = this.#actors.get(key)
    if (known) return known
    const actor = { kind: behaviour.name, id, behaviour, state: behaviour.initial, seq: 0 }
    this.#actors.set(key, actor)
    return actor
  }

  #breaks(what: string): void {
    if (this.broken.length < limits.findings_max) this.broken.push(what)
  }
}
