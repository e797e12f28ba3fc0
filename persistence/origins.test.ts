import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { closeSql, openSql, type Sql } from './pg.ts'
import { startDatabase, type TestDatabase } from './testing.ts'

let database: TestDatabase
let sql: Sql
beforeAll(async () => {
  database = await startDatabase()
  sql = openSql({ url: database.url, max: 1, application_name: 'origins' })
})
afterAll(async () => {
  await closeSql(sql)
  await database.stop()
})

/** A large thing that a transaction works on, as it is remembered once that is over. */
async function worked(): Promise<WeakRef<object>> {
  const frames = { many: Array.from({ length: 1_000 }, (_, index) => ({ index })) }
  await sql.begin(async (tx) => {
    const [row] = await tx<{ count: number }[]>`SELECT ${frames.many.length}::int AS count`
    expect(row?.count).toBe(frames.many.length)
  })
  return new WeakRef(frames)
}

test('SN17 what a transaction worked on is not held by the client when it is over', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const frames = await worked()
  // A reference that was just made, or looked at, lives until the next turn of the loop.
  for (let turn = 0; turn < 10 && frames.deref() !== undefined; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
  expect(frames.deref()).toBe(undefined)
})

test('SN17 where a failing question was asked is still told', async () => {
  const asked = sql`SELECT nothing_of_this_name`
  await expect(asked).rejects.toMatchObject({ stack: expect.stringContaining('origins.test') })
})
