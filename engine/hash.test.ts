import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { canonical, hash32, runningHash, stateHash } from './hash.ts'

const sha = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest('hex')

test('CD12 the running hash takes in every record since the first', () => {
  const [first, second] = [Uint8Array.from([1, 2]), Uint8Array.from([3])]
  const one = runningHash('', first)
  expect(one).toBe(sha(first))
  expect(runningHash(one, second)).toBe(sha(Buffer.from(one, 'hex'), second))
  expect(runningHash(one, first)).not.toBe(runningHash('', first))
})

test('CD13 equal values have one canonical form, and different ones do not share it', () => {
  expect(canonical({ b: 1, a: [{ d: null, c: 'x' }] })).toBe('{"a":[{"c":"x","d":null}],"b":1}')
  expect(stateHash({ b: 1, a: 2 })).toBe(stateHash({ a: 2, b: 1 }))
  expect(stateHash({ a: -0 })).toBe(stateHash({ a: 0 }))
  expect(stateHash({ a: 1, b: undefined })).toBe(stateHash({ a: 1 }))
  const different = [
    {},
    [],
    '',
    null,
    0,
    '0',
    Number.NaN,
    'NaN',
    Infinity,
    -Infinity,
    [1, 2],
    [2, 1],
    [[1], 2],
    { a: [] },
    { a: {} },
  ]
  expect(new Set(different.map(canonical)).size).toBe(different.length)
  expect(stateHash({})).toMatch(/^[0-9a-f]{64}$/)
})

test('CD13 a body has the same 32 bits whatever the order of its fields', () => {
  expect(hash32({ a: 1, b: { c: 2, d: 3 } })).toBe(hash32({ b: { d: 3, c: 2 }, a: 1 }))
  expect(hash32({ a: 1 })).not.toBe(hash32({ a: 2 }))
  expect(Number.isSafeInteger(hash32({})) && hash32({}) >= 0).toBe(true)
})
