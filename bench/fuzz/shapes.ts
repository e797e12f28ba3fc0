// Values that fit a schema, as fast-check makes them: what strangers would send if they meant well.
import fc, { type Arbitrary } from 'fast-check'
import type { TSchema } from 'typebox'

interface Schema {
  readonly type?: string
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly minItems?: number
  readonly maxItems?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
}

const items_max = 4
const text_max = 24
const number_max = 1e12

/** Fits the schema; ids are often one of `ids`, so that inputs meet what exists. */
export const fitting = (schema: TSchema, ids: readonly string[] = []): Arbitrary<unknown> =>
  arbitraryOf(schema as Schema, ids)

function arbitraryOf(schema: Schema, ids: readonly string[]): Arbitrary<unknown> {
  const { type, anyOf, properties, items } = schema
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (anyOf) return fc.oneof(...anyOf.map((each) => arbitraryOf(each, ids)))
  if (properties) return objectOf(schema, properties, ids)
  if (items) {
    const { minItems = 0, maxItems = items_max } = schema
    const maxLength = Math.max(minItems, Math.min(maxItems, items_max))
    return fc.array(arbitraryOf(items, ids), { minLength: minItems, maxLength })
  }
  if (type === 'string') return textOf(schema, ids)
  if (type === 'boolean') return fc.boolean()
  if (type === 'null') return fc.constant(null)
  if (type === 'integer' || type === 'number') return numberOf(schema)
  return fc.constant({})
}

function objectOf(
  { required = [] }: Schema,
  properties: Readonly<Record<string, Schema>>,
  ids: readonly string[],
): Arbitrary<unknown> {
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, arbitraryOf(schema, ids)]),
  )
  return fc.record(fields, { requiredKeys: required.filter((name) => Object.hasOwn(fields, name)) })
}

function textOf({ pattern, minLength = 0, maxLength = text_max }: Schema, ids: readonly string[]) {
  if (pattern?.includes('[0-9a-f]{8}'))
    return ids.length === 0
      ? fc.uuid()
      : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...ids) }, { weight: 1, arbitrary: fc.uuid() })
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern), { maxLength: text_max * 2 })
  const longest = Math.max(minLength, Math.min(maxLength, text_max))
  return fc.string({ minLength, maxLength: longest, unit: fc.constantFrom(...alphabet) })
}

/** Letters, signs, what is not ASCII, and what some stores do not take. */
const alphabet = [...'abcXYZ019 -_+@./\\"\'<>{}%éß漢🐈', '\u202e', '\n', '\t', '\u0007']

function numberOf({ type, minimum, exclusiveMinimum, maximum }: Schema): Arbitrary<number> {
  const least = minimum ?? exclusiveMinimum ?? -number_max
  const most = maximum ?? Math.max(least, number_max)
  if (type === 'integer') return fc.integer({ min: Math.ceil(least), max: Math.floor(most) })
  return fc.oneof(
    fc.integer({ min: Math.ceil(least), max: Math.floor(most) }),
    fc.double({ min: least, max: most, noNaN: true }),
  )
}
