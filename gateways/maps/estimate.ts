import { haversineKm } from '../../engine/sphere.ts'
import { limits } from '../../protocols/limits.ts'
import { encodePolyline } from '../../protocols/polyline.ts'
import type { Routing } from '../../protocols/routing.ts'

/** What needs no maps: the straight line, longer by what roads usually are, at the speed of our own estimates. It never rejects. */
export const estimate: Routing = {
  async route(pickup, dropoff) {
    const straight_km = haversineKm(pickup.latitude, pickup.longitude, dropoff.latitude, dropoff.longitude)
    const distance_km = straight_km * limits.route_detour
    return {
      distance_km,
      duration_min: Math.ceil((distance_km / limits.route_speed_kmh) * 60),
      polyline: encodePolyline([pickup, dropoff]),
      source: 'estimate',
      fallback: false,
    }
  },
}
