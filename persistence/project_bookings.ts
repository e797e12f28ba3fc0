// Bookings, the history of their status, and why runners gave them back.
import { Fault } from '../engine/ports.ts'
import type { BookingEvent, BookingStatus } from '../protocols/booking.ts'
import { arrayOf, type Transaction } from './pg.ts'
import { type Fact, instant, recordset, uuidOf } from './records.ts'

type Requested = Extract<BookingEvent, { type: 'booking.requested' }>

/** What an event changes in a row. Absent columns stay as they are. */
interface Move {
  /** Absent: it stays, and the history gets no row. */
  readonly status?: BookingStatus
  readonly runner_id?: string | null
  readonly reason?: string
  readonly columns?: Readonly<Record<string, string | number | boolean>>
}

type Moves = {
  readonly [Type in BookingEvent['type']]?: (event: Extract<BookingEvent, { type: Type }>, at: string) => Move
}

/** The events that change a booking's wire shape: each counts one version. */
const moves: Moves = {
  'booking.accepted': ({ runner_id }) => ({ status: 'accepted', runner_id }),
  'booking.declined': ({ reason }) => ({ status: 'requested', runner_id: null, reason }),
  'booking.pet_picked_up': ({ runner_id }, at) => ({
    status: 'in_progress',
    runner_id,
    columns: { picked_up_at: at },
  }),
  'booking.delivered': ({ runner_id }, at) => ({
    status: 'delivered',
    runner_id,
    columns: { delivered_at: at },
  }),
  'booking.completed': ({ runner_id, final_price_cents, unpaid }) => ({
    status: 'completed',
    runner_id,
    columns: { final_price_cents, unpaid },
  }),
  'booking.cancelled': ({ runner_id, reason }, at) => ({
    status: 'cancelled',
    runner_id: runner_id === '' ? null : runner_id,
    reason,
    columns: { cancelled_at: at, cancel_note: reason },
  }),
  'booking.noted': ({ notes }) => ({ columns: { notes } }),
  'booking.rated': ({ stars }) => ({ columns: { stars } }),
}

interface Row {
  readonly status: string
  readonly runner_id: string | null
  readonly version: number
}

/** One batch, folded: at most one row of each booking in `created` and in `changed`. */
interface Batch {
  readonly rows: Map<string, Row>
  readonly created: object[]
  readonly changed: Map<string, object>
  readonly history: object[]
  readonly declines: object[]
}

function addHistory({ history, rows }: Batch, fact: Fact, to_status: string, reason = ''): void {
  const { event, shard, n, log_seq, event_id } = fact
  history.push({
    id: uuidOf('status', event_id),
    booking_id: event.id,
    from_status: rows.get(event.id)?.status ?? '',
    to_status,
    changed_by: event.by.id,
    changed_by_role: event.by.role,
    reason,
    frame_shard: shard,
    frame_n: n,
    log_seq,
    event_id,
    created_at: instant(event.at_ms),
  })
}

/** Years that PostgreSQL does not take are no appointments. */
function appointment(time: string | null): string | null {
  const at_ms = Date.parse(time ?? '')
  return at_ms >= 0 ? instant(at_ms) : null
}

function create(batch: Batch, fact: Fact, event: Requested): void {
  const { type: _type, requirement, scheduled_at, ...columns } = event
  const { id, at_ms } = fact.event
  const at = instant(at_ms)
  addHistory(batch, fact, 'requested')
  batch.created.push({
    ...columns,
    id,
    status: 'requested',
    crate_requirement: requirement,
    scheduled_at: appointment(scheduled_at),
    version: 1,
    created_at: at,
    updated_at: at,
  })
  batch.rows.set(id, { status: 'requested', runner_id: null, version: 1 })
}

function change(batch: Batch, fact: Fact, move: Move): void {
  const { id, at_ms } = fact.event
  const row = batch.rows.get(id)
  if (!row)
    throw new Fault(`${fact.event_id}: ${fact.event.type} of an unknown booking ${id}`, { retry: false })
  if (move.status) addHistory(batch, fact, move.status, move.reason)
  const { status = row.status, runner_id = row.runner_id } = move
  const version = row.version + 1
  const earlier = batch.changed.get(id)
  batch.changed.set(id, {
    ...earlier,
    ...move.columns,
    id,
    status,
    runner_id,
    version,
    updated_at: instant(at_ms),
  })
  batch.rows.set(id, { status, runner_id, version })
}

function decline(
  batch: Batch,
  { event: { id, at_ms }, event_id }: Fact,
  runner_id: string,
  reason: string,
): void {
  const declined_at = instant(at_ms)
  batch.declines.push({ id: uuidOf('decline', event_id), booking_id: id, runner_id, reason, declined_at })
}

function fold(batch: Batch, fact: Fact): void {
  const event = { type: fact.event.type, ...fact.event.data } as BookingEvent
  if (event.type === 'booking.requested') return create(batch, fact, event)
  // The row's type follows from the event's, which the compiler cannot see here.
  const move = moves[event.type] as ((event: BookingEvent, at: string) => Move) | undefined
  if (!move) return
  change(batch, fact, move(event, instant(fact.event.at_ms)))
  if (event.type === 'booking.declined') decline(batch, fact, event.runner_id, event.reason)
}

const insertBookings = (tx: Transaction, rows: readonly object[]) => tx`
  INSERT INTO bookings (id, booking_number, owner_id, status, pet_spec, crate_requirement, pickup_address,
    dropoff_address, route_spec, estimated_price_cents, currency, scheduled_at, notes, version, created_at, updated_at,
    quote, itinerary)
  SELECT * FROM jsonb_to_recordset(${recordset(rows)}::text::jsonb) AS c (
    id uuid, booking_number text, owner_id uuid, status text, pet_spec jsonb, crate_requirement jsonb,
    pickup_address jsonb, dropoff_address jsonb, route_spec jsonb, estimated_price_cents bigint, currency text,
    scheduled_at timestamptz, notes text, version bigint, created_at timestamptz, updated_at timestamptz,
    quote jsonb, itinerary jsonb)
  ON CONFLICT DO NOTHING`

const updateBookings = (tx: Transaction, rows: readonly object[]) => tx`
  UPDATE bookings AS b SET
    status = c.status, runner_id = c.runner_id, version = c.version, updated_at = c.updated_at,
    picked_up_at = coalesce(c.picked_up_at, b.picked_up_at),
    delivered_at = coalesce(c.delivered_at, b.delivered_at),
    cancelled_at = coalesce(c.cancelled_at, b.cancelled_at),
    cancel_note = coalesce(c.cancel_note, b.cancel_note),
    final_price_cents = coalesce(c.final_price_cents, b.final_price_cents),
    unpaid = coalesce(c.unpaid, b.unpaid),
    notes = coalesce(c.notes, b.notes), stars = coalesce(c.stars, b.stars)
  FROM jsonb_to_recordset(${recordset(rows)}::text::jsonb) AS c (
    id uuid, status text, runner_id uuid, version bigint, updated_at timestamptz, picked_up_at timestamptz,
    delivered_at timestamptz, cancelled_at timestamptz, cancel_note text, final_price_cents bigint, unpaid boolean,
    notes text, stars integer)
  WHERE b.id = c.id`

const insertHistory = (tx: Transaction, rows: readonly object[]) => tx`
  INSERT INTO booking_status_history
  SELECT * FROM jsonb_populate_recordset(NULL::booking_status_history, ${recordset(rows)}::text::jsonb)
  ON CONFLICT DO NOTHING`

const insertDeclines = (tx: Transaction, rows: readonly object[]) => tx`
  INSERT INTO booking_decline_reasons
  SELECT * FROM jsonb_populate_recordset(NULL::booking_decline_reasons, ${recordset(rows)}::text::jsonb)
  ON CONFLICT DO NOTHING`

/** Brings the bookings' tables up to these facts. Rejects with a Fault when one is of a booking that never was requested. */
export async function projectBookings(tx: Transaction, facts: readonly Fact[]): Promise<void> {
  if (facts.length === 0) return
  const ids = [...new Set(facts.map(({ event }) => event.id))]
  const known = await tx<({ id: string } & Row)[]>`
    SELECT id, status, runner_id, version FROM bookings WHERE id = ANY(${arrayOf(ids)}::uuid[])`
  const rows = new Map(known.map(({ id, ...row }) => [id, row]))
  const batch: Batch = { rows, created: [], changed: new Map(), history: [], declines: [] }
  for (const fact of facts) fold(batch, fact)
  const { created, changed, history, declines } = batch
  if (created.length > 0) await insertBookings(tx, created)
  if (changed.size > 0) await updateBookings(tx, [...changed.values()])
  if (history.length > 0) await insertHistory(tx, history)
  if (declines.length > 0) await insertDeclines(tx, declines)
}
