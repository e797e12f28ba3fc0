import { limits } from '../protocols/limits.ts'
import { distanceM } from './geo.ts'

/** The last place that was believed, and the one that is not believed yet. `at_ms` 0: none. */
export interface Track {
  latitude: number
  longitude: number
  at_ms: number
  doubt_latitude: number
  doubt_longitude: number
  /** Of the newest fix that was doubted, 0 for none, and of the first one of its row. */
  doubt_ms: number
  doubt_since_ms: number
  /** Fixes that agreed with the first one. */
  doubt_agreeing: number
}

export const no_track: Readonly<Track> = {
  latitude: 0,
  longitude: 0,
  at_ms: 0,
  doubt_latitude: 0,
  doubt_longitude: 0,
  doubt_ms: 0,
  doubt_since_ms: 0,
  doubt_agreeing: 0,
}

interface Place {
  readonly latitude: number
  readonly longitude: number
}

/** Whether a vehicle gets from one to the other in that time. Nearby is always reachable: that much is noise. */
function reachable(from: Place, to: Place, elapsed_ms: number, speed_max_m_s: number): boolean {
  const metres = distanceM(from, to)
  if (metres <= limits.teleport_min_m) return true
  return metres <= (speed_max_m_s * Math.max(Math.abs(elapsed_ms), 1_000)) / 1_000
}

/**
 * Whether a fix is too far from the last believed place for its speed. Such a fix is quarantined; the new place is
 * believed after two more fixes that agree with it, or after one that agrees 15 s later.
 */
export function teleports(track: Track, place: Place, at_ms: number, speed_max_m_s: number): boolean {
  if (track.at_ms === 0 || reachable(track, place, at_ms - track.at_ms, speed_max_m_s)) {
    track.doubt_ms = 0
    return false
  }
  const doubted = { latitude: track.doubt_latitude, longitude: track.doubt_longitude }
  const agrees = track.doubt_ms !== 0 && reachable(doubted, place, at_ms - track.doubt_ms, speed_max_m_s)
  if (!agrees) track.doubt_since_ms = at_ms
  track.doubt_agreeing = agrees ? track.doubt_agreeing + 1 : 0
  const long_enough = at_ms - track.doubt_since_ms >= limits.quarantine_ms
  if (agrees && (long_enough || track.doubt_agreeing >= limits.quarantine_agreeing)) {
    track.doubt_ms = 0
    return false
  }
  track.doubt_latitude = place.latitude
  track.doubt_longitude = place.longitude
  track.doubt_ms = at_ms
  return true
}

/** Believes a place, unless a newer one is believed already. */
export function moveTo(track: Track, place: Place, at_ms: number): void {
  if (at_ms < track.at_ms) return
  track.latitude = place.latitude
  track.longitude = place.longitude
  track.at_ms = at_ms
}
