import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import specs from '@asyncapi/specs'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { asyncApi } from './asyncapi.ts'
import { events } from './catalogue.ts'
import { cloudEventOf, published } from './published.ts'
import { sampleOf } from './sample.ts'
import { closeCodes, serverMessages, socketCommands } from './socket.ts'
import { public_events, publicEvent, reportText, streamOf } from './topics.ts'

const ajv = new Ajv({ strict: false })
const document = asyncApi()
const path = join(import.meta.dirname, '..', 'docs', 'asyncapi.json')
const text = `${JSON.stringify(document, null, 2)}\n`
const id = '2d6e6f5a-7c1d-4f8a-9b7e-2d1a5c3e4f62'
/** Reports of signals: no events, but on a topic all the same. */
const reports = ['runner.location_rejected', 'runner.location_update']

const flawOf = (schema: object, value: unknown) => {
  const validate = ajv.compile(schema)
  return validate(value) ? undefined : ajv.errorsText(validate.errors)
}
/** The schema with no room for a field that it does not name. */
const closed = (schema: object) => ({ ...schema, additionalProperties: false })

test('AA1 every message of a public topic has a schema, and every schema a message', () => {
  expect(Object.keys(published).sort()).toEqual([...public_events, ...reports].sort())
})

test.each(public_events)('AA1 %s is published as its schema says, and with no other field', (type) => {
  const data = sampleOf(events[type as keyof typeof events]) as object
  const record = { kind: 'any', id, seq: 1, type, version: 1, cause: 'c', at_ms: 1_790_000_000_007, data }
  const event = publicEvent({ ...record, by: { id, role: 'owner' } }, '1:2:3')
  const schema = published[type]
  if (!event || !schema) throw new Error(`${type} is not public`)
  expect(flawOf(cloudEventOf(type, schema), event.message)).toBeUndefined()
  expect(flawOf(closed(schema), event.message.data)).toBeUndefined()
})

test.each(reports)('AA1 the report %s fits its schema', (type) => {
  const schema = published[type]
  if (!schema) throw new Error(`${type} has no schema`)
  const { occurred_at: _, ...data } = sampleOf(schema) as { occurred_at: string }
  const report = { from: { actor: 'runner', id }, type, key: 'k', at_ms: 1_790_000_000_007 }
  const times = { timestamp: '2026-09-21T13:33:20Z' }
  const { text: sent } = reportText({ ...report, data: { ...data, ...times } })
  expect(flawOf(cloudEventOf(type, schema), JSON.parse(sent))).toBeUndefined()
})

test('AA2 docs/asyncapi.json is what the tables say now', () => {
  if (process.env.UPDATE_DOCS === '1') writeFileSync(path, text)
  expect(readFileSync(path, 'utf8'), 'run this test with UPDATE_DOCS=1').toBe(text)
})

test('AA3 the document is AsyncAPI 3', () => {
  const schema: object = specs.schemas['3.0.0']
  const checker = new Ajv({
    meta: false,
    validateSchema: false,
    strict: false,
    validateFormats: false,
    logger: false,
  })
  const validate = checker.compile(schema)
  expect(validate(document), checker.errorsText(validate.errors)).toBe(true)
  expect(validate({ ...document, channels: [] })).toBe(false)
})

test('AA4 every reference of the document leads somewhere', () => {
  const references = [...text.matchAll(/"\$ref": "#\/([^"]+)"/g)].map((match) => match[1] ?? '')
  const resolve = (reference: string) =>
    reference
      .split('/')
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document)
  expect(references.filter((reference) => resolve(reference) === undefined)).toEqual([])
  expect(references.length).toBeGreaterThan(50)
})

test('AA5 every message of a topic or a socket stands in the document', () => {
  const messages = Object.keys(document.components.messages)
  const wanted = [
    ...Object.keys(published).map((type) => `${streamOf(type)}.send.${type}`),
    ...Object.keys(serverMessages).map((type) => `runnerSocket.send.${type}`),
    ...['fixes', 'command', 'ping', 'token'].map((type) => `runnerSocket.receive.${type}`),
    ...['location_update', 'booking_status_changed'].map((type) => `trackingFeed.send.${type}`),
  ]
  expect(wanted.filter((name) => !messages.includes(name))).toEqual([])
  for (const name of Object.keys(socketCommands)) expect(text).toContain(`"const": "${name}"`)
})

test('AA5 the document says why the runner socket closes', () => {
  for (const [why, code] of Object.entries(closeCodes))
    expect(document.channels.runnerSocket?.description).toContain(`${code} ${why}`)
})
