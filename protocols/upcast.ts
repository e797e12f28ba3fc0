/** Versions of events: what was written years ago is lifted to today's shape when it is read, and only then. */
import type { EventName } from './catalogue.ts'
import type { EventRecord } from './frame.ts'

/** Lifts data of one version to the next. Pure: replay must give the same for ever. */
export type Upcaster = (data: object) => object

/** `up[v]` lifts from version v to v + 1; there is one for every version below the current one. */
export interface Lineage {
  readonly version: number
  readonly up: Readonly<Record<number, Upcaster>>
}

export type Lineages = Readonly<Record<string, Lineage>>

/** A type that has never changed: most are. */
const first: Lineage = { version: 1, up: {} }

/** Types whose schema has changed since they were first journaled. Each former version keeps its golden file. */
export const lineages: { readonly [Type in EventName]?: Lineage } = {}

/** The version that new events of a type are written with. */
export const versionOf = (type: string, table: Lineages = lineages): number => lineageOf(type, table).version

/** The record with its data in today's shape. Throws when it is newer than this program, or a version has no upcaster. */
export function lift(record: EventRecord, table: Lineages = lineages): EventRecord {
  const { version, up } = lineageOf(record.type, table)
  if (record.version === version) return record
  if (record.version > version || record.version < 1)
    throw new Error(`version ${record.version} of ${record.type} is unknown here: ${version} is the newest`)
  let data = record.data
  for (let from = record.version; from < version; from++) {
    const upcaster = up[from]
    if (!upcaster) throw new Error(`${record.type} has no upcaster from version ${from}`)
    data = upcaster(data)
  }
  return { ...record, version, data }
}

const lineageOf = (type: string, table: Lineages): Lineage =>
  (Object.hasOwn(table, type) ? table[type] : undefined) ?? first
