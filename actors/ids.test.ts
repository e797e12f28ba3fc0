import { Check } from 'typebox/value'
import { expect, test } from 'vitest'
import { Id } from '../protocols/ids.ts'
import { idFrom } from './ids.ts'

test('NB5 an id follows from the command that makes the thing, and from what it is for', () => {
  expect(idFrom('c1', 'crate')).toBe(idFrom('c1', 'crate'))
  expect(idFrom('c1', 'crate')).not.toBe(idFrom('c1', 'profile'))
  expect(idFrom('', 'crate')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(idFrom('c1', 'crate')).toBe('404a8dec-307b-40f9-a25a-be72c5b11f0c')
})

test('NB6 ids of neighbouring commands do not collide, in any quarter', () => {
  const [whole, first, last] = [new Set<string>(), new Set<string>(), new Set<string>()]
  for (let index = 0; index < 100_000; index++) {
    const id = idFrom(`3:${index}:0`, 'crate')
    whole.add(id)
    first.add(id.slice(0, 8))
    last.add(id.slice(-8))
  }
  for (const id of [...whole].slice(0, 100)) expect(Check(Id, id)).toBe(true)
  expect(whole.size).toBe(100_000)
  // Of 100,000 random 32-bit numbers about one pair meets.
  expect(first.size).toBeGreaterThan(99_980)
  expect(last.size).toBeGreaterThan(99_980)
})
