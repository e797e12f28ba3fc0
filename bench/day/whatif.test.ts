// The recorded demand under another policy.
import { expect, test } from 'vitest'
import { behaviours } from '../../actors/behaviours.ts'
import { atDesk } from '../../gateways/ops/desk.given.ts'
import type { Measures } from '../../gateways/ops/whatif/measures.ts'
import { whatif } from '../../gateways/ops/whatif/whatif.ts'
import { firstPolicy, type Policy } from '../../protocols/policy.ts'
import type { CloudEvent } from '../../protocols/topics.ts'
import { shards } from '../thread.ts'
import { north, Street } from './street.given.ts'
import { Town } from './town.ts'

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
  // No two are answered and driven alike: who goes by what all of them take would not come to what happened.
  for (const [answers, drives] of [
    [0, 2],
    [1, 2],
    [2, 4],
  ] as const) {
    const booking = await street.book(north(0), north(-10))
    if (answers < 2) await street.pays(booking)
    await street.minutes(answers)
    await street.carries(near, booking, drives)
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

test('WI5 a time that begins before positions are kept is shortened to what is kept, and both times are told', async () => {
  const { street, from } = await lived()
  const reach = new Date(Date.parse(from) + 10 * 60_000)
  const { told, notes } = await ask(street, same, from, [{}, reach.getTime()])
  expect(told.from).toBe(reach.toISOString())
  expect(told.positions).toMatchObject({ kept_since: reach.toISOString(), reaches: false })
  expect(told.recorded.all.asked).toBe(2)
  expect(notes[0]).toContain(`positions are kept since ${reach.toISOString()}; asked from ${from}`)
  const { run, lines } = street.desk({ files: { 'next.json': same } }, reach.getTime())
  await run(whatif, [], { policy: 'next.json', from, to: street.now })
  expect(lines.join('\n')).toContain(`positions are kept since ${reach.toISOString()}; asked from ${from}`)
  const words = { policy: 'next.json', from, to: new Date(reach.getTime() - 1).toISOString() }
  await expect(run(whatif, [], words)).rejects.toThrow('nothing is left of that time')
  const never = street.desk({ files: { 'next.json': same } }, Number.POSITIVE_INFINITY)
  await expect(never.run(whatif, [], words)).rejects.toThrow('no positions are kept')
})

test('WI6 it writes to no log, no snapshot, no policy, no topic and no file', async () => {
  const { street, from } = await lived()
  const here = street.desk({ files: { 'next.json': dearer } })
  const held = () => [
    JSON.stringify([0, 1, 2, 3, 4, 5, 6, 7].map((shard) => street.journal.log.of(shard).map(({ id }) => id))),
    JSON.stringify(street.topics.read('RUNNER_EVENTS').length + street.topics.read('BOOKING_EVENTS').length),
  ]
  const before = held()
  const writes: string[] = []
  const { desk } = here
  const { journal, shards, policyAt } = await desk.log()
  const watched = new Proxy(journal, {
    get: (target, name) => {
      if (name !== 'read' && name !== 'last') writes.push(String(name))
      const value = Reflect.get(target, name) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const refuse = () => {
    writes.push('a store')
    return Promise.reject(new Error('it is opened'))
  }
  await whatif(
    {
      ...desk,
      log: async () => ({ journal: watched, shards, policyAt }),
      accounts: refuse,
      snapshots: refuse,
      workbench: refuse,
      vault: refuse,
      personKeys: refuse,
      writeFile: refuse,
    },
    { positionals: [], values: { policy: 'next.json', from, to: street.now } },
  )
  expect(here.lines.length).toBeGreaterThan(30)
  expect(writes).toEqual([])
  expect(held()).toEqual(before)
  expect(await here.policies.after(1)).toEqual([])
})

test('WI7 a policy that is none, and a time without anything in it, are told with the reason', async () => {
  const { street, from } = await lived()
  const { run } = street.desk({
    files: {
      'next.json': same,
      torn: '{"version":',
      wrong: JSON.stringify({
        ...firstPolicy,
        version: 2,
        high_tier: { ...firstPolicy.high_tier, climate: 'yes' },
      }),
      late: JSON.stringify({ ...firstPolicy, version: 3 }),
    },
  })
  const to = street.now
  const flaws: readonly (readonly [values: Record<string, string>, flaw: string])[] = [
    [{ policy: 'nowhere', from, to }, 'nowhere cannot be read'],
    [{ policy: 'torn', from, to }, 'torn: it is no JSON'],
    [{ policy: 'wrong', from, to }, 'wrong: high_tier.climate'],
    [{ policy: 'late', from, to }, 'late: version must be 2'],
    [{ policy: 'next.json', from }, '--to TIME'],
    [{ from, to }, '--policy FILE'],
    [{ policy: 'next.json', from: 'noon', to }, '--from wants a time'],
    [{ policy: 'next.json', from: to, to: from }, 'it ends before it begins'],
    [{ policy: 'next.json', from, to: from }, 'no time in between'],
    [
      { policy: 'next.json', from: '2026-11-01T00:00:00Z', to: '2026-11-02T00:00:00Z' },
      'nothing was asked for',
    ],
  ]
  for (const [values, flaw] of flaws) await expect(run(whatif, [], values)).rejects.toThrow(flaw)
})

test('WI8 the baseline is ruled by the versions that ruled then, each in its time', async () => {
  const street = await new Street().open()
  const near = await street.runner(north(1))
  await street.minutes(1)
  const from = street.now
  const second = JSON.parse(dearer) as Policy
  // The last is decided by a thread that has not read the second version yet.
  for (const policy of [firstPolicy, second, firstPolicy]) {
    street.policy = policy
    const booking = await street.book(north(0), north(-10))
    await street.pays(booking)
    await street.carries(near, booking, 3)
    street.at(near, north(1))
    await street.minutes(12)
  }
  const policyAt = (version: number) => (version === 2 ? second : firstPolicy)
  const here = street.desk({
    policyAt,
    files: { 'next.json': JSON.stringify({ ...firstPolicy, version: 3 }) },
  })
  await here.policies.append(second)
  const told = (await here.json(whatif, [], { policy: 'next.json', from, to: street.now })) as Told
  expect(told.in_force.map(({ version }) => version)).toEqual([1, 2])
  expect(told.recorded.all.money.gross_cents).toBe(3_300 + 3_350 + 3_300)
  expect(told.baseline.all.money).toEqual(told.recorded.all.money)
  expect(told.whatif.all.money.gross_cents).toBe(3 * 3_300)
})

test('WI9 owners cancel, runners give up and earlier bookings keep their runners, as they did', async () => {
  const street = await new Street().open()
  const [one, other, third] = [
    await street.runner(north(1)),
    await street.runner(north(2)),
    await street.runner(north(30)),
  ]
  await street.minutes(1)
  const earlier = await street.book(north(0), north(-3))
  await street.say('booking', earlier.id, { type: 'booking.accept' }, one, 'runner')
  await street.minutes(1)
  const from = street.now
  const [given_up, cancelled] = [
    await street.book(north(0), north(-5)),
    await street.book(north(30), north(35)),
  ]
  const decline = { type: 'booking.decline', reason: 'too_far' }
  await street.say('booking', given_up.id, { type: 'booking.accept' }, other, 'runner')
  await street.minutes(1)
  await street.say('booking', given_up.id, decline, other, 'runner')
  await street.say('booking', cancelled.id, { type: 'booking.accept' }, third, 'runner')
  await street.minutes(1)
  await street.say('booking', cancelled.id, { type: 'booking.cancel', reason: 'x' }, cancelled.owner, 'owner')
  for (const type of ['booking.pick_up', 'booking.deliver'])
    await street.say('booking', earlier.id, { type }, one, 'runner')
  await street.carries(one, given_up, 3)
  const { told } = await ask(street, same, from)
  expect(told.recorded.all).toMatchObject({ asked: 2, assigned: 2, delivered: 1, cancelled: 1 })
  expect(told.baseline.all).toMatchObject({ asked: 2, assigned: 2, delivered: 1, cancelled: 1 })
  expect(told.fit).toMatchObject({ same_runner: 2 })
  expect(told.modelled.map(({ name }) => name)).toContain('runners who give a booking up')
})

test('WI12 sums add up in a busy town, under a policy that changes much, and the same question has the same answer', async () => {
  const town = new Town({ seed: 7, runners: 8, bookings: 1_500, hours: 0.75, from_hour: 11 })
  await town.live()
  const moved = town.topics
    .read('RUNNER_EVENTS')
    .map(({ message }) => message as CloudEvent)
    .filter(({ type }) => type === 'runner.location_update')
  const all = async function* () {
    yield* moved
  }
  const harsh = next({
    runner_capacity: 2,
    platform_fee_percent: 20,
    high_tier: { ...firstPolicy.high_tier, distance_km: 8 },
    ranking: { ...firstPolicy.ranking, weights: { ...firstPolicy.ranking.weights, dead_km: -3 } },
  })
  const { json } = atDesk({
    stores: town,
    shards,
    behaviours,
    files: { 'next.json': harsh, 'same.json': same },
    moves: { reach_ms: 0, all },
  })
  const time = { from: String(town.now_ms() - 3_600_000), to: String(town.now_ms()) }
  const told = (await json(whatif, [], { policy: 'next.json', ...time })) as Told
  for (const { all: whole, high_tier, normal } of [told.recorded, told.baseline, told.whatif])
    for (const group of [whole, high_tier, normal]) {
      const { gross_cents, unpaid_cents, platform_fee_cents, runner_payout_cents } = group.money
      expect(gross_cents).toBe(unpaid_cents + platform_fee_cents + runner_payout_cents)
      expect(group.asked).toBe(group.assigned + group.unserved)
      expect(whole.asked).toBe(high_tier.asked + normal.asked)
    }
  expect(told.recorded.all.asked).toBeGreaterThan(20)
  expect(told.whatif.high_tier.asked).toBeGreaterThan(told.baseline.high_tier.asked)
  expect(told.decisions.another_runner).toBeGreaterThan(0)
  expect(await json(whatif, [], { policy: 'next.json', ...time })).toEqual(told)
  const { difference } = (await json(whatif, [], { policy: 'same.json', ...time })) as Told
  expect(new Set(figuresIn(difference))).toEqual(new Set([0, null]))
})

test('WI13 the table is aligned, and says how well the model fits and what is modelled', async () => {
  const { street, from } = await lived()
  const { run, lines } = street.desk({ files: { 'next.json': dearer } })
  await run(whatif, [], { policy: 'next.json', from, to: street.now })
  const heads = lines.find((line) => line.trim().startsWith('recorded ')) ?? ''
  expect(lines).toContain('  pricing.tariff.base_cents: 500 -> 550')
  expect(heads.trim().split(/ {2,}/)).toEqual(['recorded', 'baseline', 'what-if', 'difference'])
  const gross = lines.find((line) => line.startsWith('gross fare')) ?? ''
  expect(gross.split(/ {2,}/)).toEqual(['gross fare of deliveries, MYR', '99.00', '99.00', '100.50', '+1.50'])
  const table = lines.filter((line) => /\d$/.test(line) && / {2,}/.test(line.trim()))
  expect(table.length).toBeGreaterThan(20)
  expect(new Set(table.map(({ length }) => length))).toEqual(new Set([heads.length]))
  // There is no high-tier booking: the tiers are all one.
  expect(lines.join('\n')).not.toContain('high-tier bookings')
  expect(lines.join('\n')).toContain('pickup distance, mean +0 %')
  expect(lines.join('\n')).toContain('3 of 3 bookings (100 %) go to the runner who had them in truth')
  for (const name of [
    'who accepts',
    'when he accepts',
    'the way to the pickup',
    'where runners are',
    'how positions came',
  ])
    expect(lines.filter((line) => line.startsWith(`  ${name}: `))).toHaveLength(1)
})

test('WI9 a booking that runners let pass is let pass again by them, and may be taken by one who could not then', async () => {
  const street = await new Street().open()
  await street.runner(north(1))
  await street.minutes(1)
  const from = street.now
  const booking = await street.book(north(0), north(-3))
  await street.minutes(5)
  await street.say('booking', booking.id, { type: 'booking.cancel', reason: 'x' }, booking.owner, 'owner')
  const { told } = await ask(street, dearer, from)
  for (const { all } of [told.recorded, told.baseline, told.whatif])
    expect(all).toMatchObject({ asked: 1, assigned: 0, unserved: 1, cancelled: 1 })
  const strict = { ...firstPolicy, rating_min: 4 }
  street.policy = strict
  const rated = await street.runner(north(-1))
  const first = await street.book(north(-1), north(-2))
  await street.carries(rated, first, 2)
  await street.rates(first, 3)
  await street.minutes(1)
  const again = street.now
  const other = await street.book(north(-2), north(-3))
  await street.minutes(5)
  await street.say('booking', other.id, { type: 'booking.cancel', reason: 'x' }, other.owner, 'owner')
  const policyAt = () => strict
  const here = street.desk({ policyAt, files: { 'next.json': same } })
  const lax = (await here.json(whatif, [], { policy: 'next.json', from: again, to: street.now })) as Told
  expect(lax.baseline.all).toMatchObject({ asked: 1, assigned: 0 })
  // He had three stars, and needs no four any more.
  expect(lax.whatif.all).toMatchObject({ asked: 1, assigned: 1 })
  expect(lax.decisions).toMatchObject({ won: 1 })
})
