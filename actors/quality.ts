import type { Policy } from '../protocols/policy.ts'

/** Whether a runner is good enough. 0 is no rating yet, not a bad one: otherwise a first trip would be the last. */
export const admits = (rating: number, { rating_min }: Policy): boolean =>
  rating === 0 || rating >= rating_min
