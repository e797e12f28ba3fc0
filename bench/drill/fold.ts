import { isDeepStrictEqual } from 'node:util'
import { Fold } from '../../engine/fold.ts'
import type { EventRecord } from '../../protocols/frame.ts'
import { lift } from '../../protocols/upcast.ts'

interface Place {
  readonly boot: string
  readonly seq: number
}

/** The fold of the log, and how many places each trip went through: those are in the lists, not in the trip. */
export class Retold extends Fold {
  readonly #places = new Map<string, Set<string>>()

  override take(record: EventRecord) {
    const { kind, id, type, data } = lift(record)
    if (kind === 'trip') this.#place(id, { ...data, type })
    return super.take(record)
  }

  /** How many places the present trip of a booking went through. */
  placesOf(id: string): number {
    return this.#places.get(id)?.size ?? 0
  }

  /** A trip that starts again has been nowhere yet. */
  #place(id: string, event: Readonly<{ type: string; waypoints?: readonly Place[] }>): void {
    const places = this.#places.get(id) ?? new Set<string>()
    this.#places.set(id, places)
    if (event.type === 'tracking.started') places.clear()
    for (const { boot, seq } of event.waypoints ?? []) places.add(`${boot} ${seq}`)
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
