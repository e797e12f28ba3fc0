import { expect, test } from 'vitest'
import { lieIn } from './takeover.ts'

test('DF3 a former owner that answers from memory, or refuses for good, is told', () => {
  expect(lieIn({ status: 0, body: {} })).toEqual([])
  expect(lieIn({ status: 503, body: { code: 'moved', retry_after_ms: 1_000 } })).toEqual([])
  expect(lieIn({ status: 200, body: { status: 'requested' } })).toHaveLength(1)
  expect(lieIn({ status: 503, body: { code: 'moved' } })).toHaveLength(1)
  expect(lieIn({ status: 409, body: { code: 'booking.wrong_status' } })).toHaveLength(1)
})
