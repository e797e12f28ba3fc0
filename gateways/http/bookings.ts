import type { Principal } from '../../protocols/actor.ts'
import type { Point } from '../../protocols/ids.ts'
import { limits } from '../../protocols/limits.ts'
import type { BookingFilter } from '../../protocols/lists.ts'
import { isRefusal, type Rejection, reject } from '../../protocols/rejections.ts'
import { bitsFor, type Requirement } from '../../protocols/runner.ts'
import { pageOf, radiusOf } from './query.ts'
import { asOf, itemised, ok, paged } from './reply.ts'
import type { Endpoint } from './request.ts'
import { nearest, seenBy } from './runners.ts'

const statuses = ['requested', 'accepted', 'in_progress', 'delivered', 'completed', 'cancelled']
const active = ['requested', 'accepted', 'in_progress', 'delivered']

/** What a booking answers to whoever may look for its runners. */
interface Search {
  readonly pickup: Point
  readonly requirement: Requirement
}

export const bookingEndpoints = {
  /** The caller's bookings, and for runners the open ones: contract, sections 3.0.3 and 3.2, has who asks how. */
  bookings: async ({ query, by }, { lists, reads }) => {
    const whose = filterOf(by, query)
    if (isRefusal(whose)) return whose
    const { page, limit } = pageOf(query)
    const caught_up = await reads.caughtUp(by.id)
    const found = await lists.bookings({ ...whose, page, limit })
    const shape = by.role === 'runner' && !wantsPage(query) ? itemised : paged
    return asOf(caught_up, shape(found, page, limit))
  },

  /** For the owner of a booking: who near its pickup could carry the animal now, the best first, and why each stands where he does. */
  bookingRunners: async ({ ids: { id = '' }, query, by }, { host, env }) => {
    const deadline_ms = env.now_ms() + limits.command_deadline_ms
    const asked = await host.ask({
      to: { actor: 'booking', id },
      query: { type: 'booking.search' },
      by,
      deadline_ms,
    })
    if (!asked.ok) return asked.rejection
    const { pickup, requirement } = asked.view as Search
    const radius_km = radiusOf(query, limits.booking_runners_radius_km)
    if (isRefusal(radius_km)) return radius_km
    const criteria = { requirement, only_free: true }
    const found = await host.near(
      nearest({ ...pickup, radius_km, bits: bitsFor(requirement), criteria, ranked: true }),
    )
    return ok(found.map((near, index) => ({ ...seenBy(by, near), rank: { place: index + 1, ...near.rank } })))
  },
} satisfies Record<string, Endpoint>

const wantsPage = (query: URLSearchParams) => query.has('page') || query.has('limit')

type Whose = Omit<BookingFilter, 'page' | 'limit'>

function statusOf(query: URLSearchParams): string | Rejection {
  const status = query.get('status') ?? ''
  if (status === '' || status === 'active' || statuses.includes(status)) return status
  return reject('request.malformed', `status must be one of active, ${statuses.join(', ')}`)
}

/** The statuses that a query for everybody's bookings is about, or `request.malformed`. */
export function statusesOf(query: URLSearchParams): Pick<BookingFilter, 'statuses'> | Rejection {
  const status = statusOf(query)
  if (isRefusal(status)) return status
  if (status === '') return {}
  return { statuses: status === 'active' ? active : [status] }
}

function filterOf(by: Principal, query: URLSearchParams): Whose | Rejection {
  const status = statusOf(query)
  if (isRefusal(status)) return status
  return by.role === 'runner' ? runnerFilter(by.id, status, wantsPage(query)) : ownerFilter(by.id, status)
}

function ownerFilter(owner_id: string, status: string): Whose {
  if (status === '') return { owner_id }
  return { owner_id, statuses: status === 'active' ? active : [status] }
}

/** Without a status, a page is the open bookings and his own in one list; without a page as well, his own alone. */
function runnerFilter(runner_id: string, status: string, page: boolean): Whose {
  if (status === '') return page ? { runner_id, with_open: true } : { runner_id }
  if (status === 'requested') return { runner_id, with_open: true, statuses: ['requested'] }
  return { runner_id, statuses: status === 'active' ? active.slice(1) : [status] }
}
