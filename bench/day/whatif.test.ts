// The recorded demand under another policy.
import { expect, test } from 'vitest'
import type { Measures } from '../../gateways/ops/whatif/measures.ts'
import { whatif } from '../../gateways/ops/whatif/whatif.ts'
import { firstPolicy, type Policy } from '../../protocols/policy.ts'
import { north, Street } from './street.given.ts'

interface Told extends Readonly<Record<'recorded' | 'baseline' | 'whatif' | 'difference', Measures>> {
  readonly from: string
  readonly until: string
  readonly in_force: readonly { readonly version: number }[]
  readonly positions: { readonly kept_since: string | null; readonly reaches: boolean; readonly used: number }
  readonly fit: Readonly<Record<string, number>>
  readonly decisions: Readonly<Record<string, number>>
  readonly modelled: readonly { readonly name: string; readonly how: string }[]
}

const next = (change: Partial<Policy>): string => JSON.stringify({ ...firstPolicy, version: 2, ...change })
const same = next({})
const { tariff } = firstPolicy.pricing
const dearer = next({
  pricing: { ...firstPolicy.pricing, tariff: { ...tariff, base_cents: tariff.base_cents * 1.1 } },
})

/** Every figure in it. */
function figuresIn(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(figuresIn) : [value]
}

/** What the street would have been under a policy. */
async function ask(street: Street, file: string, from: string, more: Parameters<Street['desk']> = []) {
  const { json, notes } = street.desk({ files: { 'next.json': file }, ...more[0] }, more[1])
  const told = (await json(whatif, [], { policy: 'next.json', from, to: street.now })) as Told
  return { told, notes }
}

/** Two runners, 1 and 5 km from the middle; the far one has waited half an hour longer. Three trips, two of them paid. */
async function lived() {
  const street = await new Street().open()
  const far = await street.runner(north(5))
  await street.minutes(30)
  const near = await street.runner(north(1))
  await street.minutes(1)
  const from = street.now
  for (const pays of [true, true, false]) {
    const booking = await street.book(north(0), north(-10))
    if (pays) await street.pays(booking)
    await street.carries(near, booking, 3)
    street.at(near, north(1))
    await street.minutes(12)
  }
  return { street, from, near, far }
}

test('WI1 the same policy makes no difference, and the model of a quiet street is what happened there', async () => {
  const { street, from } = await lived()
  const { told } = await ask(street, same, from)
  expect(new Set(figuresIn(told.difference))).toEqual(new Set([0, null]))
  expect(told.decisions).toMatchObject({ bookings: 3, same_runner: 3 })
  expect(told.baseline).toEqual(told.recorded)
  expect(told.fit).toMatchObject({ bookings: 3, same_runner: 3 })
  expect(told.recorded.all).toMatchObject({ asked: 3, assigned: 3, unserved: 0, delivered: 3 })
  expect(told.recorded.all.pickup_km.mean).toBeCloseTo(1, 6)
  expect(told.recorded.all.pickup_wait_s.p50).toBeCloseTo(180, 0)
})

test('WI2 a price table makes the difference that a pencil makes, to the sen', async () => {
  const { street, from } = await lived()
  const { told } = await ask(street, dearer, from)
  // 500 + trunc(10 km x 250) + 300 for a cat, in a crate that costs nothing; 15 % of it, cut off.
  const before = 500 + 2_500 + 300
  const after = before + 50
  const feeOf = (cents: number) => Math.trunc((cents * 15) / 100)
  const sums = (price: number) => ({
    gross_cents: 3 * price,
    unpaid_cents: price,
    platform_fee_cents: 2 * feeOf(price),
    runner_payout_cents: 2 * (price - feeOf(price)),
  })
  expect(told.recorded.all.money).toEqual(sums(before))
  expect(told.baseline.all.money).toEqual(sums(before))
  expect(told.whatif.all.money).toEqual(sums(after))
  expect(told.difference.all.money).toEqual({
    gross_cents: 150,
    unpaid_cents: 50,
    platform_fee_cents: 2 * (feeOf(after) - feeOf(before)),
    runner_payout_cents: 100 - 2 * (feeOf(after) - feeOf(before)),
  })
  expect(told.decisions.same_runner).toBe(3)
})

test('WI3 who may no longer carry high-tier animals is not given them, and all else stays as it was', async () => {
  const street = await new Street().open()
  const veteran = await street.runner(north(5))
  const first = await street.book(north(5), north(6))
  await street.carries(veteran, first, 2)
  await street.rates(first, 5)
  const newcomer = await street.runner(north(1))
  await street.minutes(1)
  const from = street.now
  const [reptile, cat] = [
    await street.book(north(0), north(-2), { pet_type: 'reptile' }),
    await street.book(north(0), north(-2)),
  ]
  await street.carries(newcomer, reptile, 3)
  await street.minutes(10)
  await street.carries(newcomer, cat, 3)
  const strict = next({ five_star: { ...firstPolicy.five_star, admits_newcomers: false } })
  const { told } = await ask(street, strict, from)
  expect(told.baseline.high_tier).toMatchObject({ asked: 1, assigned: 1 })
  expect(told.baseline.high_tier.pickup_km.mean).toBeCloseTo(1, 6)
  // The veteran, who stood 6 km away after his first trip.
  expect(told.whatif.high_tier.pickup_km.mean).toBeCloseTo(6, 6)
  expect(told.whatif.high_tier).toMatchObject({ asked: 1, assigned: 1, delivered: 1 })
  expect(told.difference.normal).toMatchObject({ assigned: 0, delivered: 0 })
  const nobody = next({
    five_star: { ...firstPolicy.five_star, admits_newcomers: false, rating_min: 5, completion_above: 1 },
  })
  const { told: none } = await ask(street, nobody, from)
  expect(none.difference.high_tier).toMatchObject({ assigned: -1, unserved: 1, delivered: -1 })
  expect(none.decisions).toMatchObject({ lost: 1, won: 0 })
})

test('WI4 a weight of the ranking sends another runner from another distance', async () => {
  const { street, from } = await lived()
  const { weights } = firstPolicy.ranking
  const idlest = next({ ranking: { ...firstPolicy.ranking, weights: { ...weights, idle_min: -20 } } })
  const { told } = await ask(street, idlest, from)
  // The first booking finds the near runner idle for a minute and the far one for half an hour, of which ten minutes count.
  expect(told.baseline.all.pickup_km.p50).toBeCloseTo(1, 6)
  expect(told.whatif.all.pickup_km.p95).toBeCloseTo(5, 6)
  expect(told.decisions.another_runner).toBeGreaterThan(0)
  expect(told.difference.all.pickup_km.mean).toBeGreaterThan(0)
  expect(told.difference.fairness.earning_runners).toBe(1)
})
