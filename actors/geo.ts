import type { RouteSpec } from '../protocols/booking.ts'
import type { Point } from '../protocols/ids.ts'
import { limits } from '../protocols/limits.ts'

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

/** Google's encoded polyline, precision 5. Source: Google Maps Platform, Encoded Polyline Algorithm Format. */
export function polyline(points: readonly Point[]): string {
  let latitude = 0
  let longitude = 0
  let text = ''
  for (const point of points) {
    const south = Math.round(point.latitude * 1e5)
    const east = Math.round(point.longitude * 1e5)
    text += chunks(south - latitude) + chunks(east - longitude)
    latitude = south
    longitude = east
  }
  return text
}

function chunks(delta: number): string {
  let rest = delta < 0 ? ~(delta << 1) : delta << 1
  let text = ''
  while (rest >= 0x20) {
    text += String.fromCharCode((0x20 | (rest & 0x1f)) + 63)
    rest >>>= 5
  }
  return text + String.fromCharCode(rest + 63)
}

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
    polyline: polyline([pickup, dropoff]),
  }
}

/** Only the coordinates of something that has more. */
export const pointOf = ({ latitude, longitude }: Point): Point => ({ latitude, longitude })
