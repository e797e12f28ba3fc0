import { expect, test } from 'vitest'
import { fnv1a32, shardOf } from './shard.ts'

test('EN1 the hash that places an actor never changes', () => {
  expect(fnv1a32('')).toBe(0x811c9dc5)
  expect(fnv1a32('a')).toBe(0xe40c292c)
  expect(fnv1a32('foobar')).toBe(0xbf9cf968)
})

test('EN1 the case of an id does not move it, and every shard gets its share', () => {
  const id = '0B6E6F5A-7C1D-4F8A-9B7E-2D1A5C3E4F60'
  expect(shardOf(id, 8)).toBe(shardOf(id.toLowerCase(), 8))
  const counts = new Array<number>(8).fill(0)
  for (let index = 0; index < 8_000; index++) {
    const shard = shardOf(`00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`, 8)
    counts[shard] = (counts[shard] ?? 0) + 1
  }
  expect(Math.min(...counts)).toBeGreaterThan(800)
})
