import type { Context, Decision } from '../protocols/actor.ts'
import type { BookingEvent, bookingCommands } from '../protocols/booking.ts'
import { reject } from '../protocols/rejections.ts'
import type { MessageOf } from '../protocols/shape.ts'
import type { Booking } from './booking.ts'
import { notFound } from './booking_rules.ts'

/** Its owner rates the runner once, after completion. The same stars again change nothing; others are `booking.already_rated`. */
export function rate(
  { status, owner_id, runner_id, booking_number, stars: given }: Booking,
  { stars, comment }: MessageOf<typeof bookingCommands, 'booking.rate'>,
  { by }: Pick<Context, 'by'>,
): Decision<BookingEvent> {
  if (status === 'none') return notFound
  if (owner_id !== by.id) return reject('booking.not_yours', 'only its owner rates the runner')
  if (status !== 'completed')
    return reject('booking.wrong_status', `it is rated when it is completed, and is '${status}'`)
  if (given === stars) return []
  if (given !== 0) return reject('booking.already_rated', `it has ${given} of 5 stars`)
  return [{ type: 'booking.rated', booking_number, owner_id, runner_id, stars, comment }]
}
