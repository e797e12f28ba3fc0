/** The rules that an animal's transport must keep: each is named, says why it is there, and refuses or asks for something. */
import type { PetSpec } from '../protocols/booking.ts'
import type { Policy } from '../protocols/policy.ts'
import { type Rejection, type RejectionCode, reject } from '../protocols/rejections.ts'
import type { Requirement } from '../protocols/runner.ts'
import { instantOf } from '../protocols/times.ts'

const day_ms = 86_400_000

/** When the booking is made, and by which policy. */
interface Occasion {
  readonly at_ms: number
  readonly policy: Policy
}

interface TransportRule {
  readonly name: string
  readonly reason: string
  /** What a booking that breaks the rule is refused with. */
  readonly code?: Exclude<RejectionCode, 'overloaded'>
  readonly broken?: (pet: PetSpec, occasion: Occasion) => boolean
  /** What the rule asks of the runner who carries the animal. */
  readonly asks?: (pet: PetSpec) => Partial<Requirement>
}

const transport_rules: readonly TransportRule[] = [
  {
    name: 'vaccination_current',
    reason: 'a vaccination that is too old protects neither the animal nor those who travel after it',
    code: 'booking.vaccination_expired',
    broken: ({ vaccinations }, { at_ms, policy }) =>
      vaccinations.some(
        ({ date_given }) => (instantOf(date_given) ?? 0) < at_ms - policy.vaccination_max_age_days * day_ms,
      ),
  },
  {
    name: 'fit_to_travel',
    reason: 'an animal that is not fit to travel stays where a vet can see it',
    code: 'booking.unfit_animal',
    broken: ({ health_status }) => health_status === 'unfit',
  },
  {
    name: 'care_by_certified',
    reason: 'an animal that needs care travels with a runner who has learned to give it',
    asks: ({ health_status }) => (health_status === 'needs_care' ? { needs_certified: true } : {}),
  },
  {
    name: 'air_for_all',
    reason: 'every animal needs fresh air',
    asks: () => ({ needs_ventilation: true }),
  },
  {
    name: 'climate_for_reptiles',
    reason: 'a reptile cannot keep its own temperature',
    asks: ({ pet_type }) => (pet_type === 'reptile' ? { needs_temp_control: true } : {}),
  },
]

/** The first rule that a booking would break, as its refusal. */
export function brokenRule(pet: PetSpec, occasion: Occasion): Rejection | undefined {
  for (const { name, reason, code, broken } of transport_rules)
    if (code && broken?.(pet, occasion)) return reject(code, `${name}: ${reason}`)
  return undefined
}

/** All that the rules ask of whoever carries the animal. */
export const asked = (pet: PetSpec): Partial<Requirement> =>
  Object.assign({}, ...transport_rules.map(({ asks }) => asks?.(pet)))
