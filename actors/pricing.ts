import type { PetType } from '../protocols/booking.ts'
import type { CrateSize } from '../protocols/runner.ts'

/** All that a price depends on. `distance_km` is the straight line, unrounded. */
export interface Fare {
  readonly distance_km: number
  readonly pet_type: PetType
  readonly size: CrateSize
}

const base_cents = 500
const cents_per_km = 250
const pet_cents: Readonly<Record<PetType, number>> = {
  dog: 500,
  cat: 300,
  bird: 200,
  rabbit: 300,
  reptile: 800,
  other: 500,
}
const crate_cents: Readonly<Record<CrateSize, number>> = {
  small: 0,
  medium: 500,
  large: 1_000,
  xlarge: 2_000,
}

/** Every way to price a booking, in integer sen. The standard one is contract 5.4: the kilometres are cut off, not rounded. */
export const strategies = {
  standard: ({ distance_km, pet_type, size }: Fare): number =>
    base_cents + Math.trunc(distance_km * cents_per_km) + pet_cents[pet_type] + crate_cents[size],
} as const satisfies Record<string, (fare: Fare) => number>

export const currency = 'MYR'

export const priceOf = (fare: Fare, strategy: keyof typeof strategies = 'standard'): number =>
  strategies[strategy](fare)
