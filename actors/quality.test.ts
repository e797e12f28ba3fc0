import { expect, test } from 'vitest'
import { firstPolicy, type Policy } from '../protocols/policy.ts'
import { quoteOf } from './pricing.ts'
import { admits, isHighTier } from './quality.ts'

const five_star = (figures: object, more: Partial<Policy['five_star']> = {}) =>
  admits(
    'five_star',
    { rating: 5, total_trips: 50, completion_rate: 1, ...figures },
    { ...firstPolicy, five_star: { ...firstPolicy.five_star, ...more } },
  )

test('DS4 the five-star policy admits from a rating of 4.8 and above a completion rate of 0.95', () => {
  expect([4.79, 4.8, 5].map((rating) => five_star({ rating }))).toEqual([false, true, true])
  expect([0.95, 0.951].map((completion_rate) => five_star({ completion_rate }))).toEqual([false, true])
  expect(five_star({ rating: 0 })).toBe(false)
})

test('DS5 newcomers of fewer than 10 trips are admitted, unless the switch is off', () => {
  const poor = { rating: 4, completion_rate: 0.5 }
  expect([0, 9, 10].map((total_trips) => five_star({ ...poor, total_trips }))).toEqual([true, true, false])
  expect(five_star({ ...poor, total_trips: 0 }, { admits_newcomers: false })).toBe(false)
  expect(five_star({ ...poor, total_trips: 10 }, { newcomer_trips: 11 })).toBe(true)
})

test('DS6 a job is a high-tier one from 200 MYR, from 100 km, or with a climate', () => {
  const tier = (distance_km: number, climate = false, policy = firstPolicy) =>
    isHighTier(
      quoteOf({ distance_km, pet_type: 'cat', size: 'small', appointment: false, climate }, policy),
      policy,
    )
  expect(tier(10)).toBe(false)
  expect(tier(10, true)).toBe(true)
  // 500 + 300 sen, and 250 for each kilometre.
  expect([76.799, 76.8].map((km) => tier(km))).toEqual([false, true])
  const cheap: Policy = { ...firstPolicy, high_tier: { ...firstPolicy.high_tier, price_cents: 100_000_00 } }
  expect([99.999, 100].map((km) => tier(km, false, cheap))).toEqual([false, true])
  const plain: Policy = { ...firstPolicy, high_tier: { ...firstPolicy.high_tier, climate: false } }
  expect(tier(10, true, plain)).toBe(false)
})
