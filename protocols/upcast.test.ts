import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { events } from './catalogue.ts'
import { eventFlaw } from './check.ts'
import { decodeRecord, encodeRecord } from './codec.ts'
import type { EventRecord, Frame } from './frame.ts'
import { sampleOf } from './sample.ts'
import { type Lineages, lift, versionOf } from './upcast.ts'

/** An event as it was journaled: as JSON for people, and as a frame of the journal in base64. */
interface Golden {
  readonly record: EventRecord
  readonly frame: string
}

const folder = new URL('./golden/', import.meta.url)
const fileOf = (type: string, version: number) => `${type}.v${version}.json`
const by = { id: '1c6e6f5a-7c1d-4f8a-9b7e-2d1a5c3e4f61', role: 'owner' } as const

const recordOf = (type: string, version: number, data: object): EventRecord => ({
  kind: type.slice(0, type.indexOf('.')),
  id: by.id,
  seq: 1,
  type,
  version,
  by,
  cause: 'command-1',
  at_ms: 1_790_000_000_123,
  data,
})

const frameOf = (record: EventRecord): Frame => ({
  v: 1,
  shard: 1,
  epoch: 2,
  writer: 'writer-1',
  n: 3,
  prev_seq: 4,
  prev_hash: '',
  at_ms: record.at_ms,
  commands: [],
  events: [record],
  settled: [],
})

/** What the file of a new event, or of an event's new version, holds. */
function goldenText(type: string, data: object): string {
  const record = recordOf(type, versionOf(type), data)
  const golden: Golden = { record, frame: Buffer.from(encodeRecord(frameOf(record))).toString('base64') }
  return `${JSON.stringify(golden, undefined, 2)}\n`
}

test('CD8 every version of every event has a golden file', () => {
  const files = new Set(readdirSync(folder))
  const missing: Record<string, string> = {}
  for (const [type, schema] of Object.entries(events))
    for (let version = 1; version <= versionOf(type); version++)
      if (!files.delete(fileOf(type, version)))
        missing[`protocols/golden/${fileOf(type, version)}`] = goldenText(type, sampleOf(schema) as object)
  // A file that is missing is to be made with the text that is shown here.
  expect(missing).toEqual({})
  expect([...files]).toEqual([])
})

test('CD9 what was ever journaled is read, lifted, and fits the schema of today', () => {
  for (const file of readdirSync(folder)) {
    const { record, frame } = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Golden
    const decoded = decodeRecord(Buffer.from(frame, 'base64'))
    expect('events' in decoded && decoded.events, file).toEqual([record])
    const lifted = lift(record)
    expect(lifted.version).toBe(versionOf(record.type))
    expect(eventFlaw(lifted.type, lifted.data), file).toBeUndefined()
  }
})

const table: Lineages = {
  'pet.named': {
    version: 3,
    up: {
      1: (data) => ({ ...data, nickname: '' }),
      2: ({ nickname, ...rest }: { nickname?: string }) => ({ ...rest, names: [nickname] }),
    },
  },
  'pet.lost': { version: 3, up: { 1: (data) => data } },
}

test('CD10 an old event goes through each upcaster in turn, and one of today is left as it is', () => {
  const old = recordOf('pet.named', 1, { id: 'x' })
  expect(lift(old, table)).toEqual({ ...old, version: 3, data: { id: 'x', names: [''] } })
  expect(old).toEqual(recordOf('pet.named', 1, { id: 'x' }))
  const current = recordOf('pet.named', 3, { names: [] })
  expect(lift(current, table)).toBe(current)
  const unchanged = recordOf('pet.fed', 1, {})
  expect(lift(unchanged, table)).toBe(unchanged)
  expect([versionOf('pet.named', table), versionOf('pet.fed', table)]).toEqual([3, 1])
})

test('CD10 an event that is newer than the program, or that cannot be lifted, is an error', () => {
  expect(() => lift(recordOf('pet.named', 4, {}), table)).toThrow('version 4 of pet.named is unknown')
  expect(() => lift(recordOf('pet.named', 0, {}), table)).toThrow('version 0')
  expect(() => lift(recordOf('pet.lost', 1, {}), table)).toThrow('no upcaster from version 2')
})
