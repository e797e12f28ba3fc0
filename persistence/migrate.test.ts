import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { migrate } from './migrate.ts'
import { closeSql, inTransaction, openSql } from './pg.ts'
import { startDatabase } from './testing.ts'

const quiet = () => undefined

const all = readdirSync(join(import.meta.dirname, 'migrations'))
  .map((file) => file.replace('.ts', ''))
  .sort()

test('PJ13 an empty database gets its tables once, also when two processes migrate it', async () => {
  const database = await startDatabase()
  try {
    const first = await migrate(database.url, quiet)
    expect(first).toEqual(all)
    expect(await Promise.all([migrate(database.url, quiet), migrate(database.url, quiet)])).toEqual([[], []])
    const sql = openSql({ url: database.url, max: 2, application_name: 'test' })
    const failed = inTransaction(sql, 'trying', async (tx) => {
      await tx`INSERT INTO watermarks (shard) VALUES (1)`
      return tx`INSERT INTO watermarks (shard) VALUES (1)`
    })
    await expect(failed).rejects.toMatchObject({ name: 'Fault', retry: false, message: 'trying: 23505' })
    expect(await sql`SELECT count(*) AS rows FROM watermarks`).toMatchObject([{ rows: 0 }])
    await expect(sql`SELECT 9007199254740993::bigint AS big`).rejects.toThrow('not a safe integer')
    await closeSql(sql)
  } finally {
    await database.stop()
  }
}, 120_000)

test('PJ13 without a database a migration ends in a fault that may be tried again', async () => {
  const away = migrate('postgres://nobody@127.0.0.1:1/none', quiet)
  await expect(away).rejects.toMatchObject({ name: 'Fault', retry: true })
})
