/** Our schemas as the documents show them: named ones by reference, our own keywords with an `x-`. */
import type { TSchema } from 'typebox'
import { wire } from '../../protocols/wire.ts'
import { wire_records } from '../../protocols/wire_records.ts'

export interface SchemaObject {
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}
export type Schema = SchemaObject

interface Given {
  readonly properties?: Readonly<Record<string, TSchema>>
  readonly required?: readonly string[]
}

/** Every shape that has a name. */
export const named: Readonly<Record<string, TSchema>> = { ...wire, ...wire_records }

const names: ReadonlyMap<object, string> = new Map(
  Object.entries(named).map(([name, schema]) => [schema, name]),
)

/** `own` is the name that the schema itself has: it is then written out. */
export const asAnswer = (schema: TSchema, own?: string): Schema => shown(schema, own) as Schema

/** The same for what clients send: a field with a default may be left out, and so may those that are `optional`. */
export function asRequest(schema: TSchema, optional: readonly string[] = []): Schema {
  const written = eased(shown(schema, undefined)) as Schema
  const required = (written.required ?? []).filter((name) => !optional.includes(name))
  return written.required ? { ...written, required } : written
}

/** What our schemas say beyond JSON Schema. */
const own_keywords: ReadonlySet<string> = new Set(['personal', 'plain'])

function shown(value: unknown, own?: string): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => shown(item))
  const name = names.get(value)
  if (name !== undefined && name !== own) return { $ref: `#/components/schemas/${name}` }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [own_keywords.has(key) ? `x-${key}` : key, shown(item)]),
  )
}

/** Takes fields with a default off the list of those that must be there, at every depth. */
function eased(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(eased)
  const inner = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, eased(item)]))
  const { properties, required } = inner as Given
  if (!properties || !required) return inner
  return { ...inner, required: required.filter((name) => !Object.hasOwn(properties[name] ?? {}, 'default')) }
}
