// Plain records in PostgreSQL: statements are built from the tables' columns, values always travel apart from them.
import type postgres from 'postgres'
import type { Kind, Match, Rows, Search, Table, Where } from '../protocols/rows.ts'
import { arrayOf, attempt, type Sql } from './pg.ts'
import { storable } from './records.ts'

/** A row as the client of the database takes it and gives it back. */
type Raw = Record<string, unknown>
type AnyTable = Table<Record<string, unknown>>
/** A part of a statement, with its values. */
type Fragment = postgres.PendingQuery<postgres.Row[]>

const clean = (_key: string, value: unknown) => (typeof value === 'string' ? storable(value) : value)

function stored(sql: Sql, kind: Kind | undefined, value: unknown): unknown {
  if (value === null) return null
  if (kind === 'time') return new Date(value as number)
  if (kind === 'json') return sql.json(JSON.parse(JSON.stringify(value, clean)))
  return typeof value === 'string' ? storable(value) : value
}

const storedRow = (sql: Sql, { columns }: AnyTable, row: Raw): Raw =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, stored(sql, columns[name], value)]))

const loaded = (row: Raw): Raw =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value instanceof Date ? value.getTime() : value]),
  )

const namesOf = ({ columns }: AnyTable) => Object.keys(columns)

/** As many as there are kinds that a search may list values of. */
const castOf = (sql: Sql, kind: Kind | undefined): Fragment =>
  kind === 'uuid' ? sql`::uuid[]` : kind === 'integer' ? sql`::bigint[]` : sql`::text[]`

const isRange = (match: unknown): match is { from: unknown; to: unknown } =>
  typeof match === 'object' && match !== null && 'from' in match
const isList = (match: unknown): match is { any_of: readonly (string | number)[] } =>
  typeof match === 'object' && match !== null && 'any_of' in match

function condition(sql: Sql, kind: Kind | undefined, name: string, match: Match<unknown>): Fragment {
  const column = sql(name)
  const value = (each: unknown) => stored(sql, kind, each) as string
  if (match === null) return sql`${column} IS NULL`
  if (isRange(match)) return sql`${column} BETWEEN ${value(match.from)} AND ${value(match.to)}`
  if (isList(match)) return sql`${column} = ANY(${arrayOf(match.any_of)}${castOf(sql, kind)})`
  return sql`${column} = ${value(match)}`
}

/** The words of all parts in one statement. */
const joined = (sql: Sql, parts: readonly Fragment[], between: Fragment, none: Fragment): Fragment =>
  parts.length === 0 ? none : parts.reduce((all, part) => sql`${all}${between}${part}`)

const whereOf = (sql: Sql, { columns }: AnyTable, where: Where<Record<string, unknown>>): Fragment =>
  joined(
    sql,
    Object.entries(where)
      .filter(([, match]) => match !== undefined)
      .map(([name, match]) => condition(sql, columns[name], name, match)),
    sql` AND `,
    sql`true`,
  )

function afterOf(
  sql: Sql,
  { columns }: AnyTable,
  { order, after }: Search<Record<string, unknown>>,
): Fragment {
  if (!after) return sql``
  const names = order.map(([name]) => sql`${sql(name)}`)
  const values = order.map(([name], index) => sql`${stored(sql, columns[name], after[index]) as string}`)
  const list = (parts: readonly Fragment[]) => joined(sql, parts, sql`, `, sql``)
  return sql` AND (${list(names)}) < (${list(values)})`
}

const orderOf = (sql: Sql, { order }: Search<Record<string, unknown>>): Fragment =>
  joined(
    sql,
    order.map(([name, direction]) => (direction === 'up' ? sql`${sql(name)} ASC` : sql`${sql(name)} DESC`)),
    sql`, `,
    sql`1`,
  )

async function find(sql: Sql, table: AnyTable, search: Search<Record<string, unknown>>) {
  const rows = await sql<Raw[]>`
    SELECT ${sql(namesOf(table))} FROM ${sql(table.name)}
    WHERE ${whereOf(sql, table, search.where)}${afterOf(sql, table, search)}
    ORDER BY ${orderOf(sql, search)} LIMIT ${search.limit} OFFSET ${search.offset ?? 0}`
  return rows.map(loaded)
}

async function change(sql: Sql, table: AnyTable, where: Where<Record<string, unknown>>, values: Raw) {
  const row = storedRow(sql, table, values)
  const rows = await sql<Raw[]>`
    UPDATE ${sql(table.name)} SET ${sql(row as Record<string, string>, Object.keys(row))} WHERE ${whereOf(sql, table, where)}
    RETURNING ${sql(namesOf(table))}`
  return rows.map(loaded)
}

/** Records in tables of their own. Every method rejects with a Fault when the database is away. */
export function openRows(sql: Sql): Rows {
  // Inside, a row is a record of cells; outside, the table says which.
  const rows: Rows = {
    add: (table, row) =>
      attempt(`adding to ${table.name}`, async () => {
        const raw = storedRow(sql, table as unknown as AnyTable, row as Raw)
        const added = await sql`
          INSERT INTO ${sql(table.name)} ${sql(raw as Record<string, string>, Object.keys(raw))} ON CONFLICT DO NOTHING RETURNING id`
        return added.length > 0
      }),
    find: (table, search) =>
      attempt(
        `reading ${table.name}`,
        () => find(sql, table as unknown as AnyTable, search as never) as Promise<never>,
      ),
    count: (table, where) =>
      attempt(`counting ${table.name}`, async () => {
        const [counted] = await sql<{ total: number }[]>`
          SELECT count(*) AS total FROM ${sql(table.name)}
          WHERE ${whereOf(sql, table as unknown as AnyTable, where as never)}`
        return counted?.total ?? 0
      }),
    change: (table, where, values) =>
      attempt(
        `changing ${table.name}`,
        () =>
          change(
            sql,
            table as unknown as AnyTable,
            where as never,
            values as Raw,
          ) as unknown as Promise<never>,
      ),
    remove: (table, where) =>
      attempt(`removing from ${table.name}`, async () => {
        const removed = await sql`
          DELETE FROM ${sql(table.name)} WHERE ${whereOf(sql, table as unknown as AnyTable, where as never)}`
        return removed.count
      }),
  }
  return rows
}
