import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Fault } from '../engine/ports.ts'
import type { Rest } from '../engine/workbench.ts'
import { migrate } from './migrate.ts'
import { closeSql, inTransaction, openSql, type Sql } from './pg.ts'
import { startDatabase } from './testing.ts'
import { openWorkbench } from './workbench.ts'

interface Line {
  readonly sql: Sql
  /** Of the database itself, beside the line. */
  readonly database_url: string
  /** Ends every connection; as long as the door is shut nobody gets another one. */
  cut(is_shut?: boolean): void
  mend(): Promise<void>
}

/** A pool of one whose connection can be cut; what was thrown meanwhile and caught by nobody fails the test. */
async function withLine(use: (line: Line) => Promise<void>): Promise<void> {
  const database = await startDatabase()
  const { hostname, port } = new URL(database.url)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    client.pipe(upstream).pipe(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(database.url)
  url.port = String((server.address() as AddressInfo).port)
  const sql = openSql({ url: url.href, max: 1, application_name: 'kilat-test' })
  const thrown: unknown[] = []
  const note = (error: unknown) => void thrown.push(error)
  process.on('uncaughtException', note)
  try {
    await use({
      sql,
      database_url: database.url,
      cut: (is_shut = false) => {
        if (is_shut) server.close()
        for (const socket of sockets) socket.destroy()
      },
      mend: async () => {
        server.listen(Number(url.port), '127.0.0.1')
        await once(server, 'listening')
      },
    })
    expect(thrown).toEqual([])
  } finally {
    process.off('uncaughtException', note)
    await closeSql(sql)
    server.close()
    for (const socket of sockets) socket.destroy()
    await database.stop()
  }
}

/** A rest of the log that is empty, and what happens while it is read. */
const during = (happen: () => Promise<void>): Rest =>
  async function* () {
    await happen()
    yield []
  }

const goesOn = async (sql: Sql) =>
  expect(await inTransaction(sql, 'again', async (tx) => (await tx`SELECT 3 AS n`)[0]?.n)).toBe(3)

test('SN13 a connection that goes in the middle of a transaction ends it in a fault that may be tried again, and nothing else', () =>
  withLine(async ({ sql, cut }) => {
    const lost = inTransaction(sql, 'losing', async (tx) => {
      await tx`SELECT 1`
      cut()
      await tx`SELECT 2`
    })
    await expect(lost).rejects.toMatchObject(new Fault('losing: CONNECTION_CLOSED', { retry: true }))
    await goesOn(sql)
  }))

test('SN13 nor does one that goes while the database stays away for long', () =>
  withLine(async ({ sql, cut, mend }) => {
    const lost = inTransaction(sql, 'losing', async (tx) => {
      await tx`SELECT 1`
      cut(true)
      await tx`SELECT 2`
    })
    await expect(lost).rejects.toMatchObject({ retry: true })
    // Each of these meets a shut door: the pool has long been trying again.
    for (let tries = 0; tries < 8; tries++)
      await expect(inTransaction(sql, 'away', (tx) => tx`SELECT 3`)).rejects.toMatchObject({ retry: true })
    await mend()
    await goesOn(sql)
  }))

test('SN13 nor does one that goes under a comparison of the lists', () =>
  withLine(async ({ sql, database_url, cut, mend }) => {
    await migrate(database_url, () => undefined)
    const bench = await openWorkbench(sql)
    const lost = bench.compare(during(async () => cut(true)))
    await expect(lost).rejects.toMatchObject({
      message: 'comparing the lists: CONNECTION_CLOSED',
      retry: true,
    })
    for (let tries = 0; tries < 8; tries++) await expect(bench.marks()).rejects.toMatchObject({ retry: true })
    await mend()
    await goesOn(sql)
    expect(
      (await bench.compare(async function* () {})).every(({ missing, extra }) => missing + extra === 0),
    ).toBe(true)
    await bench.close()
  }))

test('SN16 a comparison of the lists sees them as they were when it began', () =>
  withLine(async ({ sql, database_url }) => {
    await migrate(database_url, () => undefined)
    const beside = openSql({ url: database_url, max: 1, application_name: 'kilat-test' })
    try {
      const bench = await openWorkbench(sql)
      let written: PromiseLike<unknown> = Promise.resolve()
      const found = await bench.compare(
        during(async () => {
          written = beside`
          INSERT INTO crate_specs SELECT gen_random_uuid(), gen_random_uuid(), 'small', '[]', 1, 1, 1, 1, true, true, now()`.execute()
          // The embedded database has one session: there nobody writes before the comparison is over.
          if (process.env.KILAT_TEST_DATABASE_URL !== undefined) await written
        }),
      )
      await written
      expect(found.every(({ missing, extra }) => missing + extra === 0)).toBe(true)
      await bench.close()
    } finally {
      await closeSql(beside)
    }
  }))

test('SN13 no driver begins a transaction in another way', () => {
  const files = readdirSync(import.meta.dirname).filter((file) => /^(?!.*\.(test|given)\.).*\.ts$/.test(file))
  const begin = files.filter((file) =>
    /\.begin\(/.test(readFileSync(join(import.meta.dirname, file), 'utf8')),
  )
  expect(begin).toEqual(['pg.ts'])
})
