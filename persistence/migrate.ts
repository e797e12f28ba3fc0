import { join } from 'node:path'
import { runner } from 'node-pg-migrate'
import type { Env } from '../engine/env.ts'
import { attempt } from './pg.ts'

/**
 * Brings the schema up to date, in one transaction; names of the migrations that ran. The migrations are modules, so
 * that they are found beside this file in the sources and, compiled, in `dist`. On a server a second migrator waits
 * for the first (advisory lock); on embedded PGlite, one session for all, only one process may migrate. Rejects with a Fault.
 */
export function migrate(database_url: string, log: Env['log']): Promise<readonly string[]> {
  return attempt('migrating the database', async () => {
    const ran = await runner({
      databaseUrl: database_url,
      dir: join(import.meta.dirname, 'migrations'),
      ignorePattern: '(.*\\.map|\\..*)',
      migrationsTable: 'migrations',
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
