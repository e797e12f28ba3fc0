// Snapshots in PostgreSQL. A cut adds a row for each actor that has changed; an actor keeps the rows that the two newest cuts need.
import { type ActorRow, type Cut, type CutHead, Fault, type Snapshots } from '../engine/ports.ts'
import { limits } from '../protocols/limits.ts'
import { arrayOf, attempt, inTransaction, type Sql, type Transaction } from './pg.ts'
import { slices } from './records.ts'

/** First key of the advisory locks under which a shard's cuts are saved; the second is the shard. */
const lock_class = 7_101

interface RowColumns {
  readonly kind: string
  readonly id: string
  readonly seq: number
  readonly state: Buffer
  readonly latitude: number | null
  readonly longitude: number | null
}

const plain = ({ buffer, byteOffset, length }: Buffer) => new Uint8Array(buffer, byteOffset, length)

function actorRow({ kind, id, seq, state, latitude, longitude }: RowColumns): ActorRow {
  const row = { kind, id, seq, state: plain(state) }
  return latitude === null || longitude === null ? row : { ...row, latitude, longitude }
}

/** The states travel as one value and are cut up by the server: an array of them would be escaped twice. */
function insertActors(tx: Transaction, { shard, n }: CutHead, rows: readonly ActorRow[]) {
  const sizes = rows.map(({ state }) => state.length)
  let end = 1
  const starts = sizes.map((size) => {
    end += size
    return end - size
  })
  return tx`
    INSERT INTO snapshot_actors (shard, kind, id, n, seq, state, point)
    SELECT ${shard}::int, a.kind, a.id, ${n}::bigint, a.seq, substring(all_states.bytes FROM a.start FOR a.size),
      CASE WHEN a.latitude IS NOT NULL
        THEN ST_SetSRID(ST_MakePoint(a.longitude, a.latitude), 4326)::geography END
    FROM (SELECT ${Buffer.concat(rows.map(({ state }) => state))}::bytea AS bytes) AS all_states,
      unnest(
        ${arrayOf(rows.map(({ kind }) => kind))}::text[], ${arrayOf(rows.map(({ id }) => id))}::text[],
        ${arrayOf(rows.map(({ seq }) => seq))}::bigint[], ${arrayOf(starts)}::int[], ${arrayOf(sizes)}::int[],
        ${arrayOf(rows.map(({ latitude }) => latitude))}::float8[],
        ${arrayOf(rows.map(({ longitude }) => longitude))}::float8[]
      ) AS a (kind, id, seq, start, size, latitude, longitude)
    ON CONFLICT (shard, kind, id, n) DO UPDATE
      SET seq = EXCLUDED.seq, state = EXCLUDED.state, point = EXCLUDED.point`
}

function insertHead(tx: Transaction, cut: CutHead) {
  return tx`
    INSERT INTO snapshot_cuts (shard, n, epoch, log_seq, hash, at_ms, shard_row)
    VALUES (${cut.shard}, ${cut.n}, ${cut.epoch}, ${cut.log_seq}, ${cut.hash}, ${cut.at_ms}, ${cut.shard_row})
    ON CONFLICT (shard, n) DO UPDATE
      SET epoch = EXCLUDED.epoch, log_seq = EXCLUDED.log_seq, hash = EXCLUDED.hash, at_ms = EXCLUDED.at_ms,
        shard_row = EXCLUDED.shard_row`
}

/** Forgets the cuts before `oldest`, and with them what an actor was before its row of that cut. */
function forgetBefore(tx: Transaction, shard: number, oldest: number) {
  return [
    tx`DELETE FROM snapshot_cuts WHERE shard = ${shard} AND n < ${oldest}`,
    tx`
      DELETE FROM snapshot_actors AS older USING snapshot_actors AS base
      WHERE base.shard = ${shard} AND base.n = ${oldest}
        AND older.shard = base.shard AND older.kind = base.kind AND older.id = base.id AND older.n < base.n`,
  ]
}

async function save(tx: Transaction, cut: Cut): Promise<void> {
  await tx`SELECT pg_advisory_xact_lock(${lock_class}, ${cut.shard})`
  const cuts = await tx<{ epoch: number; n: number }[]>`
    SELECT epoch, n FROM snapshot_cuts WHERE shard = ${cut.shard} ORDER BY n DESC`
  const [newest] = cuts
  if (newest && (newest.epoch > cut.epoch || newest.n > cut.n)) {
    const where = `shard ${cut.shard} has a cut at epoch ${newest.epoch}, frame ${newest.n}`
    throw new Fault(where, { retry: false })
  }
  for (const rows of slices(cut.actors, limits.snapshot_rows_per_statement)) await insertActors(tx, cut, rows)
  const previous = cuts.find(({ n }) => n < cut.n)
  await Promise.all([insertHead(tx, cut), ...(previous ? forgetBefore(tx, cut.shard, previous.n) : [])])
}

async function drop(tx: Transaction, { shard, epoch, n }: Parameters<Snapshots['drop']>[0]): Promise<void> {
  await tx`SELECT pg_advisory_xact_lock(${lock_class}, ${shard})`
  const dropped = await tx`
    DELETE FROM snapshot_cuts WHERE shard = ${shard} AND epoch = ${epoch} AND n = ${n} RETURNING n`
  if (dropped.length > 0) await tx`DELETE FROM snapshot_actors WHERE shard = ${shard} AND n = ${n}`
}

/** Stands between the values of a column of a page: no kind or id holds it. */
const separator = '\u001f'

/** Many actors in one row: their fields with separators between, their states one after the other. */
interface PageColumns {
  readonly kinds: string | null
  readonly ids: string
  readonly seqs: string
  readonly sizes: string
  readonly latitudes: string
  readonly longitudes: string
  readonly states: Buffer
}

/**
 * A row of its own for each actor costs the embedded database and this thread more than all the rest of a recovery.
 * Without statistics, which the embedded database never gathers, the planner would sort the shard anew for each page;
 * the index has it in order.
 */
function page(sql: Sql, shard: number, n: number, after: { kind: string; id: string }) {
  return inTransaction(sql, 'loading a snapshot', async (tx) => {
    const [, [columns]] = await Promise.all([
      tx`SET LOCAL enable_sort = off`,
      tx<PageColumns[]>`
        SELECT string_agg(kind, ${separator}) AS kinds, string_agg(id, ${separator}) AS ids, string_agg(seq::text, ${separator}) AS seqs,
          string_agg(length(state)::text, ${separator}) AS sizes, string_agg(state, '') AS states,
          string_agg(coalesce(ST_Y(point::geometry)::text, ''), ${separator}) AS latitudes,
          string_agg(coalesce(ST_X(point::geometry)::text, ''), ${separator}) AS longitudes
        FROM (
          SELECT DISTINCT ON (kind, id) kind, id, seq, state, point
          FROM snapshot_actors
          WHERE shard = ${shard} AND n <= ${n} AND (kind, id) > (${after.kind}, ${after.id})
          ORDER BY kind, id, n DESC
          LIMIT ${limits.snapshot_rows_per_page}
        ) AS newest`,
    ])
    return columns === undefined || columns.kinds === null
      ? []
      : actorRows({ ...columns, kinds: columns.kinds })
  })
}

function actorRows(columns: PageColumns & { readonly kinds: string }): ActorRow[] {
  const [kinds, ids, seqs, sizes] = [columns.kinds, columns.ids, columns.seqs, columns.sizes].map(listed)
  const [latitudes, longitudes] = [columns.latitudes, columns.longitudes].map(listed)
  const states = plain(columns.states)
  let end = 0
  return (kinds ?? []).map((kind, index) => {
    const start = end
    end += Number(sizes?.[index])
    const row = {
      kind,
      id: ids?.[index] ?? '',
      seq: Number(seqs?.[index]),
      state: states.subarray(start, end),
    }
    const latitude = latitudes?.[index] ?? ''
    if (latitude === '') return row
    return { ...row, latitude: Number(latitude), longitude: Number(longitudes?.[index]) }
  })
}

const listed = (column: string) => column.split(separator)

async function requireCut(sql: Sql, shard: number, n: number): Promise<void> {
  const found = await attempt(
    'loading a snapshot',
    () => sql`SELECT 1 FROM snapshot_cuts WHERE shard = ${shard} AND n = ${n}`,
  )
  if (found.length === 0) throw new Fault(`shard ${shard} has no cut ${n}`, { retry: true })
}

/** Pages instead of one open cursor, which would hold the embedded database's only session from end to end. */
async function* load(sql: Sql, shard: number, n: number): AsyncIterable<readonly ActorRow[]> {
  await requireCut(sql, shard, n)
  let next: Promise<ActorRow[]> | undefined = page(sql, shard, n, { kind: '', id: '' })
  while (next) {
    const rows: ActorRow[] = await next
    const last = rows.length < limits.snapshot_rows_per_page ? undefined : rows.at(-1)
    // The next page is on its way while the caller works on this one.
    next = last && page(sql, shard, n, last)
    next?.catch(() => undefined)
    if (rows.length > 0) yield rows
  }
  // A cut that was dropped meanwhile may have lost rows between two pages.
  await requireCut(sql, shard, n)
}

/** Snapshots in the tables `snapshot_cuts` and `snapshot_actors`. */
export function openSnapshots(sql: Sql): Snapshots {
  return {
    save: (cut) => inTransaction(sql, 'saving a snapshot', (tx) => save(tx, cut)),
    cuts: (shard) =>
      attempt('reading the cuts', async () => {
        const heads = await sql<(Omit<CutHead, 'shard_row'> & { shard_row: Buffer })[]>`
          SELECT shard, epoch, n, log_seq, hash, at_ms, shard_row FROM snapshot_cuts
          WHERE shard = ${shard} ORDER BY n DESC`
        return heads.map((head) => ({ ...head, shard_row: plain(head.shard_row) }))
      }),
    load: (shard, n) => load(sql, shard, n),
    wake: (shard, kind, id) =>
      attempt('waking an actor', async () => {
        const [row] = await sql<RowColumns[]>`
          SELECT kind, id, seq, state, ST_Y(point::geometry) AS latitude, ST_X(point::geometry) AS longitude
          FROM snapshot_actors WHERE shard = ${shard} AND kind = ${kind} AND id = ${id}
          ORDER BY n DESC LIMIT 1`
        return row && actorRow(row)
      }),
    drop: (cut) => inTransaction(sql, 'dropping a snapshot', (tx) => drop(tx, cut)),
  }
}
