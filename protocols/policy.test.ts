import { expect, test } from 'vitest'
import { firstPolicy } from './policy.ts'
import { flawOfNext, storedPolicy } from './policy_document.ts'

const next = { ...firstPolicy, version: 2 }
const { pricing, ranking } = firstPolicy

test('PO9 a document that is wrong is refused, and the path of what is wrong is named', () => {
  expect(flawOfNext(next, firstPolicy)).toBeUndefined()
  const { five_star: _five_star, ...lacking } = next
  const wrong: readonly (readonly [unknown, string])[] = [
    [[], 'the body'],
    [lacking, 'five_star'],
    [{ ...next, runner_capacity: 0 }, 'runner_capacity must be >= 1'],
    [
      { ...next, pricing: { ...pricing, tariff: { ...pricing.tariff, base_cents: 1.5 } } },
      'pricing.tariff.base_cents',
    ],
    [{ ...next, pricing: { ...pricing, use: { ...pricing.use, climate: 'free' } } }, 'pricing.use.climate'],
    [
      { ...next, ranking: { ...ranking, weights: { ...ranking.weights, luck: 1 } } },
      'ranking.weights.luck is no field',
    ],
    [{ ...next, capacity: 2 }, 'capacity is no field of the document'],
  ]
  for (const [document, flaw] of wrong) expect(flawOfNext(document, firstPolicy)).toContain(flaw)
})

test('PO9 a document must be of the version after the present one', () => {
  for (const version of [1, 3])
    expect(flawOfNext({ ...next, version }, firstPolicy)).toBe(
      'version must be 2, one more than that of the present policy',
    )
  expect(flawOfNext({ ...next, version: 3 }, next)).toBeUndefined()
})

test('PO5 a stored document is completed from the first policy, and what is known no more is left behind', () => {
  expect(storedPolicy({ version: 4, five_star: { rating_min: 4 }, gone: 1 })).toEqual({
    ...firstPolicy,
    version: 4,
    five_star: { ...firstPolicy.five_star, rating_min: 4 },
  })
  expect(() => storedPolicy({ version: 4, five_star: 'yes' })).toThrow('five_star')
})
