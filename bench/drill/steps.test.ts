import { expect, test } from 'vitest'
import type { EventRecord } from '../../protocols/frame.ts'
import { Calendar } from './steps.ts'

const start_ms = 1_790_000_000_000
const event = (at_ms: number): EventRecord => ({
  kind: 'booking',
  id: '11111111-1111-4111-8111-111111111111',
  seq: 1,
  type: 'booking.accepted',
  version: 1,
  by: { id: 'x', role: 'runner' },
  cause: 'c',
  at_ms,
  data: {},
})

test('DF5 a fact that is dated before one of its shard, or ahead of the time that has passed, is told', () => {
  let now_ms = start_ms
  const calendar = new Calendar(8, () => now_ms)
  for (const at_ms of [start_ms, start_ms + 10, start_ms + 10]) calendar.take(event(at_ms))
  now_ms += 60_000
  calendar.take(event(now_ms + 5_000))
  expect(calendar.wrong).toEqual([])
  calendar.take(event(now_ms))
  calendar.take(event(now_ms + 3_600_000))
  expect(calendar.wrong.map((line) => line.replace(/.* is dated/, ''))).toEqual([
    ' 5000 ms back',
    ' 3600000 ms ahead',
  ])
})
