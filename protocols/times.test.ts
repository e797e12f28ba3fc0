import { expect, test } from 'vitest'
import { instantOf, wireTime, wireTimeOrNull } from './times.ts'

test('NB7 a time on the wire is in whole seconds, UTC, and agrees with the calendar', () => {
  const days = [
    0, 951_782_400_000, 951_868_800_000, 4_107_542_400_000, 1_709_164_800_000, 253_402_300_799_999,
  ]
  for (let round = 0; round < 5_000; round++) days.push(round * 820_490_123)
  for (const ms of days) expect(wireTime(ms)).toBe(`${new Date(ms).toISOString().slice(0, 19)}Z`)
  expect(wireTimeOrNull(0)).toBeNull()
})

test('NB8 RFC 3339 is read with any offset; without one it is the time of Kuala Lumpur', () => {
  const noon = Date.UTC(2026, 1, 10, 9)
  expect(instantOf('2026-02-10T09:00:00Z')).toBe(noon)
  expect(instantOf('2026-02-10t09:00:00z')).toBe(noon)
  expect(instantOf('2026-02-10T17:00:00+08:00')).toBe(noon)
  expect(instantOf('2026-02-10T04:30:00.250-04:30')).toBe(noon + 250)
  expect(instantOf('2026-02-10T17:00:00.000')).toBe(noon)
  expect(instantOf('2026-02-10 17:00')).toBe(noon)
  expect(instantOf('2026-02-10')).toBe(noon - 17 * 3_600_000)
  for (let round = 0; round < 2_000; round++) {
    const ms = round * 2_051_227 * 1_000
    expect(instantOf(wireTime(ms))).toBe(ms)
  }
})

test('NB9 what is no time is refused', () => {
  const none = [
    '',
    'soon',
    '2026-02-30T00:00:00Z',
    '2026-13-01',
    '2026-02-10T24:00:00Z',
    '2026-02-10T09:60:00Z',
  ]
  for (const text of [...none, '2026-00-10', '2026-02-10T09:00:00+25:00', '26-02-10', '2026-02-10T09'])
    expect(instantOf(text), text).toBeUndefined()
})
