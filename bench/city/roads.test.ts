import { expect, test } from 'vitest'
import { Random } from './random.ts'
import {
  anyCrossing,
  crossingAt,
  crossingNear,
  crossingPlace,
  expressway,
  isCovered,
  metresBetween,
  placeAt,
  streets,
  town_blocks,
  towns,
} from './roads.ts'

const [south, north] = [towns[0], towns[towns.length - 1]]
if (!south || !north) throw new Error('the corridor has two ends')

test('CT1 the same seed makes the same decisions, another one others', () => {
  const draw = (seed: number) => {
    const random = new Random(seed)
    return [random.next(), random.whole(1, 1_000), random.uuid(), random.normal(), random.fork().next()]
  }
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
})

test('CT1 draws are even, and ids are version 4 UUIDs', () => {
  const random = new Random(3)
  let sum = 0
  for (let index = 0; index < 10_000; index++) sum += random.next()
  expect(sum / 10_000).toBeCloseTo(0.5, 1)
  for (let index = 0; index < 50; index++)
    expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('CT2 the expressway leads from Johor Bahru to Kuala Lumpur, through every town, without a jump', () => {
  const road = expressway(south, north)
  expect(road.length_m).toBeGreaterThan(290_000)
  expect(road.length_m).toBeLessThan(380_000)
  for (const town of towns)
    expect(Math.min(...road.points.map((point) => metresBetween(point, town)))).toBeLessThan(1)
  for (const [index, along] of road.along_m.entries())
    expect(along - (road.along_m[index - 1] ?? 0)).toBeLessThan(1_200)
})

test('CT2 it is the same road back', () => {
  expect(expressway(north, south).length_m).toBeCloseTo(expressway(south, north).length_m, -2)
})

test('CT2 a place on a road is as far along as was asked, and beyond its end is its end', () => {
  const road = streets(new Random(1), south, { east: 0, north: 0 }, { east: 3, north: -2 })
  expect(road.length_m).toBeCloseTo(5 * 110, -1)
  expect(metresBetween(placeAt(road, 0), placeAt(road, 60))).toBeCloseTo(60, 0)
  expect(placeAt(road, road.length_m + 500)).toMatchObject(crossingPlace(south, { east: 3, north: -2 }))
})

test('CT2 streets stay inside their town, and a near crossing is as many blocks away as was asked', () => {
  const random = new Random(11)
  for (let index = 0; index < 500; index++) {
    const from = anyCrossing(random)
    const to = crossingNear(random, from, 4)
    expect(Math.abs(to.east - from.east) + Math.abs(to.north - from.north)).toBe(4)
    expect(Math.max(Math.abs(to.east), Math.abs(to.north))).toBeLessThanOrEqual(town_blocks)
  }
})

test('CT2 a place is near the crossing that it is nearest to', () => {
  const random = new Random(2)
  for (let index = 0; index < 200; index++) {
    const crossing = anyCrossing(random)
    expect(crossingAt(south, crossingPlace(south, crossing))).toEqual(crossing)
  }
})

test('CT2 plantations and tunnels have no coverage', () => {
  const road = expressway(south, north)
  const [gap] = road.gaps
  if (!gap) throw new Error('the expressway has gaps')
  expect(isCovered(road, gap[0] - 1)).toBe(true)
  expect(isCovered(road, gap[0] + 1)).toBe(false)
  expect(isCovered(road, gap[1] + 1)).toBe(true)
})
