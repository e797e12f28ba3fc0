import { expect, test } from 'vitest'
import { wholeSeconds } from './times.ts'

test('HT4 a time in any offset becomes UTC in whole seconds', () => {
  expect(wholeSeconds('2026-02-10T09:00:00Z')).toBe('2026-02-10T09:00:00Z')
  expect(wholeSeconds('2026-02-10T09:00:00.999999999+08:00')).toBe('2026-02-10T01:00:00Z')
  expect(wholeSeconds('2026-01-01T00:30:00-02:30')).toBe('2026-01-01T03:00:00Z')
  expect(wholeSeconds('2024-02-29T23:59:59z')).toBe('2024-02-29T23:59:59Z')
})

test('HT5 a time without an offset is Malaysian', () => {
  expect(wholeSeconds('2026-02-10T09:00:00.000')).toBe('2026-02-10T01:00:00Z')
  expect(wholeSeconds('2026-02-10T09:00')).toBe('2026-02-10T01:00:00Z')
  expect(wholeSeconds('2026-02-10')).toBe('2026-02-09T16:00:00Z')
})

test('HT6 what is no moment of the calendar is refused', () => {
  const wrong = [
    '',
    'tomorrow',
    '2026-02-30T09:00:00Z',
    '2025-02-29T09:00:00Z',
    '2026-13-01T09:00:00Z',
    '2026-02-10T24:00:00Z',
    '2026-02-10T09:60:00Z',
    '2026-02-10T09:00:60Z',
    '2026-02-10T09:00:00+24:00',
    '2026-02-10T09:00:00Z trailing',
    '20260210T090000Z',
    '0000-01-01T00:00:00Z',
    '1960-01-01T00:00:00Z',
    '9999-12-31T23:59:59-01:00',
  ]
  expect(wrong.filter((text) => wholeSeconds(text) !== undefined)).toEqual([])
})
