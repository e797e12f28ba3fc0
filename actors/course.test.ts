import { expect, test } from 'vitest'
import type { Waypoint } from '../protocols/trip.ts'
import { type Course, no_course, prolong } from './course.ts'
import { distanceM } from './geo.ts'
import { noon_ms, seeded } from './given.ts'

const place = (seq: number, over: Partial<Waypoint> = {}): Waypoint => ({
  boot: '44444444-4444-4444-8444-444444444444',
  seq,
  latitude: 3 + seq * 0.0004,
  longitude: 101.6 + Math.sin(seq / 4) * 0.002,
  speed_kmh: 40,
  heading_degrees: 0,
  at_ms: noon_ms + seq * 3_000,
  live: true,
  ...over,
})
const places = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => place(from + index))
const length = (way: readonly Waypoint[]) =>
  way.reduce((sum, each, index) => sum + (index === 0 ? 0 : distanceM(way[index - 1] ?? each, each)), 0)

/** The total of a trip whose places come in these batches. */
function totalOf(batches: readonly (readonly Waypoint[])[]): { total_m: number; course: Course } {
  let course = no_course
  let total_m = 0
  for (const batch of batches) {
    const step = prolong(course, batch)
    course = step.course
    total_m += step.added_m
  }
  return { total_m, course }
}

test('TR10 the distance is the sum of the ways between places, in the order of time', () => {
  const way = places(0, 50)
  expect(totalOf([way]).total_m).toBeCloseTo(length(way), 6)
  expect(totalOf(way.map((each) => [each])).total_m).toBeCloseTo(length(way), 6)
  expect(totalOf([[...way].reverse()]).total_m).toBeCloseTo(length(way), 6)
})

test('TR11 a backlog that fills a gap corrects the distance, in whatever batches it comes', () => {
  const way = places(0, 200)
  for (let seed = 1; seed <= 50; seed++) {
    const random = seeded(seed)
    const from = 20 + Math.floor(random() * 50)
    const to = from + 10 + Math.floor(random() * 80)
    const backlog = way.slice(from, to)
    const size = 1 + Math.floor(random() * 30)
    const batches: Waypoint[][] = []
    for (let index = 0; index < backlog.length; index += size)
      batches.push(backlog.slice(index, index + size))
    // Whole batches may overtake each other, and some come twice.
    const shuffled = batches
      .flatMap((batch) => (random() < 0.2 ? [batch, batch] : [batch]))
      .map((batch) => ({ batch, rank: size > 6 ? random() : 0 }))
      .sort((one, other) => one.rank - other.rank)
      .map(({ batch }) => batch)
    const live = [way.slice(0, from), way.slice(to)]
    const { total_m, course } = totalOf([...live, ...shuffled])
    expect(total_m / length(way), `seed ${seed}`).toBeCloseTo(1, 2)
    if (shuffled.length === batches.length && size <= 6) expect(total_m).toBeCloseTo(length(way), 3)
    expect(course.gaps.length).toBeLessThanOrEqual(32)
  }
})

test('TR12 a place that is too late for any gap adds nothing', () => {
  const way = places(0, 20)
  const { course } = totalOf([way])
  expect(prolong(course, [place(5, { at_ms: noon_ms + 16_000, latitude: 4 })])).toEqual({
    course,
    added_m: 0,
  })
})

test('TR13 rough places, and standing still, add no distance and open no gap', () => {
  const { course } = totalOf([[place(1)]])
  expect(prolong(course, [place(2, { accuracy_m: 51, latitude: 4 })])).toEqual({ course, added_m: 0 })
  let parked = course
  let total_m = 0
  for (let seq = 2; seq < 200; seq++) {
    const noise = ((seq % 3) - 1) * 0.00003
    const step = prolong(parked, [
      place(seq, { latitude: place(1).latitude + noise, longitude: place(1).longitude, speed_kmh: 0 }),
    ])
    parked = step.course
    total_m += step.added_m
  }
  expect(total_m).toBe(0)
  expect(parked.gaps).toEqual([])
})

test('TR14 the gaps of a trip are bounded', () => {
  const sparse = Array.from({ length: 200 }, (_, index) => place(index * 20))
  const { course, total_m } = totalOf([sparse])
  expect(course.gaps).toHaveLength(32)
  expect(total_m).toBeCloseTo(length(sparse), 6)
})
