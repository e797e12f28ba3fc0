/** Mean radius of the Earth in km that every distance of the system is reckoned with (contract, 5.1). */
export const earth_radius_km = 6_371

const radians = Math.PI / 180

/** Great-circle distance in km between two points in degrees, by the haversine formula. */
export function haversineKm(
  latitude: number,
  longitude: number,
  other_latitude: number,
  other_longitude: number,
): number {
  const rise = Math.sin(((other_latitude - latitude) * radians) / 2)
  const run = Math.sin(((other_longitude - longitude) * radians) / 2)
  const a = rise * rise + Math.cos(latitude * radians) * Math.cos(other_latitude * radians) * run * run
  return 2 * earth_radius_km * Math.asin(Math.min(1, Math.sqrt(a)))
}

/** Length of the straight line through a unit sphere between two points `km` apart on the Earth; 2 is the far side. */
export function chordOf(km: number): number {
  const half_angle = km / (2 * earth_radius_km)
  return half_angle >= Math.PI / 2 ? 2 : 2 * Math.sin(half_angle)
}

/** Writes the unit vector of a point in degrees to `out[at]`, `out[at + 1]` and `out[at + 2]`. */
export function writeVector(latitude: number, longitude: number, out: Float64Array, at: number): void {
  const flat = Math.cos(latitude * radians)
  out[at] = flat * Math.cos(longitude * radians)
  out[at + 1] = flat * Math.sin(longitude * radians)
  out[at + 2] = Math.sin(latitude * radians)
}
