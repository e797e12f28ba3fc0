import { type Static, Type } from 'typebox'

const Ms = Type.Integer({ minimum: 0 })
const Sen = Type.Integer({ minimum: 0, maximum: 100_000_00 })
const Share = Type.Number({ minimum: 0, maximum: 1 })
const Stars = Type.Number({ minimum: 0, maximum: 5 })
const Weight = Type.Number({ minimum: -1_000, maximum: 1_000 })
/** Prices by the route that the maps gave, instead of by the straight line. */
const by_route = Type.Boolean()

/** Each is a row of `actors/pricing.ts`. */
export const StrategyName = Type.Union([
  Type.Literal('standard'),
  Type.Literal('scheduled'),
  Type.Literal('climate_controlled'),
])
/** Each is a row of `actors/quality.ts`. */
const QualityName = Type.Union([Type.Literal('standard'), Type.Literal('five_star')])

const Pricing = Type.Object({
  /** Which strategy prices what; a climate comes before an appointment. */
  use: Type.Object({ ordinary: StrategyName, appointment: StrategyName, climate: StrategyName }),
  /** Common to all strategies. */
  tariff: Type.Object({
    base_cents: Sen,
    cents_per_km: Sen,
    pet_cents: Type.Object({ dog: Sen, cat: Sen, bird: Sen, rabbit: Sen, reptile: Sen, other: Sen }),
    crate_cents: Type.Object({ small: Sen, medium: Sen, large: Sen, xlarge: Sen }),
  }),
  standard: Type.Object({ by_route }),
  scheduled: Type.Object({ by_route, fee_cents: Sen }),
  climate_controlled: Type.Object({ by_route, fee_cents: Sen, cents_per_km: Sen }),
})

/** Costs of a unit of each factor of a runner: who costs least stands first. */
const Weights = Type.Object({
  eta_min: Weight,
  dead_km: Weight,
  cancel_risk: Weight,
  idle_min: Weight,
  quality_tier: Weight,
  crate_surplus: Weight,
})

const Ranking = Type.Object({
  weights: Weights,
  /** From a straight line to the way to the pickup, and how fast that is driven. */
  detour: Type.Number({ minimum: 1, maximum: 10 }),
  speed_kmh: Type.Number({ exclusiveMinimum: 0, maximum: 300 }),
  /** Waiting longer than this makes nobody better. */
  idle_max_min: Type.Number({ minimum: 0 }),
})

/** What operations may change while the system runs. A command's record names the version that it was decided by. */
export const Policy = Type.Object({
  version: Type.Integer({ minimum: 1 }),
  /** Bookings that one runner may hold at once. */
  runner_capacity: Type.Integer({ minimum: 1, maximum: 16 }),
  /** How long a booking waits for the runner who accepted to be reserved. */
  pending_ms: Ms,
  /** From `booking.delivered` to the confirmation that nobody gave; 0 confirms on delivery. */
  confirmation_window_ms: Ms,
  /** A vaccination older than this at booking time refuses the booking. */
  vaccination_max_age_days: Type.Integer({ minimum: 1 }),
  /** Whether a runner without any crate counts as having one medium crate if the vehicle is a car. */
  car_counts_as_medium_crate: Type.Boolean(),
  /** A position older than this takes no part in a search, while the runner's socket is open. */
  presence_socket_ms: Ms,
  /** The same for a runner whose positions come over plain HTTP. */
  presence_http_ms: Ms,
  /** Minimum rating of a runner who has one; a runner who was never rated is admitted. */
  rating_min: Stars,
  /** Live fixes a second that a runner may send for long, and how many at once. */
  fixes_per_s: Type.Number({ exclusiveMinimum: 0 }),
  fixes_burst: Type.Integer({ minimum: 1 }),
  pricing: Pricing,
  five_star: Type.Object({
    rating_min: Stars,
    /** The completion rate must be above this. */
    completion_above: Share,
    /** Whether runners of fewer than `newcomer_trips` trips are admitted, whatever their figures. */
    admits_newcomers: Type.Boolean(),
    newcomer_trips: Type.Integer({ minimum: 0 }),
  }),
  /** From which price or distance on a job is a high-tier one, whether a climate makes it one, and who is admitted to it. */
  high_tier: Type.Object({
    price_cents: Sen,
    distance_km: Type.Number({ minimum: 0 }),
    climate: Type.Boolean(),
    admits: QualityName,
  }),
  ranking: Ranking,
  /** Of the amount, cut off to whole sen; the rest is the runner's. */
  platform_fee_percent: Type.Number({ minimum: 0, maximum: 100 }),
  /** How long a hold lasts where the provider does not say. */
  hold_life_ms: Ms,
  /** Both parties are asked to act this long before a hold lapses. */
  hold_warning_ms: Ms,
  /** From the creation of a hold to the first look at one that is not there; each further wait is twice as long. */
  hold_review_ms: Ms,
  /** A hold that is not there by then is given up. */
  hold_pending_max_ms: Ms,
})

export type Policy = Static<typeof Policy>
export type StrategyName = Static<typeof StrategyName>
export type QualityName = Static<typeof QualityName>
export type Weights = Static<typeof Weights>

/** Version 1, which no stream holds: its numbers stay as they are, for decisions name it. Prices: contract, 5.4; weights: dispatch.md, e3. */
export const firstPolicy: Policy = {
  version: 1,
  runner_capacity: 1,
  pending_ms: 2_000,
  confirmation_window_ms: 24 * 3_600_000,
  vaccination_max_age_days: 365,
  car_counts_as_medium_crate: false,
  presence_socket_ms: 75_000,
  presence_http_ms: 15 * 60_000,
  rating_min: 3,
  fixes_per_s: 1,
  fixes_burst: 30,
  pricing: {
    use: { ordinary: 'standard', appointment: 'standard', climate: 'standard' },
    tariff: {
      base_cents: 500,
      cents_per_km: 250,
      pet_cents: { dog: 500, cat: 300, bird: 200, rabbit: 300, reptile: 800, other: 500 },
      crate_cents: { small: 0, medium: 500, large: 1_000, xlarge: 2_000 },
    },
    standard: { by_route: false },
    scheduled: { by_route: false, fee_cents: 300 },
    climate_controlled: { by_route: false, fee_cents: 1_000, cents_per_km: 50 },
  },
  five_star: { rating_min: 4.8, completion_above: 0.95, admits_newcomers: true, newcomer_trips: 10 },
  high_tier: { price_cents: 200_00, distance_km: 100, climate: true, admits: 'five_star' },
  ranking: {
    weights: {
      eta_min: 1,
      dead_km: 0.3,
      cancel_risk: 2,
      idle_min: -0.5,
      quality_tier: -1,
      crate_surplus: 0.5,
    },
    detour: 1.35,
    speed_kmh: 25,
    idle_max_min: 10,
  },
  platform_fee_percent: 15,
  hold_life_ms: 7 * 24 * 3_600_000,
  hold_warning_ms: 24 * 3_600_000,
  hold_review_ms: 30_000,
  hold_pending_max_ms: 3_600_000,
}
