import { expect, test } from 'vitest'
import type { PetType } from '../protocols/booking.ts'
import { requirementOf } from './crates.ts'
import { distanceKm } from './geo.ts'
import { priceOf } from './pricing.ts'

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

test('PR1 the standard price agrees with every vector of the contract, to the sen', () => {
  for (const [latitude, longitude, to_latitude, to_longitude, km, pet_type, weight_kg, cents] of vectors) {
    const distance_km = distanceKm(
      { latitude, longitude },
      { latitude: to_latitude, longitude: to_longitude },
    )
    expect(distance_km).toBeCloseTo(km, 9)
    const size = requirementOf(pet(pet_type, weight_kg)).minimum_size
    expect(priceOf({ distance_km, pet_type, size }, 'standard')).toBe(cents)
  }
})

test('PR2 kilometres are cut off, not rounded; a larger crate costs more', () => {
  const fare = { distance_km: 0.00399, pet_type: 'bird', size: 'small' } as const
  expect(priceOf(fare)).toBe(700)
  expect(priceOf({ ...fare, distance_km: 0.00799 })).toBe(701)
  expect(
    ['small', 'medium', 'large', 'xlarge'].map((size) => priceOf({ ...fare, size: size as 'small' })),
  ).toEqual([700, 1_200, 1_700, 2_700])
})
