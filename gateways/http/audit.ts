// What is read of bookings besides the bookings: who changed their status, where they went, and how many there are.
import { limits } from '../../protocols/limits.ts'
import { isRefusal } from '../../protocols/rejections.ts'
import { booking_counts, type StatusChange, status_changes } from '../../protocols/tables.ts'
import { bookingOf } from '../participants.ts'
import { statusesOf } from './bookings.ts'
import { strictPageOf } from './query.ts'
import { asOf, ok, paged } from './reply.ts'
import type { Endpoint } from './request.ts'
import { timeOf } from './times.ts'
import { flatPositions } from './tracking.ts'

const statuses = ['requested', 'accepted', 'in_progress', 'delivered', 'completed', 'cancelled'] as const

export const auditEndpoints = {
  /** Every change of its status, oldest first: who, when, why, and the frame of the log that holds it. */
  bookingHistory: async (request, doors) => {
    const booking = await bookingOf(request, doors)
    if (isRefusal(booking)) return booking
    const caught_up = await doors.reads.caughtUp(request.by.id)
    const changes = await doors.rows.find(status_changes, {
      where: { booking_id: booking.id },
      order: [['log_seq', 'up']],
      limit: limits.history_rows_max,
    })
    const in_order = [...changes].sort(
      (one, other) => one.log_seq - other.log_seq || placeOf(one) - placeOf(other),
    )
    return asOf(caught_up, ok(in_order.map(changeView)))
  },

  /** The places of the present trip, each flat with its booking and runner. */
  bookingTracking: flatPositions,

  /** Of everybody, newest first; `status` narrows it. */
  adminBookings: async ({ query, by }, { lists, reads }) => {
    const wanted = statusesOf(query)
    if (isRefusal(wanted)) return wanted
    const { page, limit } = strictPageOf(query)
    const caught_up = await reads.caughtUp(by.id)
    return asOf(caught_up, paged(await lists.bookings({ ...wanted, page, limit }), page, limit))
  },

  bookingStats: async (_request, { rows }) => {
    const counts = await Promise.all(statuses.map((status) => rows.count(booking_counts, { status })))
    const by_status = Object.fromEntries(statuses.map((status, index) => [status, counts[index] ?? 0]))
    return ok({ total_bookings: counts.reduce((sum, count) => sum + count, 0), by_status })
  },
} satisfies Record<string, Endpoint>

/** Where it stands in its frame: the last part of an event's id. */
const placeOf = ({ event_id }: StatusChange) => Number(event_id.slice(event_id.lastIndexOf(':') + 1))

const changeView = ({ frame_shard, frame_n, log_seq, ...change }: StatusChange) => ({
  ...change,
  frame: { shard: frame_shard, n: frame_n, log_seq },
  created_at: timeOf(change.created_at),
})
