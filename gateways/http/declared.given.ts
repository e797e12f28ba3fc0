// Holds what the door answers against what docs/openapi.json says that it may.
import { openApi } from './openapi.ts'

interface Declared {
  readonly method: string
  readonly path: RegExp
  readonly name: string
  readonly responses: Readonly<Record<string, object>>
}

const escaped = (text: string) => text.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&')

/** Paths without ids first, as the router has it. */
const declared: readonly Declared[] = Object.entries(openApi().paths)
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { responses }]) => ({
      method: method.toUpperCase(),
      path: new RegExp(`^${escaped(path).replaceAll(/\{\w+\}/g, '[^/]*')}$`),
      name: `${method.toUpperCase()} ${path}`,
      responses,
    })),
  )
  .sort((a, b) => a.name.split('{').length - b.name.split('{').length)

/** The door's own words for what is no operation at all, or none of a part that is served alone. */
const of_no_operation = new Set(['request.not_found', 'request.method'])

/** The code of the problem that a body begins with; '' where it is none. */
export const codeIn = (body: string): string =>
  /^\{"success":false,[^{}]*?"code":"([^"]*)"/.exec(body.slice(0, 1_000))?.[1] ?? ''

/** What the document does not say of an answer, in words; undefined where it says it, or where nobody serves the path. */
export function undeclared(method: string, url: string, status: number, code = ''): string | undefined {
  const [path = ''] = url.split('?')
  const found = declared.find((each) => each.method === method && each.path.test(path))
  if (!found || of_no_operation.has(code)) return undefined
  const response = found.responses[status]
  if (response === undefined) return `${found.name} declares no ${status} ${code}`
  const codes = (response as { 'x-codes'?: readonly string[] })['x-codes'] ?? []
  if (code !== '' && !codes.includes(code)) return `${found.name} declares no ${code} with its ${status}`
  return undefined
}
