/** The order of what a search found, the same however many threads were asked. */
import { limits } from '../protocols/limits.ts'
import type { Near, NearQuery } from './host.ts'

const byId = (a: Near, b: Near) => (a.id < b.id ? -1 : 1)
const byDistance = (a: Near, b: Near) => a.distance_km - b.distance_km || byId(a, b)
const byCost = (a: Near, b: Near) => (a.rank?.cost ?? 0) - (b.rank?.cost ?? 0) || byDistance(a, b)

/** The search that each thread makes: one by rank looks at more than it shows. */
export const candidatesOf = (query: NearQuery): NearQuery =>
  query.ranked ? { ...query, limit: Math.max(query.limit, limits.rank_candidates_max) } : query

/** What all threads found together, in order, as much as was asked for. */
export function ordered(found: Near[], query: NearQuery): readonly Near[] {
  const nearest = found.sort(byDistance).slice(0, candidatesOf(query).limit)
  return (query.ranked ? nearest.sort(byCost) : nearest).slice(0, query.limit)
}
