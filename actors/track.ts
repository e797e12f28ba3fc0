import { limits } from '../protocols/limits.ts'
import { distanceM } from './geo.ts'

/** A place that is not believed yet. */
export interface Doubt {
  readonly latitude: number
  readonly longitude: number
  readonly at_ms: number
  /** Of the first fix of its row. */
  readonly since_ms: number
  /** Fixes that agreed with that one. */
  readonly agreeing: number
}

/** The last place that was believed; `at_ms` 0: none. */
export interface Track {
  latitude: number
  longitude: number
  at_ms: number
  doubt: Doubt | null
}

export const no_track: Readonly<Track> = { latitude: 0, longitude: 0, at_ms: 0, doubt: null }

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
  const { doubt } = track
  track.doubt = null
  if (track.at_ms === 0 || reachable(track, place, at_ms - track.at_ms, speed_max_m_s)) return false
  const { latitude, longitude } = place
  if (doubt === null || !reachable(doubt, place, at_ms - doubt.at_ms, speed_max_m_s)) {
    track.doubt = { latitude, longitude, at_ms, since_ms: at_ms, agreeing: 0 }
    return true
  }
  const { since_ms } = doubt
  const agreeing = doubt.agreeing + 1
  if (agreeing >= limits.quarantine_agreeing || at_ms - since_ms >= limits.quarantine_ms) return false
  track.doubt = { latitude, longitude, at_ms, since_ms, agreeing }
  return true
}

/** Believes a place, unless a newer one is believed already. */
export function moveTo(track: Track, place: Place, at_ms: number): void {
  if (at_ms < track.at_ms) return
  track.latitude = place.latitude
  track.longitude = place.longitude
  track.at_ms = at_ms
}
