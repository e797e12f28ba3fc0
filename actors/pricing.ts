import type { PetType, Quote } from '../protocols/booking.ts'
import type { Policy, StrategyName } from '../protocols/policy.ts'
import type { CrateSize } from '../protocols/runner.ts'

/** All that a price depends on besides policy. `distance_km` is the straight line and `route_km` the maps' route, both unrounded. */
export interface Fare {
  readonly distance_km: number
  readonly route_km?: number
  readonly pet_type: PetType
  readonly size: CrateSize
  readonly appointment: boolean
  readonly climate: boolean
}

type Pricing = Policy['pricing']

/** Kilometres are cut off to whole sen, not rounded (contract 5.4). */
const cents = (km: number, cents_per_km: number): number => Math.trunc(km * cents_per_km)

/** Every way to price a booking: what it adds to the common tariff, in integer sen. The standard one adds nothing. */
const strategies: Readonly<Record<StrategyName, (km: number, pricing: Pricing) => number>> = {
  standard: () => 0,
  scheduled: (_km, { scheduled: { fee_cents } }) => fee_cents,
  climate_controlled: (km, { climate_controlled: { fee_cents, cents_per_km } }) =>
    fee_cents + cents(km, cents_per_km),
}

export const currency = 'MYR'

function strategyFor({ appointment, climate }: Fare, { use }: Pricing): StrategyName {
  if (climate) return use.climate
  return appointment ? use.appointment : use.ordinary
}

/** The price by the strategy that policy chooses, with everything that it was made of. */
export function quoteOf(fare: Fare, { version: policy_version, pricing }: Policy): Quote {
  const { route_km, pet_type, size: crate_size, appointment, climate } = fare
  const strategy = strategyFor(fare, pricing)
  const by_route = pricing[strategy].by_route && route_km !== undefined
  const distance_km = by_route ? route_km : fare.distance_km
  const { base_cents, cents_per_km, pet_cents, crate_cents } = pricing.tariff
  const parts = {
    base: base_cents,
    distance: cents(distance_km, cents_per_km),
    pet: pet_cents[pet_type],
    crate: crate_cents[crate_size],
    extra: strategies[strategy](distance_km, pricing),
  }
  const inputs = { distance_km, by_route, pet_type, crate_size, appointment, climate }
  return { strategy, policy_version, ...inputs, parts }
}

/** What a quote comes to, in sen. */
export const priceOf = ({ parts: { base, distance, pet, crate, extra } }: Quote): number =>
  base + distance + pet + crate + extra
