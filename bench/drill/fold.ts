import { isDeepStrictEqual } from 'node:util'
import type { Behaviour } from '../../protocols/actor.ts'
import type { EventRecord } from '../../protocols/frame.ts'
import { lift } from '../../protocols/upcast.ts'

interface Folded {
  readonly behaviour: Behaviour
  state: unknown
  seq: number
}

interface Place {
  readonly boot: string
  readonly seq: number
}

/** What the journal alone says about every actor: its events folded by the actor's own rules, with no engine about. */
export class Fold {
  readonly #behaviours: ReadonlyMap<string, Behaviour>
  readonly #actors = new Map<string, Folded>()
  readonly #places = new Map<string, Set<string>>()
  /** Events that came twice, or of which one before is missing. */
  readonly broken: string[] = []

  constructor(behaviours: readonly Behaviour[]) {
    this.#behaviours = new Map(behaviours.map((behaviour) => [behaviour.name, behaviour]))
  }

  take(record: EventRecord): void {
    const { kind, id, seq, by, at_ms, type, data } = lift(record)
    const behaviour = this.#behaviours.get(kind)
    if (!behaviour) return
    const actor = this.#actors.get(`${kind} ${id}`) ?? { behaviour, state: behaviour.initial, seq: 0 }
    this.#actors.set(`${kind} ${id}`, actor)
    if (seq !== actor.seq + 1) this.broken.push(`${kind} ${id}: event ${seq} after event ${actor.seq}`)
    actor.state = behaviour.evolve(actor.state, { ...data, type }, { id, by, at_ms })
    actor.seq = seq
    if (kind === 'trip') this.#place(id, { ...data, type })
    const wrong = behaviour.invariant(actor.state)
    if (wrong !== undefined) this.broken.push(`${kind} ${id}: ${wrong}`)
  }

  /** How many places the present trip of a booking went through. */
  placesOf(id: string): number {
    return this.#places.get(id)?.size ?? 0
  }

  idsOf(kind: string): string[] {
    return [...this.#actors.keys()]
      .filter((key) => key.startsWith(`${kind} `))
      .map((key) => key.slice(kind.length + 1))
  }

  /** A trip that starts again has been nowhere yet. */
  #place(id: string, event: Readonly<{ type: string; waypoints?: readonly Place[] }>): void {
    const places = this.#places.get(id) ?? new Set<string>()
    this.#places.set(id, places)
    if (event.type === 'tracking.started') places.clear()
    for (const { boot, seq } of event.waypoints ?? []) places.add(`${boot} ${seq}`)
  }

  /** The actor in its wire shape, as it would be after JSON. */
  view(kind: string, id: string): unknown {
    const actor = this.#actors.get(`${kind} ${id}`)
    if (!actor) return undefined
    const { behaviour, state } = actor
    return JSON.parse(JSON.stringify(behaviour.view({ state, volatile: behaviour.volatile }, id)))
  }
}

/** How two plain views differ: nothing when they are equal, else the names of the fields. */
export function difference(folded: unknown, served: unknown): string | undefined {
  if (isDeepStrictEqual(folded, served)) return undefined
  if (!isRecord(folded) || !isRecord(served)) return `${typeof folded} and ${typeof served}`
  const names = new Set([...Object.keys(folded), ...Object.keys(served)])
  return [...names].filter((name) => !isDeepStrictEqual(folded[name], served[name])).join(', ')
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
