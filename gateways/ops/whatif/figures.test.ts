import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Agenda } from './agenda.ts'
import { deciles, gini, meanOf, percentile } from './figures.ts'
import { difference } from './measures.ts'
import { ringgit } from './table.ts'

test('WI10 the Gini coefficient is half of the mean absolute difference of all pairs, relative to the mean', () => {
  expect(gini([3, 3, 3])).toBeCloseTo(0, 12)
  expect(gini([0, 0, 0, 8])).toBeCloseTo(0.75, 12)
  expect(gini([])).toBeUndefined()
  expect(gini([0, 0])).toBeUndefined()
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { minLength: 1, maxLength: 30 }), (values) => {
      const sum = values.reduce((all, value) => all + value, 0)
      const pairs = values.flatMap((one) => values.map((other) => Math.abs(one - other)))
      const apart = pairs.reduce((all, value) => all + value, 0)
      const expected = sum === 0 ? undefined : apart / (2 * values.length * sum)
      if (expected === undefined) expect(gini(values)).toBeUndefined()
      else expect(gini(values)).toBeCloseTo(expected, 9)
    }),
  )
})

test('WI10 percentiles are by nearest rank, and deciles need a first one', () => {
  expect([0, 0.1, 0.5, 0.95, 1].map((share) => percentile([5, 1, 4, 2, 3], share))).toEqual([1, 1, 3, 5, 5])
  expect(percentile([], 0.5)).toBeUndefined()
  expect(meanOf([])).toBeUndefined()
  expect(deciles([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toBe(9)
  expect(deciles([0, 0, 5])).toBeUndefined()
})

test('WI10 sums are told in ringgit to the sen, and differences of nothing are nothing', () => {
  expect([0, 5, -5, 50, 12_345, -100_000].map(ringgit)).toEqual([
    '0.00',
    '0.05',
    '-0.05',
    '0.50',
    '123.45',
    '-1000.00',
  ])
  expect(difference({ a: 3, b: null, c: { d: 0.3 } }, { a: 1, b: 2, c: { d: 0.1 } })).toEqual({
    a: 2,
    b: null,
    c: { d: 0.2 },
  })
})

test('WI10 plans are carried out by their time, and of one moment in the order in which they were made', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 60 }), (times) => {
      const agenda = new Agenda()
      const done: (readonly [number, number])[] = []
      for (const [order, at_ms] of times.entries()) agenda.add(at_ms, () => done.push([at_ms, order]))
      while (agenda.next_ms < Number.POSITIVE_INFINITY) agenda.carryOut()
      const expected = times.map((at_ms, order) => [at_ms, order] as const)
      expect(done).toEqual(expected.sort(([a, b], [c, d]) => a - c || b - d))
    }),
  )
})
