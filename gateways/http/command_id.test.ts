import { expect, test } from 'vitest'
import { limits } from '../../protocols/limits.ts'
import { derivedId, keyedId, windowedId } from './command_id.ts'
import { openTables } from './shared.ts'

const user = '11111111-1111-4111-8111-111111111111'
const other = '22222222-2222-4222-8222-222222222222'
const window_ms = limits.repeat_window_ms
/** Just before the border of two windows. */
const start_ms = Math.ceil(1_790_000_000_000 / window_ms) * window_ms - 1

test('HT7 a key names one command of one user', () => {
  expect(keyedId(user, 'a')).toBe(keyedId(user, 'a'))
  expect(new Set([keyedId(user, 'a'), keyedId(user, 'b'), keyedId(other, 'a')]).size).toBe(3)
  expect(derivedId('a', 'bc')).not.toBe(derivedId('ab', 'c'))
  expect(keyedId(user, 'a')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('HT8 without a key, a repeat within ten seconds is the same command, across the border of two windows too', () => {
  const { repeats } = openTables()
  const at = (ms: number, body: object = { size: 'small' }, who = user) =>
    windowedId(who, '/crates', body, start_ms + ms, repeats)
  const first = at(0)
  expect(at(2)).toBe(first)
  expect(at(window_ms - 1)).toBe(first)
  expect(at(3, { size: 'large' })).not.toBe(first)
  expect(at(3, { size: 'small' }, other)).not.toBe(first)
  const later = at(window_ms + 1)
  expect(later).not.toBe(first)
  expect(at(2 * window_ms)).toBe(later)
})

test('HT8 where nothing is remembered, a repeat within one window is still the same command', () => {
  const at = (ms: number) => windowedId(user, '/crates', {}, start_ms + ms, openTables().repeats)
  expect(at(2)).toBe(at(window_ms))
})
