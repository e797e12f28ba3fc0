/** How far a trip went, from places that may come late and out of order, without keeping them. */
import { limits } from '../protocols/limits.ts'
import type { Waypoint } from '../protocols/trip.ts'
import { distanceM } from './geo.ts'

export interface Stop {
  readonly latitude: number
  readonly longitude: number
  readonly at_ms: number
}

/** Two places, one after the other, with so much time between them that others may still turn up. */
export interface Gap {
  readonly from: Stop
  readonly to: Stop
}

/** `last` is the newest place that counts: `at_ms` 0 is none. Gaps are in the order of time and do not overlap. */
export interface Course {
  readonly last: Stop
  readonly gaps: readonly Gap[]
}

export const no_course: Course = { last: { latitude: 0, longitude: 0, at_ms: 0 }, gaps: [] }

/**
 * The course with these places, and the metres that they add (haversine, 6371.0 km). Newer ones prolong it. A late
 * one that falls into a gap re-derives it: the way through the place instead of the straight line across; one that
 * falls elsewhere adds nothing. Rough ones (more than 50 m) and standing still add nothing either (dispatch.md, e1).
 */
export function prolong(course: Course, waypoints: readonly Waypoint[]): { course: Course; added_m: number } {
  let prolonged = course
  let added_m = 0
  for (const place of inTime(waypoints)) {
    if ((place.accuracy_m ?? 0) > limits.accuracy_distance_m) continue
    const step = place.at_ms > prolonged.last.at_ms ? ahead(prolonged, place) : fill(prolonged, stopAt(place))
    prolonged = step.course
    added_m += step.added_m
  }
  return { course: prolonged, added_m }
}

interface Step {
  readonly course: Course
  readonly added_m: number
}

function ahead({ last, gaps }: Course, place: Waypoint): Step {
  if (last.at_ms === 0) return { course: { last: stopAt(place), gaps }, added_m: 0 }
  const metres = distanceM(last, place)
  const still = standsStill(place, metres)
  const next = still ? { ...last, at_ms: place.at_ms } : stopAt(place)
  const wide = place.at_ms - last.at_ms > limits.gap_min_ms
  const opened = wide ? bounded([...gaps, { from: last, to: next }]) : gaps
  return { course: { last: next, gaps: opened }, added_m: still ? 0 : metres }
}

/** The usual frame holds one place, or several in order already. */
function inTime(waypoints: readonly Waypoint[]): readonly Waypoint[] {
  const ordered = waypoints.every(
    (place, index) => index === 0 || place.at_ms >= (waypoints[index - 1]?.at_ms ?? 0),
  )
  return ordered ? waypoints : waypoints.toSorted((one, other) => one.at_ms - other.at_ms)
}

/** A small move at walking speed or less, or at an unknown one, is noise; slow traffic counts once it has gone far enough. */
const standsStill = (place: Waypoint, metres: number): boolean =>
  metres < Math.max(limits.jitter_min_m, (place.accuracy_m ?? 0) / 2) &&
  place.speed_kmh / 3.6 < limits.jitter_speed_m_s

/** Beyond the bound the shortest gap is given up: least can be wrong about it. */
function bounded(gaps: readonly Gap[]): readonly Gap[] {
  if (gaps.length <= limits.gaps_per_trip_max) return gaps
  const lengths = gaps.map(({ from, to }) => to.at_ms - from.at_ms)
  return gaps.toSpliced(lengths.indexOf(Math.min(...lengths)), 1)
}

function fill(course: Course, place: Stop): Step {
  const { last, gaps } = course
  const index = gaps.findIndex(({ from, to }) => place.at_ms > from.at_ms && place.at_ms < to.at_ms)
  const gap = gaps[index]
  if (!gap) return { course, added_m: 0 }
  const { from, to } = gap
  const detour_m = distanceM(from, place) + distanceM(place, to) - distanceM(from, to)
  const halves = [
    { from, to: place },
    { from: place, to },
  ].filter((half) => half.to.at_ms - half.from.at_ms > limits.gap_rest_min_ms)
  const split = bounded(gaps.toSpliced(index, 1, ...halves))
  return { course: { last, gaps: split }, added_m: Math.max(0, detour_m) }
}

const stopAt = ({ latitude, longitude, at_ms }: Waypoint | Stop): Stop => ({ latitude, longitude, at_ms })
