// The tables that people query, derived from the log: every event once, in the order of its shard.
import { type DurableFrame, Fault, type Projections } from '../engine/ports.ts'
import { arrayOf, attempt, inTransaction, type Sql, type Transaction } from './pg.ts'
import { projectBookings } from './project_bookings.ts'
import { projectPayments } from './project_payments.ts'
import { projectRunners } from './project_runners.ts'
import { projectTrips } from './project_trips.ts'
import { factsOf } from './records.ts'

interface Watermark {
  readonly n: number
  readonly seq: number
}

/** The watermarks of these shards, held until the transaction ends: a second projector waits, then finds its frames in. */
async function holdWatermarks(
  tx: Transaction,
  frames: readonly DurableFrame[],
): Promise<Map<number, Watermark>> {
  const shards = [...new Set(frames.map(({ frame }) => frame.shard))].sort((a, b) => a - b)
  const rows = await tx<({ shard: number } & Watermark)[]>`
    INSERT INTO watermarks AS w (shard) SELECT unnest(${arrayOf(shards)}::int[])
    ON CONFLICT (shard) DO UPDATE SET n = w.n RETURNING w.shard, w.n, w.seq`
  return new Map(rows.map(({ shard, n, seq }) => [shard, { n, seq }]))
}

/** The frames that are not in yet; moves the watermarks past them. */
function unseen(frames: readonly DurableFrame[], marks: Map<number, Watermark>): readonly DurableFrame[] {
  return frames.filter(({ seq, frame: { shard, n } }) => {
    const last = marks.get(shard)?.n ?? 0
    if (n <= last) return false
    if (n > last + 1) {
      throw new Fault(`projection gap, shard ${shard}: frame ${n} after ${last}`, { retry: false })
    }
    marks.set(shard, { n, seq })
    return true
  })
}

/** Derives the rows of these frames, and moves their watermarks, in the transaction that is given. */
export async function project(tx: Transaction, frames: readonly DurableFrame[]): Promise<void> {
  const marks = await holdWatermarks(tx, frames)
  const facts = factsOf(unseen(frames, marks))
  const of = (kind: string) => facts.filter(({ event }) => event.kind === kind)
  await projectBookings(tx, of('booking'))
  await projectPayments(tx, of('payment'))
  await projectRunners(tx, of('runner'))
  await projectTrips(tx, of('trip'))
  const rows = [...marks].map(([shard, mark]) => ({ shard, ...mark }))
  await tx`
    UPDATE watermarks AS w SET n = c.n, seq = c.seq
    FROM unnest(
      ${arrayOf(rows.map(({ shard }) => shard))}::int[], ${arrayOf(rows.map(({ n }) => n))}::bigint[],
      ${arrayOf(rows.map(({ seq }) => seq))}::bigint[]
    ) AS c (shard, n, seq)
    WHERE w.shard = c.shard`
}

/** Projections in the tables of contract section 7; events of other kinds of actors only move the watermark. */
export function openProjections(sql: Sql): Projections {
  return {
    watermark: (shard) =>
      attempt('reading a watermark', async () => {
        const [row] = await sql<Watermark[]>`SELECT n, seq FROM watermarks WHERE shard = ${shard}`
        return { n: row?.n ?? 0, seq: row?.seq ?? 0 }
      }),
    project: async (frames) => {
      if (frames.length > 0) await inTransaction(sql, 'projecting', (tx) => project(tx, frames))
    },
  }
}
