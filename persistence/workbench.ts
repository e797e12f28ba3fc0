// The projections once more, in a schema of their own, to be compared with the served ones or to take their place.
import { Fault } from '../engine/ports.ts'
import type { Position } from '../engine/shard_row.ts'
import type { Rest, TableDifference, Workbench } from '../engine/workbench.ts'
import { limits } from '../protocols/limits.ts'
import { attempt, inTransaction, type Sql, type Transaction } from './pg.ts'
import { project } from './projections.ts'

const schema = 'kilat_workbench'
/** An advisory lock, while a workbench is made: there is one. */
const lock_key = 7_102
const marks_table = 'watermarks'
const tables = [
  'bookings',
  'booking_status_history',
  'booking_decline_reasons',
  'payments',
  'runners',
  'crate_specs',
  'trip_tracks',
  'waypoints',
] as const

/** Tables are found in the workbench first. Types and functions stay where they are. */
const there = (tx: Transaction) =>
  tx.unsafe(
    `SET LOCAL search_path TO ${schema}, public; SET LOCAL statement_timeout TO ${limits.workbench_statement_ms}`,
  )

/** Until when the workbench is somebody's: one who died loses it then. It stands in the schema's comment, in milliseconds. */
const lease = (tx: Transaction, ms: number) =>
  tx.unsafe(`
    DO $$ BEGIN
      EXECUTE format('COMMENT ON SCHEMA ${schema} IS %L',
        (extract(epoch FROM clock_timestamp()) * 1000 + ${ms})::bigint::text);
    END $$`)

async function prepare(tx: Transaction): Promise<void> {
  await tx`SELECT pg_advisory_xact_lock(${lock_key})`
  const [found] = await tx<{ held: boolean | null }[]>`
    SELECT obj_description(oid, 'pg_namespace')::bigint > extract(epoch FROM clock_timestamp()) * 1000 AS held
    FROM pg_namespace WHERE nspname = ${schema}`
  if (found?.held)
    throw new Fault('somebody else rebuilds or verifies the lists, or did a minute ago', { retry: true })
  await tx.unsafe(`DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema}`)
  await lease(tx, limits.workbench_lease_ms)
  for (const table of [marks_table, ...tables])
    await tx.unsafe(`CREATE TABLE ${schema}.${table} (LIKE public.${table} INCLUDING ALL)`)
}

async function marksIn(tx: Transaction | Sql): Promise<ReadonlyMap<number, Position>> {
  const rows = await tx<({ shard: number } & Position)[]>`SELECT shard, n, seq FROM public.watermarks`
  return new Map(rows.map(({ shard, n, seq }) => [shard, { n, seq }]))
}

const onlyIn = (one: string, other: string, table: string) =>
  `(SELECT * FROM ${one}.${table} EXCEPT SELECT * FROM ${other}.${table})`

async function differenceOf(tx: Transaction, table: string): Promise<TableDifference> {
  const [missing, extra] = [onlyIn(schema, 'public', table), onlyIn('public', schema, table)]
  const [row] = await tx.unsafe<
    { rows: number; missing: number; extra: number; examples: string[] | null }[]
  >(`
    SELECT (SELECT count(*) FROM ${schema}.${table}) AS rows, (SELECT count(*) FROM ${missing} AS m) AS missing,
      (SELECT count(*) FROM ${extra} AS e) AS extra,
      (SELECT array_to_json(array_agg(id)) FROM
        (SELECT DISTINCT id FROM (SELECT id FROM ${missing} AS m UNION ALL SELECT id FROM ${extra} AS e) AS both_ways
         ORDER BY id LIMIT ${limits.workbench_examples}) AS few) AS examples`)
  return {
    table,
    rows: row?.rows ?? 0,
    missing: row?.missing ?? 0,
    extra: row?.extra ?? 0,
    examples: row?.examples ?? [],
  }
}

/** Only rows that differ are touched: what was right keeps its place, and its readers. */
async function mend(tx: Transaction, table: string): Promise<void> {
  await tx.unsafe(`
    DELETE FROM public.${table} WHERE id IN (SELECT id FROM ${onlyIn('public', schema, table)} AS e)`)
  await tx.unsafe(`INSERT INTO public.${table} SELECT * FROM ${onlyIn(schema, 'public', table)} AS m`)
}

async function catchUp(tx: Transaction, rest: Rest): Promise<void> {
  await there(tx)
  for await (const frames of rest(await marksIn(tx))) await project(tx, frames)
}

async function differences(tx: Transaction): Promise<TableDifference[]> {
  const found: TableDifference[] = []
  for (const table of tables) found.push(await differenceOf(tx, table))
  return found
}

/** Makes the place. Rejects with a Fault when somebody else is at it, or the database does not answer. */
export async function openWorkbench(sql: Sql): Promise<Workbench> {
  await inTransaction(sql, 'making a workbench', prepare)
  return {
    project: (frames) =>
      inTransaction(sql, 'projecting beside the lists', async (tx) => {
        await there(tx)
        await lease(tx, limits.workbench_lease_ms)
        await project(tx, frames)
      }),
    marks: () => attempt('reading the watermarks', () => marksIn(sql)),
    compare: async (rest) => {
      await inTransaction(sql, 'comparing the lists', (tx) => lease(tx, limits.workbench_statement_ms))
      const compared = async (tx: Transaction) => {
        await catchUp(tx, rest)
        return differences(tx)
      }
      return inTransaction(sql, 'comparing the lists', compared, 'REPEATABLE READ')
    },
    takeOver: async (rest) => {
      await inTransaction(sql, 'taking the lists over', (tx) => lease(tx, limits.workbench_statement_ms))
      return inTransaction(sql, 'taking the lists over', async (tx) => {
        // Whoever projects waits for this; whoever reads does not.
        await tx.unsafe(`LOCK TABLE public.${marks_table} IN SHARE ROW EXCLUSIVE MODE`)
        await catchUp(tx, rest)
        const found = await differences(tx)
        for (const { table, missing, extra } of found) if (missing + extra > 0) await mend(tx, table)
        await tx.unsafe(`
          INSERT INTO public.${marks_table} SELECT * FROM ${schema}.${marks_table}
          ON CONFLICT (shard) DO UPDATE SET n = EXCLUDED.n, seq = EXCLUDED.seq`)
        return found
      })
    },
    close: () =>
      attempt('clearing the workbench', async () => {
        await sql.unsafe(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
      }),
  }
}
