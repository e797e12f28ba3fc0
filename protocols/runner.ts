import { type Static, Type } from 'typebox'
import { Id, Instant, Latitude, Longitude } from './ids.ts'
import { limits } from './limits.ts'
import type { MessageOf } from './shape.ts'

export const CrateSize = Type.Union([
  Type.Literal('small'),
  Type.Literal('medium'),
  Type.Literal('large'),
  Type.Literal('xlarge'),
])

const Centimetres = Type.Number({ minimum: 0, maximum: 1_000, default: 0 })
const crate = {
  size: CrateSize,
  pet_types: Type.Array(Type.String({ minLength: 1, maxLength: 20 }), { minItems: 1, maxItems: 20 }),
  max_weight_kg: Type.Number({ exclusiveMinimum: 0, maximum: 1_000 }),
  width_cm: Centimetres,
  height_cm: Centimetres,
  depth_cm: Centimetres,
  ventilated: Type.Boolean({ default: false }),
  temperature_controlled: Type.Boolean({ default: false }),
}

/** A crate as a runner's profile shows it. */
export const Crate = Type.Object({ id: Id, ...crate })

/** What a booking needs of the runner who takes it. */
export const Requirement = Type.Object({
  minimum_size: CrateSize,
  needs_ventilation: Type.Boolean(),
  needs_temp_control: Type.Boolean(),
  minimum_weight_capacity: Type.Number({ minimum: 0 }),
  pet_type: Type.String({ maxLength: 20 }),
  weight_kg: Type.Number({ minimum: 0 }),
  /** Only runners of the quality that policy asks for. Absent: any. */
  high_tier: Type.Optional(Type.Boolean()),
  /** Only runners certified for animals that need care. Absent: any. */
  needs_certified: Type.Optional(Type.Boolean()),
})

/** Why a runner who said yes did not get the booking. */
export const RefusalReason = Type.Union([
  Type.Literal('at_capacity'),
  Type.Literal('no_crate'),
  Type.Literal('not_registered'),
  Type.Literal('offline'),
  Type.Literal('rating'),
  Type.Literal('not_admitted'),
  Type.Literal('not_certified'),
  Type.Literal('expired'),
  Type.Literal('too_late'),
])

/** How a runner's hold on a booking ended. */
export const ReleaseOutcome = Type.Union([
  Type.Literal('refused'),
  Type.Literal('declined'),
  Type.Literal('cancelled'),
  Type.Literal('delivered'),
])

/**
 * Counts the runners who tried to take a booking. A reservation and its release name the attempt that they belong to,
 * so that a late step of an earlier attempt by the same runner changes nothing.
 */
export const Attempt = Type.Integer({ minimum: 0 })

const profile = {
  full_name: Type.String({ minLength: 1, maxLength: 255, personal: true }),
  phone: Type.String({ maxLength: 20, default: '', personal: true }),
  vehicle_type: Type.String({ minLength: 1, maxLength: 20 }),
  vehicle_plate: Type.String({ minLength: 1, maxLength: 20, personal: true }),
  vehicle_model: Type.String({ minLength: 1, maxLength: 100 }),
  vehicle_year: Type.Integer({ minimum: 0, maximum: 2_100, default: 0 }),
  air_conditioned: Type.Boolean({ default: false }),
}

/** Without defaults: an absent field stays absent. */
const changes = {
  full_name: Type.Optional(Type.String({ maxLength: 255, personal: true })),
  phone: Type.Optional(Type.String({ maxLength: 20, personal: true })),
  vehicle_type: Type.Optional(Type.String({ maxLength: 20 })),
  vehicle_plate: Type.Optional(Type.String({ maxLength: 20, personal: true })),
  vehicle_model: Type.Optional(Type.String({ maxLength: 100 })),
  vehicle_year: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_100 })),
  air_conditioned: Type.Optional(Type.Boolean()),
}

/** One GPS fix as a device reports it. `seq` counts up from each `boot`; `at_ms` is the device's clock. Negative speed or heading means unknown. */
export const Fix = Type.Object({
  seq: Type.Integer({ minimum: 0 }),
  latitude: Latitude,
  longitude: Longitude,
  at_ms: Instant,
  accuracy_m: Type.Optional(Type.Number({ minimum: 0 })),
  speed_kmh: Type.Optional(Type.Number()),
  heading_degrees: Type.Optional(Type.Number()),
})

export const runnerCommands = {
  'runner.register': Type.Object(profile),
  /** Empty or absent leaves a field as it is. */
  'runner.update': Type.Object(changes),
  'runner.go_online': Type.Object({ latitude: Latitude, longitude: Longitude }),
  'runner.go_offline': Type.Object({}),
  'runner.add_crate': Type.Object(crate),
  /** Whether he may carry animals that need care. */
  'runner.certify': Type.Object({ certified: Type.Boolean({ default: true }) }),
}

/** From 1 to 5. */
export const Stars = Type.Integer({ minimum: 1, maximum: 5 })

/** On a release that says `cancelled`: the runner himself did it, so it counts against him. */
const own = Type.Optional(Type.Boolean())

export const runnerSteps = {
  'runner.reserve': Type.Object({ booking_id: Id, requirement: Requirement, attempt: Attempt }),
  'runner.release': Type.Object({ booking_id: Id, outcome: ReleaseOutcome, attempt: Attempt, own }),
  'runner.rate': Type.Object({ booking_id: Id, stars: Stars }),
}

export const runnerQueries = {
  'runner.view': Type.Object({}),
}

/**
 * What a runner's device reports: never journaled. `live` fixes are the newest and feed presence; a `backlog` was
 * kept while there was no coverage. `via` says how long the position stays fresh (policy).
 */
export const runnerSignals = {
  'runner.moved': Type.Object({
    boot: Id,
    lane: Type.Union([Type.Literal('live'), Type.Literal('backlog')]),
    via: Type.Union([Type.Literal('socket'), Type.Literal('http')]),
    fixes: Type.Array(Fix, { minItems: 1, maxItems: limits.fixes_per_frame_max }),
  }),
}

export const runnerEvents = {
  'runner.registered': Type.Object({ profile_id: Id, ...profile }),
  'runner.updated': Type.Object(changes),
  'runner.online': Type.Object({ runner_id: Id, latitude: Latitude, longitude: Longitude }),
  'runner.offline': Type.Object({ runner_id: Id }),
  'runner.crate_added': Type.Object({ crate: Crate }),
  'runner.reserved': Type.Object({ booking_id: Id, attempt: Attempt }),
  'runner.reserve_refused': Type.Object({ booking_id: Id, reason: RefusalReason, attempt: Attempt }),
  'runner.released': Type.Object({ booking_id: Id, outcome: ReleaseOutcome, attempt: Attempt, own }),
  'runner.certified': Type.Object({ certified: Type.Boolean() }),
  /** `rating` is the mean of all `ratings`, this one included. */
  'runner.rated': Type.Object({
    booking_id: Id,
    stars: Stars,
    rating: Type.Number({ minimum: 1, maximum: 5 }),
    ratings: Type.Integer({ minimum: 1 }),
  }),
}

/** What a search over the runners near a point asks of each: see `Actor.match`. */
export const RunnerCriteria = Type.Object({
  requirement: Type.Optional(Requirement),
  only_free: Type.Optional(Type.Boolean()),
})

/** What a runner offers, one bit each: the first sieve of a search. All his crates together set them; `match` looks at each. */
export const runnerBits = {
  free: 1 << 0,
  small: 1 << 1,
  medium: 1 << 2,
  large: 1 << 3,
  xlarge: 1 << 4,
  cat: 1 << 5,
  dog: 1 << 6,
  bird: 1 << 7,
  rabbit: 1 << 8,
  reptile: 1 << 9,
  other: 1 << 10,
  ventilated: 1 << 11,
  temperature_controlled: 1 << 12,
} as const

/** The bit of a kind of animal; 0 for one that has none. */
export const petBit = (pet_type: string): number =>
  Object.hasOwn(runnerBits, pet_type) ? runnerBits[pet_type as keyof typeof runnerBits] : 0

/** The bits that a search for a runner who can carry this must name. `free`: nor may he hold all the bookings that he can. */
export const bitsFor = (requirement: Requirement, free = true): number =>
  runnerBits[requirement.minimum_size] |
  petBit(requirement.pet_type) |
  (requirement.needs_ventilation ? runnerBits.ventilated : 0) |
  (requirement.needs_temp_control ? runnerBits.temperature_controlled : 0) |
  (free ? runnerBits.free : 0)

export type Crate = Static<typeof Crate>
export type CrateSize = Static<typeof CrateSize>
export type Fix = Static<typeof Fix>
export type Requirement = Static<typeof Requirement>
export type RefusalReason = Static<typeof RefusalReason>
export type ReleaseOutcome = Static<typeof ReleaseOutcome>
export type RunnerCriteria = Static<typeof RunnerCriteria>
export type RunnerEvent = MessageOf<typeof runnerEvents>
export type RunnerSignal = MessageOf<typeof runnerSignals>
