// What is read from the projections, in the wire shapes of contract 3.0.1 with all that 3.0.2 wants present.
import type { BookingFilter, Lists, Page, PaymentFilter, WaypointView } from '../protocols/lists.ts'
import { arrayOf, attempt, type Sql } from './pg.ts'

interface BookingRow {
  readonly id: string
  readonly booking_number: string
  readonly owner_id: string
  readonly runner_id: string | null
  readonly status: string
  readonly pet_spec: object
  readonly crate_requirement: Readonly<Record<string, unknown>>
  readonly pickup_address: object
  readonly dropoff_address: object
  readonly route_spec: object
  readonly quote: object | null
  readonly itinerary: object | null
  readonly stars: number | null
  readonly estimated_price_cents: number
  readonly final_price_cents: number | null
  readonly currency: string
  readonly scheduled_at: Date | null
  readonly picked_up_at: Date | null
  readonly delivered_at: Date | null
  readonly cancelled_at: Date | null
  readonly cancel_note: string
  readonly notes: string
  readonly version: number
  readonly created_at: Date
  readonly updated_at: Date
}

/** `YYYY-MM-DDTHH:MM:SSZ`, the fraction cut off: both Swift apps refuse one. */
const wireTime = (time: Date): string => `${time.toISOString().slice(0, 19)}Z`
const maybeTime = (time: Date | null): string | null => time && wireTime(time)

function bookingView(row: BookingRow): object {
  const { minimum_size, needs_ventilation, needs_temp_control, minimum_weight_capacity } =
    row.crate_requirement
  const { high_tier = false, needs_certified = false } = row.crate_requirement
  return {
    ...row,
    crate_requirement: { minimum_size, needs_ventilation, needs_temp_control, minimum_weight_capacity },
    high_tier,
    needs_certified,
    scheduled_at: maybeTime(row.scheduled_at),
    picked_up_at: maybeTime(row.picked_up_at),
    delivered_at: maybeTime(row.delivered_at),
    cancelled_at: maybeTime(row.cancelled_at),
    created_at: wireTime(row.created_at),
    updated_at: wireTime(row.updated_at),
  }
}

function whereOf(sql: Sql, { owner_id, runner_id, with_open, statuses }: BookingFilter) {
  const mine = sql`runner_id = ${runner_id ?? null}::uuid`
  const runner = with_open ? sql`(${mine} OR status = 'requested')` : mine
  return sql`
    WHERE ${owner_id === undefined ? sql`true` : sql`owner_id = ${owner_id}::uuid`}
      AND ${runner_id === undefined ? sql`true` : runner}
      AND ${statuses === undefined ? sql`true` : sql`status = ANY(${arrayOf(statuses)}::text[])`}`
}

async function bookings(sql: Sql, filter: BookingFilter): Promise<Page<object>> {
  const offset = (filter.page - 1) * filter.limit
  const [rows, counted] = await Promise.all([
    sql<BookingRow[]>`
      SELECT id, booking_number, owner_id, runner_id, status, pet_spec, crate_requirement, pickup_address,
        dropoff_address, route_spec, quote, itinerary, stars, estimated_price_cents, final_price_cents, currency, scheduled_at, picked_up_at,
        delivered_at, cancelled_at, cancel_note, notes, version, created_at, updated_at
      FROM bookings ${whereOf(sql, filter)}
      ORDER BY created_at DESC, id DESC LIMIT ${filter.limit} OFFSET ${offset}`,
    sql<{ total: number }[]>`SELECT count(*) AS total FROM bookings ${whereOf(sql, filter)}`,
  ])
  return { items: rows.map(bookingView), total: counted[0]?.total ?? 0 }
}

const paymentTimes = [
  'escrow_held_at',
  'escrow_released_at',
  'refunded_at',
  'created_at',
  'updated_at',
] as const

type PaymentRow = { readonly [Name in (typeof paymentTimes)[number]]: Date | null }

/** The columns of a payment's wire shape, in its order. */
const payment_columns = `id, booking_id, booking_number, owner_id, runner_id, escrow_status, amount_cents,
  platform_fee_cents, runner_payout_cents, currency, payment_method, stripe_payment_id, escrow_held_at,
  escrow_released_at, refunded_at, refund_reason, failure_reason, version, created_at, updated_at`

async function payments(sql: Sql, filter: PaymentFilter): Promise<Page<object>> {
  const { owner_id, runner_id, statuses, page, limit } = filter
  const where = sql`
    WHERE ${owner_id === undefined ? sql`true` : sql`owner_id = ${owner_id}::uuid`}
      AND ${runner_id === undefined ? sql`true` : sql`runner_id = ${runner_id}::uuid`}
      AND ${statuses === undefined ? sql`true` : sql`escrow_status = ANY(${arrayOf(statuses)}::text[])`}`
  const [rows, counted] = await Promise.all([
    sql<PaymentRow[]>`
      SELECT ${sql.unsafe(payment_columns)} FROM payments ${where}
      ORDER BY created_at DESC, id DESC LIMIT ${limit} OFFSET ${(page - 1) * limit}`,
    sql<{ total: number }[]>`SELECT count(*) AS total FROM payments ${where}`,
  ])
  const items = rows.map((row) => ({
    ...row,
    ...Object.fromEntries(paymentTimes.map((name) => [name, maybeTime(row[name])])),
  }))
  return { items, total: counted[0]?.total ?? 0 }
}

async function waypoints(sql: Sql, booking_id: string): Promise<readonly WaypointView[]> {
  const rows = await sql<(Omit<WaypointView, 'recorded_at'> & { recorded_at: Date })[]>`
    SELECT id, ST_Y(place) AS latitude, ST_X(place) AS longitude, speed_kmh, heading_degrees, recorded_at
    FROM waypoints
    WHERE trip_track_id = (
      SELECT id FROM trip_tracks WHERE booking_id = ${booking_id}::uuid ORDER BY started_seq DESC LIMIT 1)
    ORDER BY recorded_at, fix_seq`
  return rows.map((row) => ({ ...row, recorded_at: wireTime(row.recorded_at) }))
}

/** Lists over the projections' tables. */
export function openLists(sql: Sql): Lists {
  return {
    bookings: (filter) => attempt('listing bookings', () => bookings(sql, filter)),
    payments: (filter) => attempt('listing payments', () => payments(sql, filter)),
    waypoints: (booking_id) => attempt('listing waypoints', () => waypoints(sql, booking_id)),
  }
}
