// A database for tests, with the tables in it.
import { migrate } from './migrate.ts'
import { closeSql, openSql, type Sql } from './pg.ts'
import { startDatabase } from './testing.ts'

interface TestSql {
  readonly sql: Sql
  readonly url: string
  close(): Promise<void>
}

/** A fresh migrated database and a pool of four connections to it. */
async function openTestDatabase(): Promise<TestSql> {
  const database = await startDatabase()
  try {
    await migrate(database.url, () => undefined)
  } catch (error) {
    await database.stop()
    throw error
  }
  const sql = openSql({ url: database.url, max: 4, application_name: 'kilat-test' })
  const close = async () => {
    await closeSql(sql)
    await database.stop()
  }
  return { sql, url: database.url, close }
}

/** One database for a whole test file: opened at the first `open`, which may take as long as an embedded one needs. */
export function sharedTestDatabase(): { open(): Promise<TestSql>; close(): Promise<void> } {
  let opened: Promise<TestSql> | undefined
  return {
    open() {
      opened ??= openTestDatabase()
      return opened
    },
    close: async () => (await opened)?.close(),
  }
}
