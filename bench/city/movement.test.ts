import { expect, test } from 'vitest'
import { drive, hasArrived, observe, placeOf, vehicleOn } from './movement.ts'
import { Random } from './random.ts'
import { expressway, metresBetween, streets, towns } from './roads.ts'

const [town, next] = towns
if (!town || !next) throw new Error('there are towns')

test('CT3 a vehicle arrives, never faster than its road allows nor faster than a car gathers speed', () => {
  const random = new Random(5)
  const vehicle = vehicleOn(streets(random, town, { east: -3, north: 0 }, { east: 3, north: 2 }), 0)
  let before = 0
  for (let now_ms = 500; !hasArrived(vehicle); now_ms += 500) {
    drive(vehicle, random, now_ms)
    expect(vehicle.speed_mps).toBeLessThanOrEqual((vehicle.road.speed_kmh / 3.6) * 1.1 + 1e-9)
    expect(vehicle.speed_mps - before).toBeLessThanOrEqual(1 + 1e-9)
    before = vehicle.speed_mps
    expect(now_ms).toBeLessThan(300_000)
  }
})

test('CT3 a vehicle on the expressway reaches expressway speed', () => {
  const random = new Random(6)
  const vehicle = vehicleOn(expressway(town, next), 0)
  for (let now_ms = 0; now_ms <= 60_000; now_ms += 1_000) drive(vehicle, random, now_ms)
  expect(vehicle.along_m).toBeGreaterThan(1_000)
  expect(vehicle.along_m).toBeLessThan(2_000)
})

test('CT4 most fixes are as good as they claim; a few are poor and say so; a very few are far off and do not', () => {
  const random = new Random(9)
  const place = placeOf(vehicleOn(expressway(town, next), 0))
  let [good, poor, wild] = [0, 0, 0]
  for (let seq = 0; seq < 20_000; seq++) {
    const fix = observe(place, 10, random, 1_000)
    const off_m = metresBetween(place, fix)
    if ((fix.accuracy_m ?? 0) > 50) poor += 1
    else if (off_m > 1_500) wild += 1
    else {
      good += 1
      expect(off_m).toBeLessThanOrEqual((fix.accuracy_m ?? 0) + 0.2)
    }
  }
  expect(good).toBeGreaterThan(18_500)
  expect(poor).toBeGreaterThan(400)
  expect(wild).toBeGreaterThan(15)
  expect(wild).toBeLessThan(120)
})
