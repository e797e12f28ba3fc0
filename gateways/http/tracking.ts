import type { Answer, Done } from '../../engine/host.ts'
import { limits } from '../../protocols/limits.ts'
import { asOf, bare, ok } from './reply.ts'
import type { Endpoint, HttpDoors, KnownRequest } from './request.ts'

export const trackingEndpoints = {
  /** The trip with every place in time order; the trip's actor says who may see it. */
  tracking: async (request, doors) => {
    const trip = await tripOf(request, doors)
    if (!trip.ok) return trip.rejection
    const { waypoints, caught_up } = await waypointsOf(request, doors, trip)
    return asOf(caught_up, ok({ ...shown(trip.view), waypoints }))
  },

  /** The same way as a bare GeoJSON LineString. */
  trackingRoute: async (request, doors) => {
    const trip = await tripOf(request, doors)
    if (!trip.ok) return trip.rejection
    const { waypoints, caught_up } = await waypointsOf(request, doors, trip)
    const coordinates = waypoints.map(({ longitude, latitude }) => [degrees(longitude), degrees(latitude)])
    return asOf(caught_up, bare({ type: 'LineString', coordinates }, 'application/geo+json'))
  },
} satisfies Record<string, Endpoint>

/** The places of a booking's present trip in the shape of the feed's positions, in time order. */
export const flatPositions: Endpoint = async (request, doors) => {
  const trip = await tripOf(request, doors)
  if (!trip.ok) return trip.rejection
  const { booking_id, runner_id } = trip.view as { booking_id: string; runner_id: string }
  const { waypoints, caught_up } = await waypointsOf(request, doors, trip)
  const places = waypoints.map(({ id: _id, recorded_at: timestamp, ...place }) => ({
    booking_id,
    runner_id,
    ...place,
    timestamp,
  }))
  return asOf(caught_up, ok(places))
}

/** What stands in the trip for the feed alone is no part of the contract. */
function shown(trip: object): object {
  const { last_position: _, ...rest } = trip as { last_position?: unknown }
  return rest
}

/** Nine decimals, as PostGIS writes them. */
const degrees = (value: number) => Math.round(value * 1e9) / 1e9

const tripOf = ({ ids: { id = '' }, by }: KnownRequest, { host, env }: HttpDoors): Promise<Answer> =>
  host.ask({
    to: { actor: 'trip', id },
    query: { type: 'trip.view' },
    by,
    deadline_ms: env.now_ms() + limits.command_deadline_ms,
  })

/** What the trip's actor has told must be among the places. */
async function waypointsOf(
  { ids: { id = '' }, by }: KnownRequest,
  { lists, reads }: HttpDoors,
  { shard, n }: Done,
) {
  reads.note(by.id, shard, n)
  const caught_up = await reads.caughtUp(by.id)
  return { waypoints: await lists.waypoints(id), caught_up }
}
