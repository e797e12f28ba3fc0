import { limits } from '../../protocols/limits.ts'
import { isRefusal, reject } from '../../protocols/rejections.ts'
import { type Photo, photos } from '../../protocols/tables.ts'
import { bookingOf } from '../participants.ts'
import { addOnce, recordId } from './records.ts'
import { created, ok } from './reply.ts'
import type { Endpoint } from './request.ts'
import { bodyOf } from './shapes.ts'
import { timeOf } from './times.ts'

export const photoEndpoints = {
  /** A proof by URL, from the runner who holds the booking. `booking.not_yours`, `photo.too_many`. */
  addPhoto: async (request, doors) => {
    const wanted = bodyOf('addPhoto', request.body)
    if (isRefusal(wanted)) return wanted
    const booking = await bookingOf(request, doors)
    if (isRefusal(booking)) return booking
    const { id: runner_id } = request.by
    if (booking.runner_id !== runner_id) return reject('booking.not_yours', 'its runner alone adds photos')
    const where = { booking_id: booking.id }
    if ((await doors.rows.count(photos, where)) >= limits.photos_per_booking_max)
      return reject('photo.too_many', `at most ${limits.photos_per_booking_max}`)
    const at = doors.env.now_ms()
    const photo = {
      ...wanted,
      ...where,
      id: recordId(request, doors.env),
      runner_id,
      taken_at: at,
      created_at: at,
    }
    return created(photoView(await addOnce(doors.rows, photos, photo)))
  },

  /** Oldest first. */
  photos: async (request, doors) => {
    const booking = await bookingOf(request, doors)
    if (isRefusal(booking)) return booking
    const found = await doors.rows.find(photos, {
      where: { booking_id: booking.id },
      order: [
        ['created_at', 'up'],
        ['id', 'up'],
      ],
      limit: limits.photos_per_booking_max,
    })
    return ok(found.map(photoView))
  },
} satisfies Record<string, Endpoint>

const photoView = (photo: Photo) => ({
  ...photo,
  taken_at: timeOf(photo.taken_at),
  created_at: timeOf(photo.created_at),
})
