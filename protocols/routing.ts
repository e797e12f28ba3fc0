import type { Itinerary } from './booking.ts'
import type { Point } from './ids.ts'

/** The way to drive between two places. */
export interface Routing {
  /** Rejects with a Fault when no way is known (`retry: false`), or nobody says so in time (`retry: true`). */
  route(pickup: Point, dropoff: Point): Promise<Itinerary>
}
