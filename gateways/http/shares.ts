// Links to a trip for people without an account: read-only, for a day, revocable. Only a hash of a token is kept.
import { createHash, randomBytes } from 'node:crypto'
import { limits } from '../../protocols/limits.ts'
import { isRefusal, reject } from '../../protocols/rejections.ts'
import { shared_trips } from '../../protocols/tables.ts'
import { bookingOf } from '../participants.ts'
import { acknowledged, created, ok } from './reply.ts'
import type { Endpoint, PublicEndpoint } from './request.ts'
import { timeOf } from './times.ts'

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex')
/** Whoever has the link sees the trip, and nothing that says whose it is. */
const link_reader = { id: '00000000-0000-0000-0000-000000000000', role: 'admin' } as const
const far_ms = Date.UTC(9999, 0)

export const shareEndpoints = {
  /** A new link each time. `share.too_many` while as many are valid as a booking may have. */
  shareTrip: async (request, doors) => {
    const booking = await bookingOf(request, doors)
    if (isRefusal(booking)) return booking
    const now_ms = doors.env.now_ms()
    const where = { booking_id: booking.id, expires_at: { from: now_ms, to: far_ms } }
    if ((await doors.rows.count(shared_trips, where)) >= limits.shares_per_booking_max)
      return reject('share.too_many', `at most ${limits.shares_per_booking_max} at a time`)
    const share_token = randomBytes(16).toString('hex')
    const expires_at = now_ms + limits.share_life_ms
    const id = doors.env.uuid()
    await doors.rows.add(shared_trips, {
      id,
      booking_id: booking.id,
      shared_by: request.by.id,
      token_hash: hashOf(share_token),
      expires_at,
      created_at: now_ms,
    })
    const share_url = `/api/v1/tracking/shared/${share_token}`
    return created({ id, booking_id: booking.id, share_token, share_url, expires_at: timeOf(expires_at) })
  },

  /** Ends the links that the caller made; those of everybody when he is the owner or an admin. */
  unshareTrip: async (request, doors) => {
    const booking = await bookingOf(request, doors)
    if (isRefusal(booking)) return booking
    const all = request.by.role === 'admin' || request.by.id === booking.owner_id
    const where = { booking_id: booking.id, ...(all ? {} : { shared_by: request.by.id }) }
    await doors.rows.remove(shared_trips, where)
    return acknowledged('the trip is no longer shared')
  },
} satisfies Record<string, Endpoint>

export const openShareEndpoints = {
  /** `share.not_found` for a token that is unknown, ended or revoked, and until there is a trip. */
  sharedTrip: async ({ ids: { token = '' } }, { rows, host, lists, env }) => {
    const now_ms = env.now_ms()
    const where = { token_hash: hashOf(token.toLowerCase()), expires_at: { from: now_ms + 1, to: far_ms } }
    const [link] = await rows.find(shared_trips, { where, order: [], limit: 1 })
    if (!link) return reject('share.not_found', '')
    const { booking_id } = link
    const trip = await host.ask({
      to: { actor: 'trip', id: booking_id },
      query: { type: 'trip.view' },
      by: link_reader,
      deadline_ms: now_ms + limits.command_deadline_ms,
    })
    if (!trip.ok)
      return trip.rejection.rejected === 'trip.not_found' ? reject('share.not_found', '') : trip.rejection
    const waypoints = (await lists.waypoints(booking_id)).map(({ id: _id, ...place }) => place)
    const { status } = trip.view as { status: string }
    return ok({ booking_id, status, waypoints, expires_at: timeOf(link.expires_at) })
  },
} satisfies Record<string, PublicEndpoint>
