import { expect, test } from 'vitest'
import type { PetType } from '../protocols/booking.ts'
import { firstPolicy, type Policy } from '../protocols/policy.ts'
import { requirementOf } from './crates.ts'
import { distanceKm } from './geo.ts'
import { type Fare, priceOf, quoteOf } from './pricing.ts'

/** Contract 5.4: from, to, kilometres, animal, kg, sen. */
// biome-ignore format: a table reads better as one
const vectors: readonly (readonly [number, number, number, number, number, PetType, number, number])[] = [
  [1.4927, 103.7414, 3.139,  101.6869, 292.5946067405, 'cat',     4,   73948],
  [3.139,  101.6869, 3.15,   101.71,   2.8414696098,   'dog',     12,  2210],
  [3.1626, 101.7185, 3.117,  101.619,  12.1553442583,  'reptile', 31,  6338],
  [3.139,  101.6869, 3.139,  101.6869, 0,              'bird',    0.1, 700],
  [3.139,  101.6869, 3.1209, 101.627,  6.9485025803,   'rabbit',  5,   2537],
  [3.139,  101.6869, 3.16,   101.72,   4.3541054177,   'other',   30,  3088],
]

const pet = (pet_type: PetType, weight_kg: number) => ({
  pet_type,
  breed: '',
  name: 'x',
  weight_kg,
  age_months: 0,
  vaccinations: [],
  special_needs: '',
  photo_url: '',
})

const ordinary: Fare = {
  distance_km: 10,
  pet_type: 'cat',
  size: 'small',
  appointment: false,
  climate: false,
}
const sen = (fare: Partial<Fare>, policy = firstPolicy) => priceOf(quoteOf({ ...ordinary, ...fare }, policy))

const pricedBy = (pricing: Partial<Policy['pricing']>): Policy => ({
  ...firstPolicy,
  version: 7,
  pricing: { ...firstPolicy.pricing, ...pricing },
})
const by_all = pricedBy({
  use: { ordinary: 'standard', appointment: 'scheduled', climate: 'climate_controlled' },
})

test('PR1 the standard price agrees with every vector of the contract, to the sen', () => {
  for (const [latitude, longitude, to_latitude, to_longitude, km, pet_type, weight_kg, cents] of vectors) {
    const distance_km = distanceKm(
      { latitude, longitude },
      { latitude: to_latitude, longitude: to_longitude },
    )
    expect(distance_km).toBeCloseTo(km, 9)
    const size = requirementOf(pet(pet_type, weight_kg)).minimum_size
    expect(sen({ distance_km, pet_type, size })).toBe(cents)
  }
})

test('PR2 kilometres are cut off, not rounded; a larger crate costs more', () => {
  const fare = { distance_km: 0.00399, pet_type: 'bird', size: 'small' } as const
  expect(sen(fare)).toBe(700)
  expect(sen({ ...fare, distance_km: 0.00799 })).toBe(701)
  expect(
    ['small', 'medium', 'large', 'xlarge'].map((size) => sen({ ...fare, size: size as 'small' })),
  ).toEqual([700, 1_200, 1_700, 2_700])
})

test('DS1 policy chooses the strategy: a climate comes before an appointment, and each adds its own fees', () => {
  const strategyOf = (fare: Partial<Fare>, policy: Policy) =>
    quoteOf({ ...ordinary, ...fare }, policy).strategy
  for (const fare of [{}, { appointment: true }, { climate: true }])
    expect(strategyOf(fare, firstPolicy)).toBe('standard')
  expect(strategyOf({}, by_all)).toBe('standard')
  expect(strategyOf({ appointment: true }, by_all)).toBe('scheduled')
  expect(strategyOf({ appointment: true, climate: true }, by_all)).toBe('climate_controlled')
  expect(sen({}, by_all)).toBe(500 + 2_500 + 300)
  expect(sen({ appointment: true }, by_all)).toBe(500 + 2_500 + 300 + 300)
  expect(sen({ climate: true }, by_all)).toBe(500 + 2_500 + 300 + 1_000 + 500)
})

test('DS2 a quote names its strategy, its policy and every input, and its parts add up to the price', () => {
  expect(quoteOf({ ...ordinary, distance_km: 10.0019, climate: true }, by_all)).toEqual({
    strategy: 'climate_controlled',
    policy_version: 7,
    distance_km: 10.0019,
    by_route: false,
    pet_type: 'cat',
    crate_size: 'small',
    appointment: false,
    climate: true,
    parts: { base: 500, distance: 2_500, pet: 300, crate: 0, extra: 1_500 },
  })
  const quote = quoteOf({ ...ordinary, pet_type: 'dog', size: 'xlarge', appointment: true }, by_all)
  const { distance_km, pet_type, crate_size: size, appointment, climate } = quote
  expect(quoteOf({ distance_km, pet_type, size, appointment, climate }, by_all)).toEqual(quote)
  expect(priceOf(quote)).toBe(Object.values(quote.parts).reduce((sum, part) => sum + part, 0))
})

test('DS3 the straight line is priced, unless policy says that a strategy goes by the route and there is one', () => {
  const by_route = pricedBy({ standard: { by_route: true } })
  expect(sen({ route_km: 13.5 })).toBe(sen({}))
  expect(sen({ route_km: 13.5 }, by_route)).toBe(sen({ distance_km: 13.5 }))
  expect(sen({}, by_route)).toBe(sen({}))
  expect(quoteOf({ ...ordinary, route_km: 13.5 }, by_route)).toMatchObject({
    distance_km: 13.5,
    by_route: true,
  })
})
