import { expect, test } from 'vitest'
import { measuresOf } from './measures.ts'
import { type Line, Recording } from './recording.ts'
import { rideOf, tellRide } from './rides.ts'

const span = { from_ms: 1_000, to_ms: 100_000, until_ms: 200_000 }
const bounds = { bookings_max: 2, positions_max: 3, thin_ms: 1_000 }
const place = { latitude: 3, longitude: 101 }
const address = { line1: 'x', line2: '', city: 'x', state: 'x', postal_code: '', country: 'MY', ...place }

function asked(id: string, at_ms: number): Line {
  const by = { id: 'owner', role: 'owner' } as const
  const data = {
    requirement: {},
    estimated_price_cents: 500,
    pickup_address: address,
    dropoff_address: address,
    route_spec: { distance_km: 1 },
    scheduled_at: null,
  }
  const type = 'booking.requested'
  return {
    at_ms,
    serial: 1,
    command: {
      id: `c${id}`,
      to: { actor: 'booking', id },
      type: 'booking.request',
      body: {},
      body_hash: 0,
      by,
      policy: 1,
      at_ms,
      first: 0,
      count: 1,
    },
    events: [{ kind: 'booking', id, seq: 1, type, version: 1, by, cause: `c${id}`, at_ms, data }],
  }
}

test('WI11 more bookings or positions than it holds are refused with the bound, and nothing is left out in silence', () => {
  const recording = new Recording([], span, bounds)
  for (const [index, at_ms] of [999, 1_000, 99_999, 100_000].entries())
    recording.hear(asked(`b${index}`, at_ms))
  expect(() => recording.hear(asked('b4', 50_000))).toThrow('more than 2 bookings in that time')
  expect([...recording.end().demand.keys()]).toEqual(['b1', 'b2'])
  for (const at_ms of [1_000, 1_500, 2_000, 2_999, 3_000]) recording.move('r', place, at_ms)
  expect(() => recording.move('s', place, 3_001)).toThrow('more than 3 positions in that time')
  expect(recording.end().positions.at_ms).toEqual([1_000, 2_000, 3_000])
})

test('WI11 a log that ends while a booking is on its way ends the time, and one that does not leaves it whole', () => {
  const recording = new Recording([], span, bounds)
  recording.hear(asked('b', 5_000))
  recording.move('r', place, 7_000)
  expect(recording.end().span.until_ms).toBe(7_000)
  expect(new Recording([], span, bounds).end().span.until_ms).toBe(200_000)
})

test('WI12 a booking that was given up and that nobody took again is unserved', () => {
  const ride = rideOf('a', 1_000)
  const declined = { type: 'booking.declined', runner_id: 'one' } as const
  tellRide(ride, { type: 'booking.accepted', runner_id: 'one' } as never, 2_000)
  expect(measuresOf([ride], { runners: [], span }).all).toMatchObject({ assigned: 1, unserved: 0 })
  tellRide(ride, declined as never, 3_000)
  expect(ride).toMatchObject({ runner_id: '', accepted_ms: 0 })
  expect(measuresOf([ride], { runners: [], span }).all).toMatchObject({ assigned: 0, unserved: 1 })
})
