import { describe, expect, test } from 'vitest'
import { Grid } from './grid.ts'
import { haversineKm } from './sphere.ts'

interface Stand {
  latitude: number
  longitude: number
  bits: number
}
type Area = readonly [south: number, north: number, west: number, east: number]

/** A small generator of chance from a seed (mulberry32). */
function chanceFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A point of an area; `west` may lie east of `east`, across the date line. */
function pointIn([south, north, west, east]: Area, chance: () => number) {
  const width = east >= west ? east - west : east + 360 - west
  const longitude = west + chance() * width
  return {
    latitude: south + chance() * (north - south),
    longitude: longitude > 180 ? longitude - 360 : longitude,
  }
}

/** The grid's plain twin: every distance, sorted. */
function nearest(stands: ReadonlyMap<string, Stand>, at: Stand, radius_km: number, limit: number) {
  return [...stands]
    .filter(([, { bits }]) => (bits & at.bits) === at.bits)
    .map(([id, stand]) => ({
      id,
      distance_km: haversineKm(at.latitude, at.longitude, stand.latitude, stand.longitude),
    }))
    .filter(({ distance_km }) => distance_km <= radius_km)
    .sort((a, b) => a.distance_km - b.distance_km)
    .slice(0, limit)
}

function peopled(area: Area, count: number, chance: () => number) {
  const grid = new Grid()
  const stands = new Map<string, Stand>()
  for (let index = 0; index < count; index++) {
    const stand = { ...pointIn(area, chance), bits: Math.floor(chance() * 8) }
    stands.set(`runner-${index}`, stand)
    grid.place(`runner-${index}`, stand.latitude, stand.longitude, stand.bits)
  }
  return { grid, stands }
}

const areas: Record<string, Area> = {
  'the corridor from Johor Bahru to Kuala Lumpur': [1.4, 3.9, 101.5, 103.3],
  'one city': [3.0, 3.27, 101.55, 101.82],
  'the equator at the date line': [-0.5, 0.5, 179.5, -179.5],
  'the far north': [69, 70, 18, 21],
  'the north pole': [88.5, 90, -180, 180],
  'a pentagon of H3': [10, 11.2, 58, 59.4],
  'the whole Earth': [-90, 90, -180, 180],
}

describe.each(Object.entries(areas))('around %s', (name, area) => {
  const seed = name.length * 7_919

  test('GR1 a search finds whom a look at everyone finds, in the same order', () => {
    const chance = chanceFrom(seed)
    const { grid, stands } = peopled(area, 5_000, chance)
    for (let search = 0; search < 120; search++) {
      const at = { ...pointIn(area, chance), bits: search % 4 }
      const radius_km = [0.3, 2, 5, 20, 100][search % 5] ?? 5
      const limit = [1, 10, 200][search % 3] ?? 10
      expect(grid.near(at.latitude, at.longitude, radius_km, limit, at.bits)).toEqual(
        nearest(stands, at, radius_km, limit),
      )
    }
  })

  test('GR2 who moves or leaves is found where he is now, or not at all', () => {
    const chance = chanceFrom(seed + 1)
    const { grid, stands } = peopled(area, 1_000, chance)
    const ids = [...stands.keys()]
    for (let step = 0; step < 25_000; step++) {
      stir(grid, stands, ids[Math.floor(chance() * ids.length)] ?? '', area, chance)
      if (step % 500 !== 0) continue
      const at = { ...pointIn(area, chance), bits: 0 }
      expect(grid.near(at.latitude, at.longitude, 100, 50, 0)).toEqual(nearest(stands, at, 100, 50))
    }
    expect(grid.size).toBe(stands.size)
    for (const [id, { latitude, longitude }] of stands)
      expect(grid.position(id)).toEqual({ latitude, longitude })
    for (const id of ids) grid.remove(id)
    expect(grid.size).toBe(0)
    expect(grid.near(area[0], area[2], 20_100, 10, 0)).toEqual([])
  })
})

/** Lets one of them leave, drift, come back or jump. */
function stir(grid: Grid, stands: Map<string, Stand>, id: string, area: Area, chance: () => number): void {
  const stand = stands.get(id)
  if (stand && chance() < 0.1) {
    grid.remove(id)
    stands.delete(id)
    return
  }
  const moved = stand && chance() < 0.9 ? drift(stand, chance) : { ...pointIn(area, chance), bits: 7 }
  grid.place(id, moved.latitude, moved.longitude, moved.bits)
  stands.set(id, moved)
}

/** Up to 300 m further. */
function drift({ latitude, longitude, bits }: Stand, chance: () => number): Stand {
  const further = latitude + (chance() - 0.5) * 0.005
  return {
    latitude: Math.max(-90, Math.min(90, further)),
    longitude: Math.max(-180, Math.min(180, longitude + (chance() - 0.5) * 0.005)),
    bits,
  }
}

test('GR3 an id has one position', () => {
  const grid = new Grid()
  grid.place('a', 1.5, 103.7, 1)
  grid.place('a', 3.1, 101.7, 2)
  expect(grid.size).toBe(1)
  expect(grid.position('a')).toEqual({ latitude: 3.1, longitude: 101.7 })
  expect(grid.near(1.5, 103.7, 100, 10, 0)).toEqual([])
  expect(grid.near(3.1, 101.7, 1, 10, 2)).toEqual([{ id: 'a', distance_km: 0 }])
  grid.remove('a')
  grid.remove('a')
  expect(grid.position('a')).toBeUndefined()
})

test('GR4 the radius itself is within the radius, and the next number below it is not', () => {
  const chance = chanceFrom(4)
  for (let round = 0; round < 500; round++) {
    const grid = new Grid()
    const here = pointIn([-89, 89, -180, 180], chance)
    const there = drift({ ...here, bits: 0 }, chance)
    grid.place('a', there.latitude, there.longitude, 0)
    const radius_km = haversineKm(here.latitude, here.longitude, there.latitude, there.longitude)
    expect(grid.near(here.latitude, here.longitude, radius_km, 1, 0)).toHaveLength(1)
    expect(grid.near(here.latitude, here.longitude, radius_km * (1 - 2 ** -52), 1, 0)).toHaveLength(0)
  }
})

test('GR5 only those are found who offer every bit that is asked for', () => {
  const grid = new Grid()
  grid.place('both', 3.1, 101.7, 0b11)
  grid.place('one', 3.1, 101.7001, 0b01)
  grid.place('top', 3.1, 101.7002, 1 << 31)
  const found = (bits: number) => grid.near(3.1, 101.7, 1, 10, bits).map(({ id }) => id)
  expect(found(0)).toEqual(['both', 'one', 'top'])
  expect(found(0b01)).toEqual(['both', 'one'])
  expect(found(0b11)).toEqual(['both'])
  expect(found(1 << 31)).toEqual(['top'])
  grid.place('one', 3.1, 101.7001, 0b10)
  expect(found(0b01)).toEqual(['both'])
})

test('GR6 the fine sieve is asked nearest first, and no further than needed', () => {
  const grid = new Grid()
  for (let index = 0; index < 100; index++) grid.place(`r${index}`, 3.1 + index * 0.0001, 101.7, 0)
  const asked: string[] = []
  const found = grid.near(3.1, 101.7, 5, 3, 0, (id) => {
    asked.push(id)
    return Number(id.slice(1)) % 2 === 1
  })
  expect(found.map(({ id }) => id)).toEqual(['r1', 'r3', 'r5'])
  expect(asked).toEqual(['r0', 'r1', 'r2', 'r3', 'r4', 'r5'])
  expect(grid.near(3.1, 101.7, 5, 0, 0)).toEqual([])
})

test('GR7 any number may stand in one spot', () => {
  const grid = new Grid()
  for (let index = 0; index < 1_000; index++) grid.place(`r${index}`, 2.745, 101.71, 0)
  expect(new Set(grid.near(2.745, 101.71, 0, 2_000, 0).map(({ id }) => id)).size).toBe(1_000)
  for (let index = 0; index < 1_000; index += 2) grid.remove(`r${index}`)
  const left = grid.near(2.745, 101.71, 0, 2_000, 0).map(({ id }) => Number(id.slice(1)) % 2)
  expect(left).toEqual(new Array(500).fill(1))
})

test('GR8 a place that is not on the Earth is refused, and nothing changes', () => {
  const grid = new Grid()
  grid.place('a', 90, 180, 0)
  for (const [latitude, longitude] of [
    [Number.NaN, 0],
    [0, Number.NaN],
    [90.1, 0],
    [0, Number.POSITIVE_INFINITY],
  ] as const)
    expect(() => grid.place('a', latitude, longitude, 0)).toThrow(RangeError)
  expect(grid.position('a')).toEqual({ latitude: 90, longitude: 180 })
})
