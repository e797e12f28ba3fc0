/** What a runner's work and his owners' stars say of him. */
import type { Decision } from '../protocols/actor.ts'
import { limits } from '../protocols/limits.ts'
import type { RunnerEvent, runnerEvents, runnerSteps } from '../protocols/runner.ts'
import type { MessageOf } from '../protocols/shape.ts'
import type { Runner } from './runner.ts'

/** Of the bookings that he accepted and that ended by him, the share that he delivered. What owners cancel does not count. */
export const completionRate = ({ total_trips, dropped }: Pick<Runner, 'total_trips' | 'dropped'>): number =>
  total_trips + dropped === 0 ? 1 : total_trips / (total_trips + dropped)

/** When he last became free: after a booking, or by going online. */
export const idleSince = ({ online_ms, recent }: Pick<Runner, 'online_ms' | 'recent'>): number =>
  Math.max(online_ms, ...recent.map(({ until_ms }) => until_ms))

/** A booking is rated once; a step that comes again is known by its booking. */
export function rateRunner(
  { rating, ratings, recent_ratings }: Runner,
  { booking_id, stars }: MessageOf<typeof runnerSteps, 'runner.rate'>,
): Decision<RunnerEvent> {
  if (recent_ratings.includes(booking_id)) return []
  // The sum of whole stars, so that many means do not add up their rounding.
  const sum = Math.round(rating * ratings) + stars
  return [{ type: 'runner.rated', booking_id, stars, rating: sum / (ratings + 1), ratings: ratings + 1 }]
}

export const rated = (
  state: Runner,
  { booking_id, rating, ratings }: MessageOf<typeof runnerEvents, 'runner.rated'>,
): Runner => ({
  ...state,
  rating,
  ratings,
  recent_ratings: [...state.recent_ratings, booking_id].slice(-limits.recent_ratings_max),
})
