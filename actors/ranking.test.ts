import { expect, test } from 'vitest'
import { firstPolicy } from '../protocols/policy.ts'
import type { Crate } from '../protocols/runner.ts'
import { type Candidate, rankOf } from './ranking.ts'

const crate = (size: Crate['size']): Crate => ({
  id: '11111111-1111-4111-8111-111111111111',
  size,
  pet_types: ['cat'],
  max_weight_kg: 30,
  width_cm: 0,
  height_cm: 0,
  depth_cm: 0,
  ventilated: true,
  temperature_controlled: false,
})
const carrierOf = (...sizes: Crate['size'][]) => ({
  crates: sizes.map(crate),
  vehicle_type: 'van',
  air_conditioned: false,
})
const plain: Candidate = {
  rating: 4,
  total_trips: 50,
  completion_rate: 1,
  carrier: carrierOf('small'),
  distance_km: 2,
  idle_ms: 0,
}
const needed = {
  minimum_size: 'small',
  needs_ventilation: true,
  needs_temp_control: false,
  minimum_weight_capacity: 5,
  pet_type: 'cat',
  weight_kg: 4,
} as const
const costOf = (more: Partial<Candidate>) => rankOf({ ...plain, ...more }, needed, firstPolicy).cost

test('DS7 a place in the order is a sum of named factors, each times its weight, by a policy that is named', () => {
  const { cost, policy_version, factors, weights } = rankOf(
    { ...plain, rating: 4.9, completion_rate: 0.98, idle_ms: 240_000, carrier: carrierOf('large', 'medium') },
    needed,
    firstPolicy,
  )
  expect(policy_version).toBe(1)
  expect(weights).toEqual(firstPolicy.ranking.weights)
  expect(factors).toEqual({
    eta_min: 6.48,
    dead_km: 2.7,
    cancel_risk: 0.02,
    idle_min: 4,
    quality_tier: 1,
    crate_surplus: 1,
  })
  const sum = Object.entries(factors).reduce((all, [name, value]) => all + value * (weights[name] ?? 0), 0)
  expect(cost).toBeCloseTo(sum, 3)
})

test('DS8 near, reliable, long idle, of quality and with a crate that is not too large: each alone comes first', () => {
  expect(costOf({ distance_km: 1.9 })).toBeLessThan(costOf({}))
  expect(costOf({})).toBeLessThan(costOf({ completion_rate: 0.9 }))
  expect(costOf({ idle_ms: 60_000 })).toBeLessThan(costOf({}))
  expect(costOf({ rating: 4.8 })).toBeLessThan(costOf({}))
  expect(costOf({})).toBeLessThan(costOf({ carrier: carrierOf('medium') }))
  expect(costOf({ idle_ms: 3_600_000 })).toBe(costOf({ idle_ms: 600_000 }))
  expect(costOf({ idle_ms: -1 })).toBe(costOf({}))
})

test('DS8 other weights make another order', () => {
  const { ranking } = firstPolicy
  const nothing = { eta_min: 0, dead_km: 0, cancel_risk: 0, idle_min: 0, quality_tier: 0, crate_surplus: 0 }
  const policy = { ...firstPolicy, ranking: { ...ranking, weights: { ...nothing, cancel_risk: 1 } } }
  const risk = (more: Partial<Candidate>) => rankOf({ ...plain, ...more }, undefined, policy).cost
  expect(risk({ distance_km: 1 })).toBe(risk({ distance_km: 50 }))
  expect(risk({ completion_rate: 0.5 })).toBe(0.5)
})
