import { afterAll, expect, test } from 'vitest'
import { snapshotsContract } from '../engine/snapshots.contract.ts'
import { sharedTestDatabase } from './migrated.ts'
import { closeSql, openSql } from './pg.ts'
import { openSnapshots } from './snapshots.ts'

const database = sharedTestDatabase()
afterAll(() => database.close())

snapshotsContract('PostgreSQL', async () => ({
  snapshots: openSnapshots((await database.open()).sql),
  close: async () => undefined,
}))

const state = new Uint8Array([1, 2, 3])
const head = (shard: number, n: number) => ({
  shard,
  n,
  epoch: 1,
  log_seq: n,
  hash: '',
  at_ms: n,
  shard_row: state,
})
const runner = (id: string, latitude: number, longitude: number) => ({
  kind: 'runner',
  id,
  seq: 1,
  state,
  latitude,
  longitude,
})

test('SN8 an actor has no more rows than the two newest cuts need', async () => {
  const { sql } = await database.open()
  const snapshots = openSnapshots(sql)
  for (let n = 1; n <= 6; n += 1) {
    const ids = n % 2 === 0 ? ['busy', 'even'] : ['busy']
    await snapshots.save({
      ...head(101, n),
      actors: ids.map((id) => ({ kind: 'runner', id, seq: n, state })),
    })
  }
  const rows = await sql`SELECT id, n FROM snapshot_actors WHERE shard = 101 ORDER BY id, n`
  expect(rows.map(({ id, n }) => `${id} ${n}`)).toEqual(['busy 5', 'busy 6', 'even 4', 'even 6'])
})

test('SN9 everybody with a position can be found by it', async () => {
  const { sql } = await database.open()
  const actors = [runner('near', 1.4927, 103.7414), runner('far', 3.139, 101.6869)]
  await openSnapshots(sql).save({
    ...head(102, 1),
    actors: [...actors, { kind: 'runner', id: 'off', seq: 1, state }],
  })
  const found = await sql`
    SELECT id FROM snapshot_actors
    WHERE shard = 102 AND ST_DWithin(point, ST_SetSRID(ST_MakePoint(103.75, 1.5), 4326)::geography, 5000)`
  expect(found.map(({ id }) => id)).toEqual(['near'])
})

test('SN10 a load whose cut is dropped on the way ends in a fault that may be tried again', async () => {
  const snapshots = openSnapshots((await database.open()).sql)
  const many = Array.from({ length: 5_001 }, (_, index) => ({
    kind: 'runner',
    id: `${index}`,
    seq: 1,
    state,
  }))
  await snapshots.save({ ...head(103, 1), actors: many })
  const loading = snapshots.load(103, 1)[Symbol.asyncIterator]()
  await loading.next()
  for (const n of [2, 3]) await snapshots.save({ ...head(103, n), actors: [] })
  const rest = async () => {
    while (!(await loading.next()).done);
  }
  await expect(rest()).rejects.toMatchObject({ name: 'Fault', retry: true })
}, 60_000)

test('SN11 without a database every call ends in a fault that may be tried again', async () => {
  const sql = openSql({ url: 'postgres://nobody@127.0.0.1:1/none', max: 1, application_name: 'test' })
  const snapshots = openSnapshots(sql)
  const away = { name: 'Fault', retry: true }
  await expect(snapshots.save({ ...head(1, 1), actors: [] })).rejects.toMatchObject(away)
  await expect(snapshots.cuts(1)).rejects.toMatchObject(away)
  await expect(snapshots.wake(1, 'runner', 'a')).rejects.toMatchObject(away)
  await expect(snapshots.drop(head(1, 1))).rejects.toMatchObject(away)
  await closeSql(sql)
})
