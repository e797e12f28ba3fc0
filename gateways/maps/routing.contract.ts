/** What every way to ask for a route promises. */
import { Check } from 'typebox/value'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { haversineKm } from '../../engine/sphere.ts'
import { Itinerary } from '../../protocols/booking.ts'
import type { Point } from '../../protocols/ids.ts'
import { decodePolyline } from '../../protocols/polyline.ts'
import type { Routing } from '../../protocols/routing.ts'

export const johor: Point = { latitude: 1.4927, longitude: 103.7414 }
export const kuala_lumpur: Point = { latitude: 3.139, longitude: 101.6869 }

const apart_km = (from: Point | undefined, to: Point) =>
  from ? haversineKm(from.latitude, from.longitude, to.latitude, to.longitude) : Number.NaN

export interface OpenedRouting {
  readonly routing: Routing
  close(): Promise<void>
}

export function routingContract(name: Itinerary['source'], open: () => Promise<OpenedRouting>): void {
  describe(`routing: ${name}`, () => {
    let opened: OpenedRouting
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened.close())

    test('RT2 a route has our shape, is no shorter than the straight line, and says whose it is', async () => {
      const route = await opened.routing.route(johor, kuala_lumpur)
      expect(Check(Itinerary, route), JSON.stringify(route)).toBe(true)
      expect(route).toMatchObject({ source: name, fallback: false })
      expect(route.distance_km).toBeGreaterThanOrEqual(apart_km(johor, kuala_lumpur))
      expect(route.duration_min).toBeGreaterThan(0)
    })

    test('RT3 its line begins at the pickup and ends at the dropoff', async () => {
      for (const [from, to] of [
        [johor, kuala_lumpur],
        [kuala_lumpur, johor],
      ] as const) {
        const points = decodePolyline((await opened.routing.route(from, to)).polyline) ?? []
        expect(apart_km(points[0], from)).toBeLessThan(0.1)
        expect(apart_km(points.at(-1), to)).toBeLessThan(0.1)
      }
    })

    test('RT3 from a place to itself it is no way at all', async () => {
      const route = await opened.routing.route(johor, johor)
      expect(route).toMatchObject({ distance_km: 0, duration_min: 0 })
    })
  })
}
