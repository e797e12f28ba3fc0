import { expect, test } from 'vitest'
import { bookingNumber, permuted } from './numbers.ts'

test('NB1 a number is BK- and six letters that nobody mistakes', () => {
  for (let serial = 0; serial < 1_000; serial++)
    expect(bookingNumber(5, 8, serial)).toMatch(/^BK-[A-HJ-NP-Z2-9]{6}$/)
})

test('NB2 no two bookings of any shards share a number', () => {
  const numbers = new Set<string | undefined>()
  for (let shard = 0; shard < 64; shard++)
    for (let serial = 1; serial <= 4_000; serial++) numbers.add(bookingNumber(shard, 64, serial))
  expect(numbers.size).toBe(64 * 4_000)
})

test('NB3 the permutation stays below 2^30, and the numbers of today are those of ever', () => {
  const top = 2 ** 30 - 1
  for (const value of [0, 1, 12_345, top]) {
    expect(permuted(value)).toBeGreaterThanOrEqual(0)
    expect(permuted(value)).toBeLessThanOrEqual(top)
  }
  expect([1, 2, 3].map((serial) => bookingNumber(0, 8, serial))).toEqual([
    'BK-FPE9BR',
    'BK-ZW2NFQ',
    'BK-9X92FM',
  ])
})

test('NB4 a shard that has used its numbers up has none', () => {
  expect(bookingNumber(7, 8, 2 ** 27 - 1)).toMatch(/^BK-/)
  expect(bookingNumber(0, 8, 2 ** 27)).toBeUndefined()
})
