import { afterEach, expect, test } from 'vitest'
import { Fault } from '../engine/ports.ts'
import { systemEnv } from '../engine/system_env.ts'
import { freePort } from './embedded/free_port.ts'
import { closeSql, openSql, type Sql } from './pg.ts'
import { openPulse, type Pulse, withPulse } from './pulse.ts'
import { startDatabase, type TestDatabase } from './testing.ts'

const open: { sql: Sql; pulse: Pulse; database: TestDatabase | undefined }[] = []

afterEach(async () => {
  for (const { sql, pulse, database } of open.splice(0)) {
    pulse.stop()
    await closeSql(sql)
    await database?.stop()
  }
})

function pulseOf(url: string, database?: TestDatabase): Pulse {
  const sql = openSql({ url, max: 1, application_name: 'pulse' })
  const pulse = openPulse(sql, systemEnv('error'))
  open.push({ sql, pulse, database })
  return pulse
}

const beat = (pulse: Pulse) => new Promise<boolean>((resolve) => pulse.watch(resolve))

test('OU4 the database counts as up until it has failed to answer', async () => {
  const away = pulseOf(`postgres://postgres@127.0.0.1:${await freePort()}/postgres`)
  expect(away.up).toBe(true)
  expect(await beat(away)).toBe(false)
  expect(away.up).toBe(false)
  const database = await startDatabase()
  expect(await beat(pulseOf(database.url, database))).toBe(true)
})

test('OU4 while the database is away nobody queues for it: calls end at once in a fault that may be tried again', async () => {
  const asked: number[] = []
  const store = {
    name: 'a store',
    find: async (key: number) => {
      asked.push(key)
      return key
    },
  }
  const pulse = { up: true }
  const guarded = withPulse(store, pulse)
  expect(await guarded.find(1)).toBe(1)
  pulse.up = false
  const fault = await guarded.find(2).catch((error: unknown) => error)
  expect(fault).toBeInstanceOf(Fault)
  expect(fault).toMatchObject({ retry: true })
  expect(guarded.name).toBe('a store')
  pulse.up = true
  expect(await guarded.find(3)).toBe(3)
  expect(asked).toEqual([1, 3])
})
