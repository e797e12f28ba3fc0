// The lists of a town, built again from its journal on a real database while they are read and written.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { behaviours } from '../../actors/behaviours.ts'
import { batchesOf } from '../../engine/frames.ts'
import { tipsOf } from '../../engine/log_walk.ts'
import type { DurableFrame } from '../../engine/ports.ts'
import { atDesk } from '../../gateways/ops/desk.given.ts'
import { compareLists, rebuildProjections } from '../../gateways/ops/lists.ts'
import { sharedTestDatabase } from '../../persistence/migrated.ts'
import { openProjections } from '../../persistence/projections.ts'
import { openWorkbench } from '../../persistence/workbench.ts'
import { shards } from '../thread.ts'
import { Town } from './town.ts'

const database = sharedTestDatabase()
afterAll(() => database.close())
const town = new Town({ seed: 5, runners: 8, bookings: 1_500, hours: 0.5, from_hour: 11 })
const frames: DurableFrame[] = []

beforeAll(async () => {
  await town.live()
  for (const [shard, tip] of (await tipsOf(town.journal, shards)).entries())
    for await (const batch of batchesOf(town.journal, shard, 0, tip)) frames.push(...batch)
})

async function opened() {
  const { sql } = await database.open()
  const projections = openProjections(sql)
  const at = () => atDesk({ stores: town, shards, behaviours, opens: () => openWorkbench(sql) })
  return { sql, projections, at }
}

type Sql = Awaited<ReturnType<typeof opened>>['sql']

/** One look of a reader: how many bookings there are, and how often it was asked for one. */
async function look(sql: Sql) {
  const [row] = await sql<{ bookings: number; asked: number }[]>`
    SELECT (SELECT count(*) FROM bookings) AS bookings,
      (SELECT count(*) FROM booking_status_history WHERE to_status = 'requested' AND from_status = '') AS asked`
  return row ?? { bookings: -1, asked: -1 }
}

test('OP11 what was damaged in the lists is told, and built again while they are read and written', async () => {
  const { sql, projections, at } = await opened()
  const early = frames.filter(({ frame }) => frame.n <= 20)
  await projections.project(early)
  expect((await compareLists(at().desk)).filter(({ missing, extra }) => missing + extra > 0)).toEqual([])
  await sql`CREATE TABLE early AS SELECT id FROM bookings`
  await sql`DELETE FROM bookings`
  await sql`UPDATE runners SET total_trips = 99 WHERE id = (SELECT id FROM runners ORDER BY id LIMIT 1)`
  const wrong = (await compareLists(at().desk)).filter(({ missing, extra }) => missing + extra > 0)
  expect(wrong.map(({ table }) => table)).toEqual(['bookings', 'runners'])
  expect(wrong[1]).toMatchObject({ missing: 1, extra: 1, examples: [expect.any(String)] })

  let done = false
  // Of those that were taken away a reader sees none, or all.
  const looks: boolean[] = []
  const read = async () => {
    while (!done) {
      const [row] = await sql<{ none: boolean; all_of_them: boolean }[]>`
        SELECT bool_and(b.id IS NULL) AS none, bool_and(b.id IS NOT NULL) AS all_of_them
        FROM early LEFT JOIN bookings AS b USING (id)`
      looks.push(row?.none === true || row?.all_of_them === true)
    }
  }
  const { lines, run } = at()
  const rebuilding = run(rebuildProjections, [])
  // As the projector does it: what cannot be derived from damaged lists is tried again, here when they are mended.
  const write = async () => {
    for (const frame of frames.filter(({ frame: { n } }) => n > 20))
      await projections.project([frame]).catch(async () => {
        await rebuilding
        await projections.project([frame])
      })
  }
  const reading = read()
  const writing = write()
  expect(await rebuilding).toBe(true)
  await writing
  done = true
  await reading
  expect(lines[0]).toMatch(/^bookings +\d+ rows, \d+ put in, \d+ taken away$/)
  expect(looks.length).toBeGreaterThan(3)
  expect(looks).not.toContain(false)
  const last = await look(sql)
  expect(last.bookings).toBeGreaterThan(0)
  expect(last.bookings).toBe(last.asked)
  expect((await compareLists(at().desk)).filter(({ missing, extra }) => missing + extra > 0)).toEqual([])
})

test('OP11 two do not build at once, and nothing of a workbench is left behind', async () => {
  const { sql } = await opened()
  const bench = await openWorkbench(sql)
  await expect(openWorkbench(sql)).rejects.toThrow('somebody else')
  await bench.close()
  const [left] = await sql<{ count: number }[]>`
    SELECT count(*) AS count FROM information_schema.schemata WHERE schema_name = 'kilat_workbench'`
  expect(left?.count).toBe(0)
  await (await openWorkbench(sql)).close()
})
