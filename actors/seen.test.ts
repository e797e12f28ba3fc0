import { expect, test } from 'vitest'
import { seeded } from './given.ts'
import { hasSeen, nothing_seen, withSeq } from './seen.ts'

test('PF13 what was seen agrees with a set, in whatever order the numbers come', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = seeded(seed)
    const truth = new Set<number>()
    let seen = nothing_seen
    let base = 0
    for (let round = 0; round < 400; round++) {
      base += random() < 0.8 ? 1 : 0
      const seq = random() < 0.7 ? base : Math.max(0, base - Math.floor(random() * 20))
      seen = withSeq(seen, seq)
      truth.add(seq)
    }
    for (let seq = seen.floor; seq <= base + 2; seq++)
      expect(hasSeen(seen, seq), `${seed}: ${seq}`).toBe(truth.has(seq))
  }
})

test('PF14 what was seen is bounded: the oldest range is forgotten first', () => {
  let seen = nothing_seen
  for (let seq = 0; seq < 1_000; seq += 2) seen = withSeq(seen, seq)
  expect(seen.lower).toHaveLength(62)
  expect(seen.floor).toBe(935)
  expect(hasSeen(seen, 998)).toBe(true)
  expect(hasSeen(seen, 997)).toBe(false)
})
