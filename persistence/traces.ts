// Looking through everything that is kept: each message of each stream, each column of each table.
import type { Searched, Trace, Traces } from '../protocols/erasure.ts'
import { sealedPrefix } from '../protocols/personal.ts'
import { everyMessage } from './journal_read.ts'
import type { Link } from './nats.ts'
import { attempt, type Sql } from './pg.ts'
import { stream_names } from './streams.ts'

interface Column {
  readonly table_name: string
  readonly column_name: string
  readonly data_type: string
}

/** Traces in the streams of the link and the tables of the database. */
export const openTraces = (link: Link, sql: Sql): Traces => ({
  async search(person_id, needles) {
    const searches: Searched[] = []
    // A large table takes its time. The link of an operator's verb ends with it.
    await attempt('searching', () => sql`SET statement_timeout = 0`)
    for (const stream of stream_names) searches.push(await inStream(link, stream, person_id, needles))
    for (const column of await columnsOf(sql)) searches.push(await inColumn(sql, column, person_id, needles))
    return {
      messages: sum(searches.map(({ messages }) => messages)),
      columns: sum(searches.map(({ columns }) => columns)),
      found: searches.flatMap(({ found }) => found).filter(hasAny),
    }
  },
})

const sum = (numbers: readonly number[]) => numbers.reduce((all, each) => all + each, 0)
const hasAny = ({ sealed, plain }: Trace) => sealed.length > 0 || plain.some((count) => count > 0)

/** What a sealed text of this person looks like, for JavaScript and PostgreSQL alike. */
const patternOf = (person_id: string) =>
  `${sealedPrefix(person_id).replaceAll('.', '\\.')}[0-9]{1,5}\\.[A-Za-z0-9_-]+`

async function inStream(
  link: Link,
  stream: string,
  person_id: string,
  needles: readonly string[],
): Promise<Searched> {
  const bytes_of = needles.map((needle) => Buffer.from(needle))
  const plain = needles.map(() => 0)
  const sealed: string[] = []
  const pattern = new RegExp(patternOf(person_id), 'g')
  let messages = 0
  for await (const entry of everyMessage(link, stream)) {
    messages += 1
    const bytes = Buffer.from(entry.bytes.buffer, entry.bytes.byteOffset, entry.bytes.length)
    for (const [index, needle] of bytes_of.entries())
      if (bytes.includes(needle)) plain[index] = (plain[index] ?? 0) + 1
    if (bytes.includes(person_id)) sealed.push(...(bytes.toString('latin1').match(pattern) ?? []))
  }
  return { messages, columns: 0, found: [{ place: stream, sealed, plain }] }
}

const columnsOf = (sql: Sql): Promise<readonly Column[]> =>
  attempt(
    'listing the columns',
    () => sql<Column[]>`
      SELECT c.table_schema || '.' || c.table_name AS table_name, c.column_name::text, c.data_type::text
      FROM information_schema.columns AS c JOIN information_schema.tables AS t USING (table_schema, table_name)
      WHERE c.table_schema NOT IN ('pg_catalog', 'information_schema') AND t.table_type = 'BASE TABLE'
        AND t.table_name <> 'spatial_ref_sys'
        AND c.data_type IN ('text', 'character varying', 'character', 'json', 'jsonb', 'bytea', 'ARRAY')
      ORDER BY c.table_schema, c.table_name, c.column_name`,
  )

function inColumn(
  sql: Sql,
  { table_name, column_name, data_type }: Column,
  person_id: string,
  needles: readonly string[],
): Promise<Searched> {
  const [table, column] = [sql(table_name), sql(column_name)]
  const is_bytes = data_type === 'bytea'
  // In this form ASCII stays as it is.
  const text = is_bytes ? sql`encode(${column}, 'escape')` : sql`${column}::text`
  return attempt(`searching ${table_name}.${column_name}`, async () => {
    const found = await sql<{ sealed: string }[]>`
      SELECT (regexp_matches(${text}, ${`(${patternOf(person_id)})`}, 'g'))[1] AS sealed FROM ${table}
      WHERE position(${sealedPrefix(person_id)} IN ${text}) > 0`
    const plain: number[] = []
    for (const needle of needles) {
      const [row] = is_bytes
        ? await sql<{ rows: number }[]>`
            SELECT count(*) AS rows FROM ${table} WHERE position(${Buffer.from(needle)}::bytea IN ${column}) > 0`
        : await sql<{ rows: number }[]>`
            SELECT count(*) AS rows FROM ${table} WHERE position(${needle} IN ${text}) > 0`
      plain.push(row?.rows ?? 0)
    }
    const place = `${table_name.replace('public.', '')}.${column_name}`
    return { messages: 0, columns: 1, found: [{ place, sealed: found.map(({ sealed }) => sealed), plain }] }
  })
}
