import { expect, test } from 'vitest'
import type { PetSpec } from '../protocols/booking.ts'
import { firstPolicy } from '../protocols/policy.ts'
import { bitsFor, type Crate, type Requirement } from '../protocols/runner.ts'
import { crateBits, fits, requirementOf } from './crates.ts'
import { seeded } from './given.ts'
import { admits } from './quality.ts'

const pet = (weight_kg: number, pet_type: PetSpec['pet_type'] = 'dog'): PetSpec => ({
  pet_type,
  breed: '',
  name: 'x',
  weight_kg,
  age_months: 0,
  vaccinations: [],
  special_needs: '',
  photo_url: '',
})
const crate = (over: Partial<Crate> = {}): Crate => ({
  id: '11111111-1111-4111-8111-111111111111',
  size: 'large',
  pet_types: ['dog'],
  max_weight_kg: 30,
  width_cm: 0,
  height_cm: 0,
  depth_cm: 0,
  ventilated: true,
  temperature_controlled: false,
  ...over,
})
const car = (...crates: Crate[]) => ({ crates, vehicle_type: 'car', air_conditioned: true })

test('CR1 the weight decides the size, bounds included; only a reptile needs a climate', () => {
  const sizes = [0.1, 5, 5.01, 15, 15.01, 30, 30.01].map((kg) => requirementOf(pet(kg)).minimum_size)
  expect(sizes).toEqual(['small', 'small', 'medium', 'medium', 'large', 'large', 'xlarge'])
  expect(requirementOf(pet(10))).toMatchObject({
    needs_ventilation: true,
    needs_temp_control: false,
    minimum_weight_capacity: 12,
  })
  expect(requirementOf(pet(1, 'reptile')).needs_temp_control).toBe(true)
})

test('CR2 a crate fits that is as large or larger, lists the animal, bears it and has air', () => {
  const needed = requirementOf(pet(12))
  const holds = (over: Partial<Crate>) => fits(car(crate(over)), needed, firstPolicy)
  expect(holds({})).toBe(true)
  expect(holds({ size: 'medium' })).toBe(true)
  expect(holds({ size: 'small' })).toBe(false)
  expect(holds({ pet_types: ['cat'] })).toBe(false)
  expect(holds({ max_weight_kg: 11.9 })).toBe(false)
  expect(holds({ ventilated: false })).toBe(false)
  expect(fits(car(crate({ size: 'small' }), crate()), needed, firstPolicy)).toBe(true)
})

test('CR3 a climate needs a crate that has one, in a vehicle that is air-conditioned', () => {
  const needed = requirementOf(pet(1, 'reptile'))
  const box = crate({ pet_types: ['reptile'], temperature_controlled: true })
  expect(fits(car(box), needed, firstPolicy)).toBe(true)
  expect(fits({ ...car(box), air_conditioned: false }, needed, firstPolicy)).toBe(false)
  expect(fits(car({ ...box, temperature_controlled: false }), needed, firstPolicy)).toBe(false)
})

test('CR4 a car without any crate counts as a medium one only where policy says so', () => {
  const lenient = { ...firstPolicy, car_counts_as_medium_crate: true }
  const needed = requirementOf(pet(15))
  expect(fits(car(), needed, firstPolicy)).toBe(false)
  expect(fits(car(), needed, lenient)).toBe(true)
  expect(fits(car(), requirementOf(pet(16)), lenient)).toBe(false)
  expect(fits({ ...car(), vehicle_type: 'motorcycle' }, needed, lenient)).toBe(false)
  expect(fits(car(crate({ size: 'small' })), needed, lenient)).toBe(false)
})

test('CR5 the bits are a sieve: whoever fits has them all', () => {
  const random = seeded(7)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
  const sizes = ['small', 'medium', 'large', 'xlarge'] as const
  const types = ['cat', 'dog', 'bird', 'rabbit', 'reptile', 'other'] as const
  const box = () =>
    crate({
      size: pick(sizes),
      pet_types: types.filter(() => random() < 0.5),
      max_weight_kg: random() * 40,
      ventilated: random() < 0.8,
      temperature_controlled: random() < 0.5,
    })
  let fitting = 0
  for (let round = 0; round < 2_000; round++) {
    const carrier = car(...Array.from({ length: Math.floor(random() * 4) }, box))
    const needed: Requirement = requirementOf(pet(random() * 40, pick(types)))
    const wanted = bitsFor(needed, false)
    if (!fits(carrier, needed, firstPolicy)) continue
    fitting += 1
    expect(crateBits(carrier, firstPolicy) & wanted).toBe(wanted)
  }
  expect(fitting).toBeGreaterThan(50)
})

test('CR6 a rating below the least one excludes a runner; no rating does not', () => {
  expect(
    [0, 2.9, 3, 5].map((rating) =>
      admits('standard', { rating, total_trips: 50, completion_rate: 0.5 }, firstPolicy),
    ),
  ).toEqual([true, false, true, true])
})
