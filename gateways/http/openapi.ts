/**
 * The OpenAPI 3.1 document, generated from the table of routes, the schemas of commands, the rows of `documents.ts` and
 * the rejections. It is committed as docs/openapi.json: test OA2 compares, and writes it anew with UPDATE_DOCS=1.
 */
import type { TSchema } from 'typebox'
import { publicCommands } from '../../protocols/catalogue.ts'
import { limits } from '../../protocols/limits.ts'
import { type RejectionCode, rejections } from '../../protocols/rejections.ts'
import { sealerOf } from '../vault/sealing.ts'
import { contextOf, contexts } from './context.ts'
import type { Documented } from './documented.ts'
import { documents } from './documents.ts'
import { type Method, of_operations, type Route, routes } from './routes.ts'
import { asAnswer, asRequest, named, type Schema, type SchemaObject } from './schemas.ts'

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly security: readonly object[]
  readonly parameters?: readonly object[]
  readonly requestBody?: object
  readonly responses: Readonly<Record<string, object>>
}

export interface OpenApi {
  readonly openapi: '3.1.0'
  readonly info: object
  readonly servers: readonly object[]
  readonly tags: readonly object[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>
    readonly securitySchemes: object
  }
}

/** How `documents.ts` names a route. */
export const nameOf = ({ method, path }: Route): string => `${method} ${path}`

/** The codes that any route may answer, and those that depend on what it takes. */
const always: readonly RejectionCode[] = [
  'auth.rate_limited',
  'request.failed',
  'request.headers_too_large',
  'request.url_too_long',
  'unavailable',
]
const guarded: readonly RejectionCode[] = [
  'auth.banned',
  'auth.csrf',
  'auth.missing_token',
  'auth.refresh_revoked',
  'auth.invalid_token',
  'auth.expired',
  'auth.role',
]
const reading: readonly RejectionCode[] = ['request.malformed', 'request.too_large', 'request.too_slow']
const asking: readonly RejectionCode[] = [
  'actor.quarantined',
  'command.poisoned',
  'deadline',
  'moved',
  'overloaded',
]
const keyed: readonly RejectionCode[] = ['request.key_expired', 'request.key_reused']
const bodied: ReadonlySet<Method> = new Set(['POST', 'PUT'])

export function openApi(): OpenApi {
  const paths: Record<string, Record<string, Operation>> = {}
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) }
  }
  const schemas = Object.entries(named).map(([name, schema]) => [name, asAnswer(schema, name)])
  return {
    openapi: '3.1.0',
    info: {
      title: 'Kilat Dispatch',
      version: '1.0.0',
      description:
        'Dispatch and live tracking for pet transport. Times are UTC in whole seconds, money is integer sen. In bodies unknown fields are ignored and a field that is null counts as left out.',
    },
    servers: [{ url: '/' }],
    tags: contexts.map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(schemas),
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  }
}

function operationOf(route: Route): Operation {
  const documented: Documented = documents[nameOf(route)] ?? { about: '' }
  const parameters = [...pathParameters(route), ...queryParameters(documented), ...headers(route)]
  const body = bodyOf(route, documented)
  const roles = route.roles === 'public' ? undefined : `For ${route.roles.join(', ')}.`
  return {
    operationId: idOf(route),
    summary: documented.about,
    ...(roles === undefined ? {} : { description: roles }),
    tags: [contextOf(route.path)],
    security: roles === undefined ? [] : [{ bearer: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: { ...successOf(route, documented), ...refusalsOf(route, documented) },
  }
}

/** `post_bookings_id_accept`. */
const idOf = ({ method, path }: Route): string =>
  `${method.toLowerCase()}_${path.replace('/api/v1/', '').replaceAll(/\W+/g, '_').replaceAll(/^_|_$/g, '')}`

const uuid = { type: 'string', pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' }

/** Of a link. */
const token = { type: 'string', minLength: 1 }

const pathParameters = ({ path }: Route): readonly object[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: name === 'token' ? token : uuid,
  }))

function queryParameters({ query }: Documented): readonly object[] {
  if (!query) return []
  const { properties = {}, required = [] } = asRequest(query)
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
}

const headers = (route: Route): readonly object[] =>
  'command' in route
    ? [
        {
          name: 'Idempotency-Key',
          in: 'header',
          required: false,
          description: 'A repeat with the same key and body is answered, not done again.',
          schema: { type: 'string', maxLength: limits.idempotency_key_max },
        },
      ]
    : []

function bodyOf(route: Route, { body, optional }: Documented): object | undefined {
  // A copy of something that is there has nothing to say.
  if ('copies' in route) return undefined
  const given: TSchema | undefined = 'command' in route ? publicCommands[route.command] : body
  if (!given) return undefined
  const schema = asRequest(given, optional)
  if (Object.keys(schema.properties ?? {}).length === 0) return undefined
  return { required: (schema.required ?? []).length > 0, content: { 'application/json': { schema } } }
}

function successOf(route: Route, documented: Documented): Readonly<Record<string, object>> {
  const status = documented.status ?? ('status' in route ? route.status : undefined) ?? 200
  const { answer, content_type = 'application/json' } = documented
  return {
    [status]: answer
      ? { description: 'Done.', content: { [content_type]: { schema: asAnswer(answer) } } }
      : { description: 'Done.' },
  }
}

const problem: SchemaObject = { $ref: '#/components/schemas/Problem' }

/** By status; which codes each may carry is in `x-codes`. */
function refusalsOf(route: Route, { refuses = [], also }: Documented): Readonly<Record<string, object>> {
  const codes = new Set([...refuses, ...always])
  const add = (more: readonly RejectionCode[]) => {
    for (const code of more) codes.add(code)
  }
  if (route.roles !== 'public') add(guarded)
  if (bodied.has(route.method)) add(reading)
  if (route.path.includes(':') || documents[nameOf(route)]?.query) add(['request.malformed'])
  if ('command' in route) add(keyed)
  if (sealsTexts(route)) add(['account.not_found'])
  if (route.roles !== 'public') add(asking)
  if (!of_operations.has(route.path)) add(['moved'])
  const by_status = new Map<number, RejectionCode[]>()
  for (const code of [...codes].sort()) {
    const { status } = rejections[code]
    by_status.set(status, [...(by_status.get(status) ?? []), code])
  }
  const answers = [...by_status].map(([status, of]) => [
    status,
    refusalOf(of, also?.[0] === status ? also[1] : undefined),
  ])
  const found: Readonly<Record<string, object>> = Object.fromEntries(answers)
  return { ...found, 403: { ...found[403], description: describedWith(found[403]) } }
}

/** It has texts of a person, for whom there is no key any more once he was erased. */
const sealsTexts = (route: Route): boolean => {
  const command = 'command' in route ? route.command : 'sends' in route ? route.sends : undefined
  return command !== undefined && sealerOf(command) !== undefined
}

/** A page of another origin is sent away before anything is looked at. */
const foreign_page = 'Without a body: the page that asks is of an origin that is not listed.'
const describedWith = (refusal: object | undefined): string =>
  refusal && 'description' in refusal ? `${refusal.description} ${foreign_page}` : foreign_page

const refusalOf = (codes: readonly RejectionCode[], other: TSchema | undefined): object => ({
  description: codes.map((code) => `${code}: ${rejections[code].title}.`).join(' '),
  content: {
    'application/json': { schema: other ? { anyOf: [asAnswer(other), problem] } : problem },
  },
  'x-codes': codes,
})
