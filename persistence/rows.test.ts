import { afterAll, expect, test } from 'vitest'
import { rowsContract } from '../engine/rows.contract.ts'
import * as notices from '../protocols/notice_tables.ts'
import * as offers from '../protocols/offer_tables.ts'
import type { Kind, Table } from '../protocols/rows.ts'
import * as records from '../protocols/tables.ts'
import { sharedTestDatabase } from './migrated.ts'
import { openRows } from './rows.ts'

const database = sharedTestDatabase()
afterAll(() => database.close())

rowsContract('PostgreSQL', async () => ({
  rows: openRows((await database.open()).sql),
  close: async () => undefined,
}))

const tables = [records, notices, offers].flatMap(
  (module) => Object.values(module) as unknown as Table<Record<string, unknown>>[],
)
const types: Readonly<Record<Kind, readonly string[]>> = {
  uuid: ['uuid'],
  text: ['text'],
  integer: ['bigint', 'integer'],
  number: ['double precision'],
  boolean: ['boolean'],
  time: ['timestamp with time zone'],
  json: ['jsonb'],
}

test('RO6 every column of a table is in the database, of the type that its kind wants', async () => {
  const { sql } = await database.open()
  const known = await sql<{ name: string; type: string }[]>`
    SELECT table_name || '.' || column_name AS name, data_type AS type FROM information_schema.columns`
  const typeOf = new Map(known.map(({ name, type }) => [name, type]))
  const wrong = tables.flatMap(({ name, columns }) =>
    Object.entries(columns)
      .filter(([column, kind]) => !types[kind].includes(typeOf.get(`${name}.${column}`) ?? ''))
      .map(([column]) => `${name}.${column} is ${typeOf.get(`${name}.${column}`)}`),
  )
  expect(wrong).toEqual([])
  expect(tables.length).toBeGreaterThan(12)
})

test('RO7 what people type is a value, never a part of a statement, and letters that cannot be stored are replaced', async () => {
  const rows = openRows((await database.open()).sql)
  const code = `X'; DROP TABLE promos; --\0`
  const id = '00000000-0000-4000-8000-00000000a001'
  expect(await rows.add(offers.referral_codes, { id, code })).toBe(true)
  const [kept] = await rows.find(offers.referral_codes, { where: { id }, order: [], limit: 1 })
  expect(kept?.code).toBe(`X'; DROP TABLE promos; --\uFFFD`)
})

test('RO8 a fresh installation knows seven pet shops in the Klang Valley', async () => {
  const rows = openRows((await database.open()).sql)
  const where = { latitude: { from: 2.8, to: 3.4 }, longitude: { from: 101.3, to: 101.9 }, owner_id: null }
  const found = await rows.find(records.shops, { where, order: [['name', 'up']], limit: 20 })
  expect(found.filter(({ id }) => id.startsWith('5b0'))).toHaveLength(7)
})
