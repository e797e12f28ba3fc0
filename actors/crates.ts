import type { PetSpec } from '../protocols/booking.ts'
import type { Policy } from '../protocols/policy.ts'
import { type Crate, type CrateSize, petBit, type Requirement, runnerBits } from '../protocols/runner.ts'
import { asked } from './transport_rules.ts'

/** Each size carries up to this weight, inclusive, and whatever a smaller one carries (contract 5.3). */
const carries_kg: Readonly<Record<CrateSize, number>> = { small: 5, medium: 15, large: 30, xlarge: Infinity }
const sizes: readonly CrateSize[] = ['small', 'medium', 'large', 'xlarge']
const spare_capacity = 1.2

/** The bits of a size and of all smaller ones. */
const ladder: Readonly<Record<CrateSize, number>> = {
  small: runnerBits.small,
  medium: runnerBits.small | runnerBits.medium,
  large: runnerBits.small | runnerBits.medium | runnerBits.large,
  xlarge: runnerBits.small | runnerBits.medium | runnerBits.large | runnerBits.xlarge,
}

/** What an animal needs of the runner who carries it: a crate for its weight, and what the transport rules ask for. */
export function requirementOf(pet: PetSpec): Requirement {
  const { pet_type, weight_kg } = pet
  return {
    minimum_size: sizes.find((size) => weight_kg <= carries_kg[size]) ?? 'xlarge',
    needs_ventilation: false,
    needs_temp_control: false,
    minimum_weight_capacity: weight_kg * spare_capacity,
    pet_type,
    weight_kg,
    ...asked(pet),
  }
}

/** A runner as far as his crates go. */
export interface Carrier {
  readonly crates: readonly Crate[]
  readonly vehicle_type: string
  readonly air_conditioned: boolean
}

/** A car without any crate, where policy lets it count as one of medium size for any animal. */
const car_crate: Crate = {
  id: '',
  size: 'medium',
  pet_types: ['cat', 'dog', 'bird', 'rabbit', 'reptile', 'other'],
  max_weight_kg: 15,
  width_cm: 0,
  height_cm: 0,
  depth_cm: 0,
  ventilated: true,
  temperature_controlled: false,
}
const car_crates: readonly Crate[] = [car_crate]

const cratesOf = ({ crates, vehicle_type }: Carrier, policy: Policy): readonly Crate[] =>
  crates.length === 0 && policy.car_counts_as_medium_crate && vehicle_type === 'car' ? car_crates : crates

const carries = (crate: Crate, needed: Requirement): boolean =>
  carries_kg[crate.size] >= carries_kg[needed.minimum_size] &&
  crate.max_weight_kg >= needed.weight_kg &&
  crate.pet_types.includes(needed.pet_type) &&
  (crate.ventilated || !needed.needs_ventilation) &&
  (crate.temperature_controlled || !needed.needs_temp_control)

/**
 * Whether one of his crates is large enough, lists the animal, bears its weight, and has the air and climate that it
 * needs. Temperature control needs an air-conditioned vehicle as well (contract 5.3).
 */
export const fits = (carrier: Carrier, needed: Requirement, policy: Policy): boolean =>
  (carrier.air_conditioned || !needed.needs_temp_control) &&
  cratesOf(carrier, policy).some((crate) => carries(crate, needed))

/** How many sizes the smallest of his crates that would do is above the size that is needed; 0 when none does. */
export function crateSurplus(carrier: Carrier, needed: Requirement, policy: Policy): number {
  const fitting = cratesOf(carrier, policy).filter((crate) => carries(crate, needed))
  if (fitting.length === 0) return 0
  return Math.min(...fitting.map(({ size }) => sizes.indexOf(size))) - sizes.indexOf(needed.minimum_size)
}

/** The bits of all that his crates offer together: a sieve that never drops one who `fits`. */
export function crateBits(carrier: Carrier, policy: Policy): number {
  let bits = 0
  for (const crate of cratesOf(carrier, policy)) bits |= bitsOf(crate)
  return bits
}

/** Each ping asks for them, and a crate never changes: they are reckoned once. */
const known_bits = new WeakMap<Crate, number>()

function bitsOf(crate: Crate): number {
  const known = known_bits.get(crate)
  if (known !== undefined) return known
  let bits = ladder[crate.size]
  if (crate.ventilated) bits |= runnerBits.ventilated
  if (crate.temperature_controlled) bits |= runnerBits.temperature_controlled
  for (const pet_type of crate.pet_types) bits |= petBit(pet_type)
  known_bits.set(crate, bits)
  return bits
}
