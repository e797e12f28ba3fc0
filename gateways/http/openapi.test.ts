import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'
import { rejections } from '../../protocols/rejections.ts'
import { documents } from './documents.ts'
import { nameOf, openApi } from './openapi.ts'
import { routes } from './routes.ts'

const path = join(import.meta.dirname, '..', '..', 'docs', 'openapi.json')
const document = openApi()
const text = `${JSON.stringify(document, null, 2)}\n`
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))

test('OA1 every route has a row in documents.ts, and every row a route', () => {
  const named = routes.map(nameOf)
  expect(named.filter((name) => documents[name] === undefined)).toEqual([])
  expect(Object.keys(documents).filter((name) => !named.includes(name))).toEqual([])
})

test('OA1 every route says what it is for and who may ask', () => {
  expect(operations).toHaveLength(routes.length)
  expect(operations.filter(({ summary }) => !/^[A-Z].*\.$/.test(summary))).toEqual([])
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
  expect(operations.filter(({ security }) => security.length === 0)).toHaveLength(
    routes.filter(({ roles }) => roles === 'public').length,
  )
})

test('OA2 docs/openapi.json is what the tables say now', () => {
  if (process.env.UPDATE_DOCS === '1') writeFileSync(path, text)
  expect(readFileSync(path, 'utf8'), 'run this test with UPDATE_DOCS=1').toBe(text)
})

test('OA3 the document is OpenAPI 3.1', async () => {
  const valid = await new Validator().validate(JSON.parse(text))
  expect(valid).toEqual({ valid: true })
  const broken = await new Validator().validate({ ...JSON.parse(text), paths: { health: [] } })
  expect(broken.valid).toBe(false)
})

test('OA4 every reference of the document leads somewhere', () => {
  const references = [...text.matchAll(/"\$ref": "#\/components\/schemas\/([^"]+)"/g)].map(
    (match) => match[1],
  )
  expect(references.filter((name) => !Object.hasOwn(document.components.schemas, String(name)))).toEqual([])
  expect(references.length).toBeGreaterThan(50)
})

test('OA5 a refusal is documented under the status of its row', () => {
  for (const { operationId, responses } of operations)
    for (const [status, answer] of Object.entries(responses))
      for (const code of (answer as { 'x-codes'?: readonly (keyof typeof rejections)[] })['x-codes'] ?? [])
        expect(rejections[code].status, `${operationId} ${code}`).toBe(Number(status))
})

test('OA6 what the doors fill in may be left out of a body', () => {
  const body = document.paths['/api/v1/bookings']?.post?.requestBody as {
    content: {
      'application/json': {
        schema: { required: string[]; properties: Record<string, { required: string[] }> }
      }
    }
  }
  const { required, properties } = body.content['application/json'].schema
  expect(required).toEqual(['pet_spec', 'pickup_address', 'dropoff_address'])
  expect(properties.pet_spec?.required).toEqual(['pet_type', 'name', 'weight_kg'])
})
