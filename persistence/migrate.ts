import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import type { Env } from '../engine/env.ts'
import { limits } from '../protocols/limits.ts'
import { attempt, closeSql, openSql, secured } from './pg.ts'

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
    const { url: connectionString, ssl } = secured(database_url)
    const ran = await runner({
      databaseUrl: { connectionString, ...(ssl === undefined ? {} : { ssl }) },
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
  const late = lateness()
  try {
    const asked = sql<{ name: string }[]>`SELECT name FROM ${sql(table)} ORDER BY name`
    const ran = await Promise.race([asked, late.promise])
    return ran.map(({ name }) => name).join() === migrations().join()
  } catch (cause) {
    if (cause instanceof postgres.PostgresError && cause.code === undefined_table) return false
    throw cause
  } finally {
    late.end()
    await closeSql(sql)
  }
}

/** The client tries again without end when a server hangs up on it: a start must say so instead. */
function lateness(): { readonly promise: Promise<never>; readonly end: () => void } {
  let end = () => {}
  const promise = new Promise<never>((_resolve, reject) => {
    const late = Object.assign(new Error('the database lets nobody in'), { code: 'CONNECT_TIMEOUT' })
    const timer = setTimeout(() => reject(late), 2_000 * limits.database_connect_seconds)
    end = () => clearTimeout(timer)
  })
  return { promise, end }
}

const migrations = (): readonly string[] =>
  readdirSync(folder)
    .filter((file) => /\.[jt]s$/.test(file) && !file.endsWith('.d.ts'))
    .map((file) => file.replace(/\.[jt]s$/, ''))
    .sort()
