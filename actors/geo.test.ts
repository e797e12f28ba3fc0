import { expect, test } from 'vitest'
import { encodePolyline } from '../protocols/polyline.ts'
import { routeOf } from './geo.ts'

test('PR4 a route is the straight line that is priced, at 45 km/h in whole minutes', () => {
  const route = routeOf({ latitude: 3.139, longitude: 101.6869 }, { latitude: 3.15, longitude: 101.71 })
  expect(route).toEqual({
    pickup_lat: 3.139,
    pickup_lng: 101.6869,
    dropoff_lat: 3.15,
    dropoff_lng: 101.71,
    distance_km: expect.closeTo(2.8414696098, 9),
    estimated_duration_min: 4,
    polyline: encodePolyline([
      { latitude: 3.139, longitude: 101.6869 },
      { latitude: 3.15, longitude: 101.71 },
    ]),
  })
})
