// A client made of nothing but the OpenAPI document: it checks what it sends and what it is answered against it.
import { Ajv2020 } from 'ajv/dist/2020.js'

type Json = Readonly<Record<string, unknown>>
interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required: boolean
  readonly schema: object
}
type Content = Readonly<Record<string, { readonly schema: Json }>>
interface Operation {
  readonly operationId: string
  readonly security: readonly object[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly required: boolean; readonly content: Content }
  readonly responses: Readonly<
    Record<string, { readonly content?: Content; readonly 'x-codes'?: readonly string[] }>
  >
}
export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: object
}

export interface Given {
  readonly token?: string
  readonly parameters?: Readonly<Record<string, string | number>>
  readonly body?: unknown
  /** Sends what is not as the document has it, too. */
  readonly anyhow?: true
}
export interface Told {
  readonly status: number
  readonly body: unknown
}
export interface GeneratedOperation {
  readonly id: string
  readonly path: string
  readonly secured: boolean
  readonly parameters: readonly Parameter[]
  /** Of the JSON body, its references in place; none for an operation without one. */
  readonly body: Json | undefined
  /** Sends the request, which must be as the document has it. Rejects when the answer is not. */
  call(given?: Given): Promise<Told>
}

/** The operations of a document, ready to be called at `origin`. */
export function clientOf(document: Document, origin: string): readonly GeneratedOperation[] {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema({ $id: 'api', components: closed(document.components) })
  const flaw = (schema: object, value: unknown) => {
    const validate = ajv.compile(referred(closed(schema)))
    return validate(value) ? undefined : ajv.errorsText(validate.errors)
  }
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): GeneratedOperation => {
      const body = operation.requestBody?.content['application/json']?.schema
      return {
        id: operation.operationId,
        path,
        secured: operation.security.length > 0,
        parameters: operation.parameters ?? [],
        body: body && (resolved(body, document) as Json),
        call: async (given = {}) => {
          const wrong = given.anyhow ? undefined : wrongIn(operation, given, flaw)
          if (wrong !== undefined) throw new Error(`${operation.operationId} was called wrongly: ${wrong}`)
          const response = await fetch(...requestOf(origin, path, method, operation, given))
          return checked(operation, response, flaw)
        },
      }
    }),
  )
}

type Flaw = (schema: object, value: unknown) => string | undefined

function wrongIn({ parameters = [], requestBody }: Operation, given: Given, flaw: Flaw): string | undefined {
  for (const { name, required, schema } of parameters) {
    const value = given.parameters?.[name]
    if (value === undefined && required) return `${name} is missing`
    const wrong = value === undefined ? undefined : flaw(schema, value)
    if (wrong !== undefined) return `${name} ${wrong}`
  }
  if (given.body === undefined) return requestBody?.required ? 'a body is missing' : undefined
  const schema = requestBody?.content['application/json']?.schema
  return schema ? flaw(schema, given.body) : 'it takes no body'
}

function requestOf(
  origin: string,
  path: string,
  method: string,
  { parameters = [] }: Operation,
  given: Given,
): [string, RequestInit] {
  const of = (place: Parameter['in']) =>
    parameters.flatMap(({ name, in: at }) => {
      const value = given.parameters?.[name]
      return at === place && value !== undefined ? [[name, String(value)] as const] : []
    })
  const url = of('path').reduce(
    (text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(value)),
    path,
  )
  const query = new URLSearchParams(Object.fromEntries(of('query'))).toString()
  const headers = {
    ...Object.fromEntries(of('header')),
    ...(given.token === undefined ? {} : { authorization: `Bearer ${given.token}` }),
    ...(given.body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  return [
    origin + url + (query === '' ? '' : `?${query}`),
    {
      method: method.toUpperCase(),
      headers,
      redirect: 'manual',
      ...(given.body === undefined ? {} : { body: JSON.stringify(given.body) }),
    },
  ]
}

/** The answer, if its status, its type, its body and the code of a refusal are in the document. */
async function checked(operation: Operation, response: Response, flaw: Flaw): Promise<Told> {
  const { operationId, responses } = operation
  const { status } = response
  const text = await response.text()
  const complain = (why: string) =>
    new Error(`${operationId} answered ${status}: ${why}: ${text.slice(0, 500)}`)
  const documented = responses[status]
  if (!documented) throw complain('that status is not documented')
  if (!documented.content) {
    if (text !== '') throw complain('a body is not documented')
    return { status, body: undefined }
  }
  const type = response.headers.get('content-type') ?? ''
  const schema = documented.content[type]?.schema
  if (!schema) throw complain(`the type ${type} is not documented`)
  const body: unknown = type.includes('json') ? JSON.parse(text) : text
  const wrong = flaw(schema, body)
  if (wrong !== undefined) throw complain(wrong)
  const code = typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : undefined
  if (code !== undefined && documented['x-codes'] && !documented['x-codes'].includes(code))
    throw complain(`the code ${code} is not documented`)
  return { status, body }
}

/** References lead into the schema that holds the components. */
const referred = (schema: object): object =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"api#/components/'))

/** No room for a field that is not documented, wherever fields are. The document itself leaves room for later ones. */
function closed(value: object): object {
  if (Array.isArray(value)) return value.map((item) => (isObject(item) ? closed(item) : item))
  const inner = Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, isObject(item) ? closed(item) : item]),
  )
  const open =
    inner.type === 'object' && isObject(inner.properties) && inner.additionalProperties === undefined
  return open && !isEnvelopeOfDocument(inner.properties as object)
    ? { ...inner, additionalProperties: false }
    : inner
}

/** The documents themselves are described by their first field alone. */
const isEnvelopeOfDocument = (properties: object) => 'openapi' in properties || 'asyncapi' in properties

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** With every reference replaced by what it leads to. */
function resolved(value: unknown, document: Document): unknown {
  if (Array.isArray(value)) return value.map((item) => resolved(item, document))
  if (!isObject(value)) return value
  if ('$ref' in value && typeof value.$ref === 'string') {
    const found = value.$ref
      .slice(2)
      .split('/')
      .reduce<unknown>((at, key) => (at as Json | undefined)?.[key], document)
    return resolved(found, document)
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolved(item, document)]))
}
