import type { RouteSpec } from '../protocols/booking.ts'
import type { Point } from '../protocols/ids.ts'
import { limits } from '../protocols/limits.ts'
import { encodePolyline } from '../protocols/polyline.ts'

const earth_radius_km = 6_371
const radians = Math.PI / 180

/** Great-circle distance by the haversine formula on a sphere of 6371.0 km: the distance that prices are made of. */
export function distanceKm(from: Point, to: Point): number {
  const south = Math.sin(((to.latitude - from.latitude) * radians) / 2)
  const east = Math.sin(((to.longitude - from.longitude) * radians) / 2)
  const chord =
    south * south + Math.cos(from.latitude * radians) * Math.cos(to.latitude * radians) * east * east
  return 2 * earth_radius_km * Math.atan2(Math.sqrt(chord), Math.sqrt(1 - chord))
}

export const distanceM = (from: Point, to: Point): number => distanceKm(from, to) * 1_000

/** The straight line, as it is priced; its duration is that of `route_speed_kmh`, rounded up to whole minutes. */
export function routeOf(pickup: Point, dropoff: Point): RouteSpec {
  const distance_km = distanceKm(pickup, dropoff)
  return {
    pickup_lat: pickup.latitude,
    pickup_lng: pickup.longitude,
    dropoff_lat: dropoff.latitude,
    dropoff_lng: dropoff.longitude,
    distance_km,
    estimated_duration_min: Math.ceil((distance_km / limits.route_speed_kmh) * 60),
    polyline: encodePolyline([pickup, dropoff]),
  }
}

/** Only the coordinates of something that has more. */
export const pointOf = ({ latitude, longitude }: Point): Point => ({ latitude, longitude })
