/** Bodies held against the catalogue: strangers' are cleaned or refused, our own events are right or a bug. */
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { commands, events, queries, signals } from './catalogue.ts'
import { sealedMax } from './personal.ts'
import { type Rejection, reject } from './rejections.ts'
import type { Shapes } from './shape.ts'

interface Flaw {
  readonly keyword: string
  readonly schemaPath: string
  readonly instancePath: string
  readonly params: object
  readonly message: string
}

/** The parts of a schema that matter here; TypeBox's own types name each kind apart. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly default?: unknown
  readonly personal?: boolean
  readonly maxLength?: number
}

type Trim = (value: unknown) => unknown

interface Check {
  readonly trim: Trim
  readonly holds: (value: unknown) => boolean
  readonly flaws: (value: unknown) => readonly Flaw[]
}

/** The body with the catalogue's fields alone and its defaults filled in, or `request.malformed`, which names the field and its rule. */
export const checkCommand = (type: string, body: unknown) => checked(command_checks, 'command', type, body)
/** The same for a signal. */
export const checkSignal = (type: string, body: unknown) => checked(signal_checks, 'signal', type, body)
/** The same for a query. */
export const checkQuery = (type: string, body: unknown) => checked(query_checks, 'query', type, body)

/** The same for bodies that are no messages: `what` is their kind, for the detail. */
export function checkOf(shapes: Shapes, what: string) {
  const checks = checksOf(shapes)
  return (type: string, body: unknown) => checked(checks, what, type, body)
}

/** What is wrong with an event that an actor made, an extra field included; undefined when nothing is. */
export function eventFlaw(type: string, data: object): string | undefined {
  const check = event_checks.get(type)
  return check ? flawOf(check, data, 'the event') : `there is no event ${type}`
}

/** Holds documents against a schema: says what is wrong with one, an extra field included, or nothing. */
export function strictly(schema: TSchema): (document: unknown) => string | undefined {
  const check = checkFor(schema)
  return (document) => flawOf(check, document, 'the document')
}

function flawOf(check: Check, value: unknown, what: string): string | undefined {
  if (!check.holds(value)) return named(check.flaws(value))
  const extra = extraField(value, check.trim(value), '')
  return extra === undefined ? undefined : `${extra} is no field of ${what}`
}

function checked(checks: Checks, what: string, type: string, body: unknown): object | Rejection {
  const check = checks.get(type)
  if (!check) return reject('request.malformed', `there is no such ${what}`)
  const trimmed = check.trim(body)
  return check.holds(trimmed) ? (trimmed as object) : reject('request.malformed', named(check.flaws(trimmed)))
}

/** One flaw in words: where, and which rule. Values are left out, for they may be somebody's. */
function named(flaws: readonly Flaw[]): string {
  const flaw = flaws.find(({ schemaPath }) => !schemaPath.includes('/anyOf/'))
  if (!flaw) return 'does not match its schema'
  const where = flaw.instancePath.slice(1).replaceAll('/', '.')
  return `${where === '' ? 'the body' : where} ${flaw.keyword === 'anyOf' ? choice(flaw, flaws) : flaw.message}`
}

/** Of a union of literals, which there are; of any other, what each member wants. */
function choice(union: Flaw, flaws: readonly Flaw[]): string {
  const members = flaws.filter(
    ({ schemaPath, instancePath }) =>
      instancePath === union.instancePath && schemaPath.startsWith(`${union.schemaPath}/anyOf/`),
  )
  const literals = members.flatMap(({ params }) =>
    'allowedValue' in params ? [String(params.allowedValue)] : [],
  )
  if (literals.length === members.length) return `must be one of ${literals.join(', ')}`
  return members.map(({ message }) => message).join(' or ')
}

function extraField(given: unknown, trimmed: unknown, path: string): string | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const known = trimmed as Readonly<Record<string, unknown>>
  for (const [key, value] of Object.entries(given)) {
    const here = path === '' ? key : `${path}.${key}`
    const extra = Object.hasOwn(known, key) ? extraField(value, known[key], here) : here
    if (extra !== undefined) return extra
  }
  return undefined
}

/** Builds the copier of a schema: known fields only, defaults filled in, nothing checked yet. */
function trimOf(schema: Schema): Trim {
  if (schema.properties) return trimObject(schema.properties)
  if (schema.items) {
    const item = trimOf(schema.items)
    return (value) => (Array.isArray(value) ? value.map(item) : value)
  }
  if (schema.anyOf?.some(({ properties, items }) => properties || items)) return trimUnion(schema.anyOf)
  return (value) => value
}

function trimObject(properties: Readonly<Record<string, Schema>>): Trim {
  const fields = Object.entries(properties).map(([name, schema]) => ({
    name,
    trim: trimOf(schema),
    default: schema.default,
  }))
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const trimmed: Record<string, unknown> = {}
    for (const field of fields) {
      const kept = keptOf(field, value as Readonly<Record<string, unknown>>)
      if (kept !== undefined) trimmed[field.name] = kept
    }
    return trimmed
  }
}

interface Field {
  readonly name: string
  readonly trim: Trim
  readonly default: unknown
}

function keptOf(field: Field, given: Readonly<Record<string, unknown>>): unknown {
  const found = Object.hasOwn(given, field.name) ? given[field.name] : undefined
  return found === undefined ? absent(field.default) : field.trim(found)
}

/** A default of its own for each value: most are not objects. */
const absent = (value: unknown) => (typeof value === 'object' ? structuredClone(value) : value)

function trimUnion(members: readonly Schema[]): Trim {
  const choices = members.map((schema) => ({ trim: trimOf(schema), validator: Compile(schema as TSchema) }))
  return (value) => {
    for (const { trim, validator } of choices) {
      const trimmed = trim(value)
      if (validator.Check(trimmed)) return trimmed
    }
    return value
  }
}

type Checks = ReadonlyMap<string, Check>

const checksOf = (shapes: Shapes): Checks =>
  new Map(Object.entries(shapes).map(([type, schema]) => [type, checkFor(schema)]))

function checkFor(schema: TSchema): Check {
  const validator = Compile(schema)
  return {
    trim: trimOf(schema as Schema),
    holds: (value) => validator.Check(value),
    flaws: (value) => validator.Errors(value) as readonly Flaw[],
  }
}

/** Inside the engine a personal text may be a sealed one, which is longer than what was said. */
function roomy(shapes: Shapes): Shapes {
  return Object.fromEntries(
    Object.entries(shapes).map(([type, schema]) => [type, widened(schema) as TSchema]),
  )
}

function widened(schema: Schema): Schema {
  const { properties, items, personal, maxLength } = schema
  if (personal && maxLength !== undefined) return { ...schema, maxLength: sealedMax(maxLength) }
  if (items) return { ...schema, items: widened(items) }
  if (!properties) return schema
  const fields = Object.entries(properties).map(([name, field]) => [name, widened(field)])
  return { ...schema, properties: Object.fromEntries(fields) }
}

const command_checks = checksOf(commands)
const signal_checks = checksOf(signals)
const query_checks = checksOf(queries)
const event_checks = checksOf(roomy(events))
