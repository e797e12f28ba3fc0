// Which fields of which commands are sealed: read off the schemas once, so that a command without personal fields costs nothing.
import type { TSchema } from 'typebox'
import { commands, events } from '../../protocols/catalogue.ts'
import { holdsSealed } from '../../protocols/personal.ts'
import type { Shapes } from '../../protocols/shape.ts'

type Seal = (field: string, text: string) => string

/** What seals a body of one command. */
export interface Sealer {
  /** A copy with its personal texts sealed; what is empty, or a menu's own word, stays as it is. */
  seal(body: object, seal: Seal): object
  /** The field that looks like a sealed text and is none that is sealed here: such a text never comes from a client. */
  stray(body: object): string | undefined
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly personal?: boolean
  readonly plain?: readonly string[]
}

type Walk = (value: unknown, seal: Seal) => unknown

/** How to seal a command of this type; undefined for one that has no personal field. */
export const sealerOf = (type: string): Sealer | undefined => sealers.get(type)

/** Whether an event of this type may hold sealed texts. */
export const isPersonalEvent = (type: string): boolean => personal_events.has(type)

/** Whether actors of this kind may hold sealed texts. */
export const isPersonalActor = (kind: string): boolean => personal_actors.has(kind)

function walkOf(schema: Schema, path: string): Walk | undefined {
  if (schema.personal) return textWalk(schema.plain ?? [], path)
  if (schema.properties) return objectWalk(schema.properties, path)
  const item = schema.items && walkOf(schema.items, path)
  if (item) return (value, seal) => (Array.isArray(value) ? value.map((each) => item(each, seal)) : value)
  if (schema.anyOf?.some((member) => walkOf(member, path)))
    throw new Error(`${path}: a choice may not hold personal fields`)
  return undefined
}

const textWalk =
  (plain: readonly string[], path: string): Walk =>
  (value, seal) =>
    typeof value === 'string' && value !== '' && !plain.includes(value) ? seal(path, value) : value

function objectWalk(properties: Readonly<Record<string, Schema>>, path: string): Walk | undefined {
  const fields = Object.entries(properties).flatMap(([name, schema]) => {
    const walk = walkOf(schema, joined(path, name))
    return walk ? [{ name, walk }] : []
  })
  if (fields.length === 0) return undefined
  return (value, seal) => {
    if (typeof value !== 'object' || value === null) return value
    const sealed: Record<string, unknown> = { ...value }
    for (const { name, walk } of fields)
      if (sealed[name] !== undefined) sealed[name] = walk(sealed[name], seal)
    return sealed
  }
}

const joined = (path: string, name: string) => (path === '' ? name : `${path}.${name}`)
const within = (schema: Schema | undefined, name: string) => schema?.items ?? schema?.properties?.[name]

/** Looks at what is not sealed, wherever it stands. */
function strayIn(value: unknown, schema: Schema | undefined, path: string): string | undefined {
  if (schema?.personal) return undefined
  if (typeof value === 'string') return holdsSealed(value) ? path : undefined
  if (typeof value !== 'object' || value === null) return undefined
  for (const [name, each] of Object.entries(value)) {
    const found = strayIn(each, within(schema, name), joined(path, name))
    if (found !== undefined) return found
  }
  return undefined
}

function sealerFor(schema: TSchema): Sealer | undefined {
  const walk = walkOf(schema as Schema, '')
  return (
    walk && {
      seal: (body, seal) => walk(body, seal) as object,
      stray: (body) => strayIn(body, schema as Schema, ''),
    }
  )
}

const personalIn = (shapes: Shapes): readonly string[] =>
  Object.entries(shapes).flatMap(([type, schema]) => (walkOf(schema as Schema, '') ? [type] : []))

const sealers: ReadonlyMap<string, Sealer> = new Map(
  Object.entries(commands).flatMap(([type, schema]) => {
    const sealer = sealerFor(schema)
    return sealer ? [[type, sealer] as const] : []
  }),
)
/** A failed payment may name the reason that its hold went back for. */
const personal_events: ReadonlySet<string> = new Set([...personalIn(events), 'payment.failed'])
const kindOf = (type: string) => type.slice(0, type.indexOf('.'))
const personal_actors: ReadonlySet<string> = new Set([...personal_events].map(kindOf))
