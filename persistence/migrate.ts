import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import type { Env } from '../engine/env.ts'
import { attempt, closeSql, openSql } from './pg.ts'

const folder = join(import.meta.dirname, 'migrations')
const table = 'migrations'
const undefined_table = '42P01'

/**
 * Brings the schema up to date, in one transaction; names of the migrations that ran. The migrations are modules, so
 * that they are found beside this file in the sources and, compiled, in `dist`. On a server a second migrator waits
 * for the first (advisory lock); on embedded PGlite, one session for all, only one process may migrate. Rejects with a Fault.
 */
export function migrate(database_url: string, log: Env['log']): Promise<readonly string[]> {
  return attempt('migrating the database', async () => {
    if (await isMigrated(database_url)) return []
    // Loaded only when there is work for it: at most starts there is none.
    const { runner } = await import('node-pg-migrate')
    const ran = await runner({
      databaseUrl: database_url,
      dir: folder,
      ignorePattern: '(.*\\.map|\\..*)',
      migrationsTable: table,
      direction: 'up',
      singleTransaction: true,
      advisoryLockMode: 'wait',
      logger: {
        info: (message) => log('debug', 'migration', { message }),
        warn: (message) => log('warn', 'migration', { message }),
        error: (message) => log('error', 'migration', { message: message.slice(0, 500) }),
      },
    })
    const names = ran.map(({ name }) => name)
    if (names.length > 0) log('info', 'database migrated', { migrations: names.join(' ') })
    return names
  })
}

/** Whether exactly the migrations of this program have run; where it is anything else, the migrator says what. */
async function isMigrated(database_url: string): Promise<boolean> {
  const sql = openSql({ url: database_url, max: 1, application_name: 'kilat-migrate' })
  try {
    const ran = await sql<{ name: string }[]>`SELECT name FROM ${sql(table)} ORDER BY name`
    return ran.map(({ name }) => name).join() === migrations().join()
  } catch (cause) {
    if (cause instanceof postgres.PostgresError && cause.code === undefined_table) return false
    throw cause
  } finally {
    await closeSql(sql)
  }
}

const migrations = (): readonly string[] =>
  readdirSync(folder)
    .filter((file) => /\.[jt]s$/.test(file) && !file.endsWith('.d.ts'))
    .map((file) => file.replace(/\.[jt]s$/, ''))
    .sort()
