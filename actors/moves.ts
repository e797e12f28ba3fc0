/** What a runner's fixes lead to once they have passed the filter: reports for his topic, waypoints for his trips. */
import type { Perception } from '../protocols/actor.ts'
import { limits } from '../protocols/limits.ts'
import type { RunnerSignal } from '../protocols/runner.ts'
import { wireTime } from '../protocols/times.ts'
import type { Waypoint } from '../protocols/trip.ts'
import type { Passed, Presence, Sifted } from './pings.ts'

/** A booking that a runner holds. */
export interface Hold {
  readonly booking_id: string
  readonly attempt: number
  readonly since_ms: number
}

/** One that he held: a backlog may still belong to it. */
export interface FormerHold extends Hold {
  readonly until_ms: number
}

export interface Holds {
  readonly bookings: readonly Hold[]
  readonly recent: readonly FormerHold[]
}

type Moved = Perception<Readonly<Presence>>
type Report = NonNullable<Moved['reports']>[number]
type Relay = NonNullable<Moved['relays']>[number]

const no_reports: readonly Report[] = []
const no_relays: readonly Relay[] = []

export function perceive(
  runner_id: string,
  { presence, passed, failed }: Sifted,
  holds: Holds,
  signal: RunnerSignal,
  now_ms: number,
): Moved {
  const booking_id = holds.bookings[0]?.booking_id
  const reports: Report[] = []
  for (const fix of passed) if (!fix.repeat) reports.push(updated(runner_id, booking_id, signal.boot, fix))
  for (const each of failed) reports.push(rejected(runner_id, booking_id, signal.boot, each))
  return {
    volatile: presence,
    reports: reports.length === 0 ? no_reports : reports,
    relays: relaysOf(runner_id, passed, holds, signal, now_ms),
  }
}

function updated(runner_id: string, booking_id: string | undefined, boot: string, fix: Passed): Report {
  const data: Record<string, unknown> = {
    runner_id,
    latitude: fix.latitude,
    longitude: fix.longitude,
    speed_kmh: fix.speed_kmh,
    heading_degrees: fix.heading_degrees,
    timestamp: wireTime(fix.at_ms),
  }
  if (booking_id !== undefined) data.booking_id = booking_id
  if (fix.skewed) data.skewed = true
  return { type: 'runner.location_update', key: `${runner_id}:${boot}:${fix.seq}`, data }
}

/** Its time is that of the device's clock. */
function rejected(
  runner_id: string,
  booking_id: string | undefined,
  boot: string,
  { fix, reason }: Sifted['failed'][number],
): Report {
  const data: Record<string, unknown> = {
    runner_id,
    reason,
    latitude: fix.latitude,
    longitude: fix.longitude,
    accuracy_m: fix.accuracy_m ?? 0,
    timestamp: wireTime(fix.at_ms),
  }
  if (booking_id !== undefined) data.booking_id = booking_id
  return { type: 'runner.location_rejected', key: `${runner_id}:${boot}:${fix.seq}`, data }
}

/**
 * Each fix goes to the trips during which it may have been taken, a repeated one too: only the trip knows what is durable, and
 * it drops what it has. A trip that is not under way refuses with `trip.not_active`: for good, unless he was reserved only
 * just, for then it may be about to begin and the fix is to be sent again.
 */
function relaysOf(
  runner_id: string,
  passed: readonly Passed[],
  { bookings, recent }: Holds,
  { boot, lane }: RunnerSignal,
  now_ms: number,
): readonly Relay[] {
  if (passed.length === 0 || (bookings.length === 0 && recent.length === 0)) return no_relays
  const relays: Relay[] = []
  const relay = (booking_id: string, from_ms: number, until_ms: number, beginning: boolean) => {
    const waypoints: Waypoint[] = []
    for (const fix of passed)
      if (fix.latest_ms >= from_ms && fix.at_ms <= until_ms)
        waypoints.push(waypoint(fix, boot, lane === 'live'))
    if (waypoints.length > 0)
      relays.push({
        to: { actor: 'trip', id: booking_id },
        signal: { type: 'trip.moved', runner_id, waypoints, ...(beginning ? { beginning } : {}) },
      })
  }
  for (const { booking_id, since_ms } of bookings)
    relay(
      booking_id,
      since_ms - limits.fix_future_max_ms,
      Number.POSITIVE_INFINITY,
      now_ms - since_ms <= limits.trip_begin_max_ms,
    )
  // One who took a booking again drives another leg: what is left of the first belongs to none.
  for (const { booking_id, since_ms, until_ms } of recent)
    if (now_ms - until_ms <= limits.trip_grace_ms && !bookings.some((hold) => hold.booking_id === booking_id))
      relay(booking_id, since_ms - limits.fix_future_max_ms, until_ms, false)
  return relays
}

const waypoint = (fix: Passed, boot: string, live: boolean): Waypoint => ({
  boot,
  seq: fix.seq,
  latitude: fix.latitude,
  longitude: fix.longitude,
  speed_kmh: fix.speed_kmh,
  heading_degrees: fix.heading_degrees,
  at_ms: fix.at_ms,
  ...(fix.accuracy_m > 0 ? { accuracy_m: fix.accuracy_m } : {}),
  live,
})
