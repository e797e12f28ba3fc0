import { expect, test } from 'vitest'
import { recordset, uuidOf } from './records.ts'

test('PJ14 a row that is made from a fact has the same id for ever', () => {
  // By version 5 of RFC 9562, but for the namespace: the kind, NUL and the name are what is hashed.
  expect(['1', '2', '3', '4', '5', '6', '7', '8'].map((name) => uuidOf('waypoint', name))).toEqual([
    'a7ed906b-2b4a-5b00-b8f2-1ec6d478f7a3',
    '9bc024a1-21d5-5c19-9cc0-d42ac2e156ad',
    '4c576563-4dcc-5e2b-aed1-fee241611221',
    'b381cc5c-6aea-5819-bf10-290eaa2a4d89',
    'b52950b4-869c-5b4b-922c-df6c2b4f6a08',
    'fcb0284e-ce46-538d-b338-5c2490c87aab',
    '7e78b7d8-5b34-500c-a134-d2c19811edef',
    '04d511f3-4fa2-5f4e-abfa-06ad56e122c6',
  ])
})

test('PJ15 a letter that PostgreSQL cannot store is replaced wherever it stands, and no other is', () => {
  const odd = { a: 'x\0y', b: ['\uD800', 'é 🐈'], c: 'a\\u0000', d: '\u0001', e: 1 }
  expect(JSON.parse(recordset([odd, { a: 'plain' }]))).toEqual([
    { a: 'x\uFFFDy', b: ['\uFFFD', 'é 🐈'], c: 'a\\u0000', d: '\u0001', e: 1 },
    { a: 'plain' },
  ])
})
