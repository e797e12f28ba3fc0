import { expect, test } from 'vitest'
import { Flying } from './flying.ts'
import { Ledger } from './ledger.ts'
import { World } from './world.ts'

const world = new World({ seed: 1, runners: 4, owners: 2, is_clean: true }, new Ledger())
const begun = (id: string) => world.begin(id, 'owner', world.plan(world.random))

test('CT6 a fix that is acked while its runner is on the trip is one of its places, once', () => {
  const [flying, trip] = [new Flying(), begun('a')]
  flying.sent(1, trip)
  flying.sent(2, undefined)
  expect([1, 2, 1].map((seq) => flying.acked(seq))).toEqual([trip, undefined, undefined])
  flying.sent(3, trip)
  flying.clear()
  expect(flying.acked(3)).toBeUndefined()
})

test('CT6 from a decline on, not only from its answer, no fix is surely of the trip, until he takes it again', () => {
  const [flying, trip] = [new Flying(), begun('b')]
  flying.sent(1, trip)
  flying.leave(trip)
  flying.sent(2, trip)
  expect([1, 2].map((seq) => flying.acked(seq))).toEqual([undefined, undefined])
  flying.take(trip)
  flying.sent(3, trip)
  expect(flying.acked(3)).toBe(trip)
})

test('CT6 a fix that is acked after the trip was ended is not surely one of its places', () => {
  const [flying, trip] = [new Flying(), begun('c')]
  flying.sent(1, trip)
  trip.ended_ms = 5
  expect(flying.acked(1)).toBeUndefined()
})
