import { expect, test } from 'vitest'
import { growthOf } from './watch.ts'

const living = (mbAt: (share: number) => number) => Array.from({ length: 40 }, (_, index) => mbAt(index / 40))

test('FZ8 memory that grows is what lives after a collection: garbage is none, nor what fills at the beginning', () => {
  const flat = living((share) => (share < 0.4 ? 40 + 200 * share : 120))
  // What the kernel counts went from 375 to 545 MB meanwhile, and lived nowhere.
  expect(growthOf(flat, 545)).toBeUndefined()
  expect(
    growthOf(
      living((share) => 100 + 400 * share),
      545,
    ),
  ).toBe('what lives in the engine grew from 290 to 470 MB')
  expect(
    growthOf(
      living((share) => 100 + 50 * share),
      545,
    ),
  ).toBeUndefined()
  expect(growthOf(flat, 1_500)).toBe('the engine holds 1500 MB of memory')
  expect(growthOf([100, 900], 545)).toBeUndefined()
})
