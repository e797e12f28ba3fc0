/** What a model goes by where nothing was recorded: how soon runners answer, how far they come, and how fast they drive. */
import { limits } from '../../../protocols/limits.ts'
import { percentile } from './figures.ts'
import type { Demand, Recorded, Samples } from './recorded.ts'

export interface Habits {
  /** From hearing of a booking to accepting it. */
  responseMs(runner_id: string): number
  readonly response_ms: number
  /** Along the straight line: on the way to a pickup, and with the animal. */
  readonly approach_kmh: number
  readonly ride_kmh: number
  /** Within this all runners are looked for who may have come in truth. */
  readonly far_km: number
  /** How far runners may come for a booking that nobody took in truth. */
  readonly reach_km: number
  readonly answers: number
}

/** The routing estimate of the product, along the straight line. */
const estimated_kmh = limits.route_speed_kmh / limits.route_detour

/** All kilometres by all hours: a few short ways that took long do not make a slow city. */
function speedOf({ km, ms }: Samples['rides']): number {
  const kmh = ms === 0 ? 0 : km / (ms / 3_600_000)
  return kmh >= limits.whatif_speed_min_kmh && kmh <= limits.whatif_speed_max_kmh ? kmh : estimated_kmh
}

export function habitsOf({ samples }: Recorded): Habits {
  const { answers_ms, approaches, rides, pickups_km } = samples
  const all = [...answers_ms.values()].flat()
  const response_ms = Math.round(percentile(all, 0.5) ?? limits.whatif_response_ms)
  const usual_km = percentile(pickups_km, 0.95) ?? 0
  const typical = new Map(
    [...answers_ms]
      .filter(([, answers]) => answers.length >= limits.whatif_samples_min)
      .map(([id, answers]) => [id, Math.round(percentile(answers, 0.5) ?? response_ms)]),
  )
  return {
    responseMs: (runner_id) => typical.get(runner_id) ?? response_ms,
    response_ms,
    approach_kmh: speedOf(approaches),
    ride_kmh: speedOf(rides),
    far_km: Math.max(limits.announce_radius_km, usual_km),
    reach_km: pickups_km.length < limits.whatif_pickups_min ? limits.announce_radius_km : usual_km,
    answers: all.length,
  }
}

/** How long a runner drives to the pickup. On the very way that he drove in truth: as long as then, and no shorter than he was seen not to arrive. */
export function wayMs(
  { ride: { accepted_ms, picked_up_ms, cancelled_ms } }: Demand,
  { approach_kmh }: Habits,
  way_km: number,
  as_in_truth: boolean,
): number {
  const usual_ms = Math.round((way_km / approach_kmh) * 3_600_000)
  if (!as_in_truth || accepted_ms === 0) return usual_ms
  if (picked_up_ms > 0) return picked_up_ms - accepted_ms
  return Math.max(usual_ms, cancelled_ms - accepted_ms)
}

/** How long the animal is on the way: as recorded, whoever drives; else by the route, or by the speed of all. */
export function rideMs({ ride, route_ms, distance_km }: Demand, { ride_kmh }: Habits): number {
  if (ride.delivered_ms > 0) return ride.delivered_ms - ride.picked_up_ms
  return Math.round(route_ms ?? (distance_km / ride_kmh) * 3_600_000)
}
