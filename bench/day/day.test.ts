import { expect, test } from 'vitest'
import { replayTwice } from './replay.ts'
import { Town } from './town.ts'

const hours = { runners: 12, bookings: 900, hours: 0.75, from_hour: 11 }

test('OP6 traffic of the city replayed twice gives the same hash for every actor, and that of the living one', async () => {
  const town = new Town({ seed: 7, ...hours })
  await town.live()
  const found = await replayTwice(town)
  expect(found).toMatchObject({ differing: 0, not_living: 0, broken: 0 })
  expect(found.actors).toBeGreaterThan(20)
  expect(found.events).toBeGreaterThan(300)
})

test('OP6 the same seed is the same traffic, and another one is not', async () => {
  const hashes = []
  for (const seed of [1, 1, 2]) {
    const town = new Town({ seed, ...hours, hours: 0.25 })
    await town.live()
    hashes.push((await replayTwice(town)).hash)
  }
  expect(hashes[0]).toBe(hashes[1])
  expect(hashes[0]).not.toBe(hashes[2])
})
