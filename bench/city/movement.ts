import type { Fix } from '../../protocols/runner.ts'
import type { Random } from './random.ts'
import { isCovered, type Place, placeAt, type Road, shifted } from './roads.ts'

const acceleration_mps2 = 2
const braking_mps2 = 3

/** A vehicle on a road. It is moved on in place: there are thousands. */
export interface Vehicle {
  road: Road
  along_m: number
  speed_mps: number
  /** Wall clock until which it waits at a light. */
  waits_until_ms: number
  moved_ms: number
}

export const vehicleOn = (road: Road, now_ms: number): Vehicle => ({
  road,
  along_m: 0,
  speed_mps: 0,
  waits_until_ms: 0,
  moved_ms: now_ms,
})

export const hasArrived = (vehicle: Vehicle): boolean => vehicle.along_m >= vehicle.road.length_m
export const isReachable = (vehicle: Vehicle): boolean => isCovered(vehicle.road, vehicle.along_m)
export const placeOf = (vehicle: Vehicle) => placeAt(vehicle.road, vehicle.along_m)

/** Drives on up to `now_ms`: speeds up, brakes for the end, and now and then waits for a light. Never faster than a tenth above the road's speed. */
export function drive(vehicle: Vehicle, random: Random, now_ms: number): void {
  const seconds = Math.max(0, (now_ms - vehicle.moved_ms) / 1_000)
  vehicle.moved_ms = now_ms
  if (hasArrived(vehicle) || now_ms < vehicle.waits_until_ms) {
    vehicle.speed_mps = 0
    return
  }
  if (vehicle.road.speed_kmh < 60 && random.chance(0.01 * seconds))
    vehicle.waits_until_ms = now_ms + random.between(2_000, 6_000)
  const left_m = vehicle.road.length_m - vehicle.along_m
  const cruise_mps = (vehicle.road.speed_kmh / 3.6) * random.between(0.9, 1.1)
  const wanted_mps = Math.min(cruise_mps, Math.sqrt(2 * braking_mps2 * left_m) + 1)
  const reach_mps = vehicle.speed_mps + acceleration_mps2 * seconds
  vehicle.speed_mps = Math.min(reach_mps, wanted_mps)
  vehicle.along_m = Math.min(vehicle.road.length_m, vehicle.along_m + vehicle.speed_mps * seconds)
}

const digits = (value: number, places: number): number => {
  const scale = 10 ** places
  return Math.round(value * scale) / scale
}

/** How good a fix is: mostly good, sometimes poor (between houses), seldom useless; one in four hundred is far off without knowing it. */
function quality(random: Random, is_clean: boolean): { accuracy_m: number; off_m: number } {
  const draw = is_clean ? 1 : random.next()
  if (draw < 0.0025) return { accuracy_m: 8, off_m: random.between(2_000, 6_000) }
  if (draw < 0.01) return { accuracy_m: random.between(210, 600), off_m: random.between(50, 150) }
  if (draw < 0.04) return { accuracy_m: random.between(55, 140), off_m: random.between(10, 40) }
  const accuracy_m = random.between(3, 14)
  return { accuracy_m, off_m: Math.min(accuracy_m, Math.abs(random.normal()) * accuracy_m * 0.4) }
}

/** What the phone reports of where it is: with noise, an accuracy, and the device's own clock. Degrees to six places. `is_clean`: always a good fix. */
export function observe(
  place: Place & { heading_degrees: number },
  speed_mps: number,
  random: Random,
  at_ms: number,
  is_clean = false,
): Omit<Fix, 'seq'> {
  const { accuracy_m, off_m } = quality(random, is_clean)
  const angle = random.between(0, 2 * Math.PI)
  const seen = shifted(place, off_m * Math.cos(angle), off_m * Math.sin(angle))
  return {
    latitude: digits(seen.latitude, 6),
    longitude: digits(seen.longitude, 6),
    at_ms,
    accuracy_m: digits(accuracy_m, 1),
    speed_kmh: digits(Math.max(0, speed_mps * 3.6 * random.between(0.95, 1.05)), 1),
    heading_degrees: digits(place.heading_degrees, 1),
  }
}
