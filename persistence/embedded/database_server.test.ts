import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { limits } from '../../protocols/limits.ts'
import { embeddedDatabase } from '../testing.ts'
import { writable } from './database_server.ts'

let database: Awaited<ReturnType<typeof embeddedDatabase>>
beforeAll(async () => {
  database = await embeddedDatabase()
})
afterAll(() => database.stop())

async function connect(): Promise<pg.Client> {
  const client = new pg.Client(database.url)
  client.on('error', () => {})
  await client.connect()
  return client
}

test('SU6 clients of the embedded database get their own answers, beside others and after errors', async () => {
  const clients = await Promise.all(Array.from({ length: 6 }, connect))
  const wrong: unknown[] = []
  await Promise.all(
    clients.map(async (client, who) => {
      for (let i = 0; i < 60; i++) {
        if (i % 5 === 4) {
          await expect(client.query('SELECT 1 / $1::int', [0])).rejects.toThrow('division by zero')
        }
        const { rows } = await client.query(`SELECT $1::int AS i, ${who} AS who`, [i])
        if (rows[0]?.i !== i || rows[0]?.who !== who) wrong.push({ i, who, rows })
      }
    }),
  )
  await Promise.all(clients.map((client) => client.end()))
  expect(wrong).toEqual([])
})

test('SU7 a client that vanishes in a transaction leaves nothing of it, and stops nobody', async () => {
  const reader = await connect()
  await reader.query('CREATE TABLE vanished (a int)')
  for (let i = 0; i < 10; i++) {
    const client = await connect()
    await client.query('BEGIN')
    await client.query('INSERT INTO vanished VALUES ($1)', [i])
    // Half of them with a query under way.
    if (i % 2 === 1) client.query('SELECT count(*) FROM generate_series(1, 100000)').catch(() => {})
    client.connection.stream.destroy()
    expect((await reader.query('SELECT count(*)::int AS n FROM vanished')).rows).toEqual([{ n: 0 }])
  }
  await reader.end()
})

test('SU18 a client that is silent in a transaction is cut off once others wait, and not before', async () => {
  const silent = await connect()
  const over = once(silent.connection.stream, 'close')
  await silent.query('CREATE TABLE silence (a int)')
  await silent.query('BEGIN')
  await silent.query('INSERT INTO silence VALUES (1)')
  // That nothing happens is the point: no event tells of it.
  await new Promise((resolve) => setTimeout(resolve, limits.database_hold_ms * 1.5))
  await silent.query('INSERT INTO silence VALUES (2)')
  await silent.query('COMMIT')
  await silent.query('BEGIN')
  await silent.query('INSERT INTO silence VALUES (3)')
  const other = await connect()
  await over
  expect((await other.query('SELECT a FROM silence ORDER BY a')).rows).toEqual([{ a: 1 }, { a: 2 }])
  await other.end()
})

test('SU8 what the embedded database has committed survives kill -9', async () => {
  const client = await connect()
  await client.query('CREATE TABLE committed (a int)')
  for (let i = 0; i < 50; i++) await client.query('INSERT INTO committed VALUES ($1)', [i])
  await client.query('BEGIN')
  await client.query('INSERT INTO committed VALUES (99)')
  await database.restart()
  const later = await connect()
  expect((await later.query('SELECT count(*)::int AS n FROM committed')).rows).toEqual([{ n: 50 }])
  expect((await later.query("SELECT setting FROM pg_settings WHERE name = 'fsync'")).rows).toEqual([
    { setting: 'on' },
  ])
  await later.end()
})

test('SU16 a client that reads slowly leaves no listener behind for each answer that it was waited for', async () => {
  const slow = new PassThrough({ highWaterMark: 1 })
  const before = slow.listenerCount('close') + slow.listenerCount('error')
  for (let i = 0; i < 20; i++) {
    slow.write('more than it takes')
    const waiting = writable(slow)
    slow.read()
    await waiting
  }
  expect(slow.listenerCount('close') + slow.listenerCount('error')).toBe(before)
  const closed = writable(slow)
  slow.destroy()
  await closed
})
