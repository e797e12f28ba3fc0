import { expect, test } from 'vitest'
import { limits } from '../protocols/limits.ts'
import type { Near, NearQuery } from './host.ts'
import { candidatesOf, ordered } from './ranking.ts'

const query: NearQuery = {
  kind: 'runner',
  latitude: 0,
  longitude: 0,
  radius_km: 10,
  limit: 3,
  bits: 0,
}
const near = (id: string, distance_km: number, cost: number): Near => ({
  id,
  distance_km,
  age_ms: 0,
  view: {},
  rank: { cost, policy_version: 1, factors: {}, weights: {} },
})
const idsOf = (found: readonly Near[]) => found.map(({ id }) => id).join('')

test('DS21 a search by rank puts the least cost first, then the nearer, then the lesser id; one without, the nearest', () => {
  const found = () => [near('d', 4, 1), near('c', 3, 2), near('b', 2, 2), near('a', 2, 2), near('e', 1, 9)]
  expect(idsOf(ordered(found(), { ...query, ranked: true }))).toBe('dab')
  expect(idsOf(ordered(found(), query))).toBe('eab')
  expect(idsOf(ordered(found().reverse(), { ...query, ranked: true, limit: 9 }))).toBe('dabce')
})

test('DS22 the best are chosen among the nearest of all threads together, however many threads there are', () => {
  const candidates = limits.rank_candidates_max
  expect(candidatesOf(query).limit).toBe(3)
  expect(candidatesOf({ ...query, ranked: true }).limit).toBe(candidates)
  const found = Array.from({ length: candidates }, (_, index) => near(`x${index}`, index, 5))
  const far = near('far', 1_000, -99)
  expect(idsOf(ordered([far, ...found], { ...query, ranked: true, limit: 1 }))).toBe('x0')
})
