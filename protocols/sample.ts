/** A value that fits a schema, always the same one: for golden files and tests. */
import type { TSchema } from 'typebox'

interface Schema {
  readonly type?: string
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly minItems?: number
  readonly minLength?: number
  readonly pattern?: string
  readonly minimum?: number
  readonly exclusiveMinimum?: number
}

const uuid = '0b6e6f5a-7c1d-4f8a-9b7e-2d1a5c3e4f60'

/** Knows what the catalogue uses: literals, unions, objects, lists, texts, numbers, booleans. */
export const sampleOf = (schema: TSchema): unknown => sample(schema as Schema)

function sample(schema: Schema): unknown {
  const { type, anyOf, properties, items } = schema
  if (schema.const !== undefined) return schema.const
  if (anyOf?.[0]) return sample(anyOf[0])
  if (properties) return Object.fromEntries(Object.entries(properties).map(([key, of]) => [key, sample(of)]))
  if (items) return Array.from({ length: schema.minItems ?? 1 }, () => sample(items))
  if (type === 'string') return schema.pattern ? uuid : 'x'.repeat(Math.max(1, schema.minLength ?? 1))
  if (type === 'boolean') return true
  if (type === 'null') return null
  return numberOf(schema)
}

const numberOf = ({ type, minimum, exclusiveMinimum }: Schema): number => {
  const least = minimum ?? exclusiveMinimum ?? 0
  return type === 'integer' ? Math.max(least, 0) + 1 : least + 1.5
}
