import { type Static, Type } from 'typebox'

const Ms = Type.Integer({ minimum: 0 })

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
  rating_min: Type.Number({ minimum: 0, maximum: 5 }),
  /** Live fixes a second that a runner may send for long, and how many at once. */
  fixes_per_s: Type.Number({ exclusiveMinimum: 0 }),
  fixes_burst: Type.Integer({ minimum: 1 }),
})

export type Policy = Static<typeof Policy>

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
}
