/** The order of runners for a booking: a sum of weighted factors, each of which can be shown and argued with (dispatch.md, e3). */
import type { Rank } from '../protocols/actor.ts'
import type { Policy, Weights } from '../protocols/policy.ts'
import type { Requirement } from '../protocols/runner.ts'
import { type Carrier, crateSurplus } from './crates.ts'
import { admits, type Figures } from './quality.ts'

/** A runner as far as his place in the order goes. `idle_ms`: how long he has waited for a booking. */
export interface Candidate extends Figures {
  readonly carrier: Carrier
  readonly distance_km: number
  readonly idle_ms: number
}

const thousandths = (value: number) => Math.round(value * 1_000) / 1_000

/**
 * What a candidate costs by each factor and in all; the least comes first. The probability that he accepts and the
 * booking's own wait, which e3 has too, are left out: the first is not measured, the second is the same for all.
 */
export function rankOf(candidate: Candidate, needed: Requirement | undefined, policy: Policy): Rank {
  const { weights, detour, speed_kmh, idle_max_min } = policy.ranking
  const dead_km = candidate.distance_km * detour
  const factors: Readonly<Record<keyof Weights, number>> = {
    eta_min: thousandths((dead_km / speed_kmh) * 60),
    dead_km: thousandths(dead_km),
    cancel_risk: thousandths(1 - candidate.completion_rate),
    idle_min: thousandths(Math.min(Math.max(0, candidate.idle_ms) / 60_000, idle_max_min)),
    quality_tier: admits('five_star', candidate, policy) ? 1 : 0,
    crate_surplus: needed ? crateSurplus(candidate.carrier, needed, policy) : 0,
  }
  let cost = 0
  for (const name of Object.keys(factors) as (keyof Weights)[]) cost += factors[name] * weights[name]
  return { cost: thousandths(cost), policy_version: policy.version, factors, weights }
}
