/** Who is good enough for which job: apart from the runner himself, so that it can be refined alone. */
import type { Quote } from '../protocols/booking.ts'
import type { Policy, QualityName } from '../protocols/policy.ts'
import { priceOf } from './pricing.ts'

/** What is known of a runner's work. A `rating` of 0 is none yet; the `completion_rate` is a share of 1. */
export interface Figures {
  readonly rating: number
  readonly total_trips: number
  readonly completion_rate: number
}

/** Each says whether a runner is good enough. No rating yet is not a bad one: otherwise a first trip would be the last. */
const quality_policies: Readonly<Record<QualityName, (figures: Figures, policy: Policy) => boolean>> = {
  standard: ({ rating }, { rating_min }) => rating === 0 || rating >= rating_min,
  five_star: ({ rating, total_trips, completion_rate }, { five_star }) =>
    (rating >= five_star.rating_min && completion_rate > five_star.completion_above) ||
    (five_star.admits_newcomers && total_trips < five_star.newcomer_trips),
}

export const admits = (name: QualityName, figures: Figures, policy: Policy): boolean =>
  quality_policies[name](figures, policy)

/** Whether a job is one for the best runners: dear, far, or with a climate. */
export const isHighTier = (quote: Quote, { high_tier }: Policy): boolean =>
  priceOf(quote) >= high_tier.price_cents ||
  quote.distance_km >= high_tier.distance_km ||
  (quote.climate && high_tier.climate)
