import { ringgit } from './narrator.ts'
import { type Booking, orderOf, Person } from './people.ts'
import type { Stage } from './stage.ts'

/** What people pay: the way, from, to, the animal, its weight, and the fare in sen. */
// biome-ignore format: a table reads better as one
const fares: readonly (readonly [string, number, number, number, number, string, number, number])[] = [
  ['Johor Bahru to Kuala Lumpur',   1.4927, 103.7414, 3.139,  101.6869, 'cat',     4,   73_948],
  ['Johor Bahru to Skudai',         1.4927, 103.7414, 1.5343, 103.6594, 'cat',     4,   3_355],
  ['Johor Bahru to Kulai',          1.4927, 103.7414, 1.6561, 103.6032, 'dog',     12,  7_448],
  ['Kuala Lumpur, centre to Ampang',3.139,  101.6869, 3.15,   101.71,   'dog',     12,  2_210],
  ['Kuala Lumpur, Setiawangsa to Subang', 3.1626, 101.7185, 3.117, 101.619, 'reptile', 31, 6_338],
  ['Kuala Lumpur, next door',       3.139,  101.6869, 3.139,  101.6869, 'bird',    0.1, 700],
  ['Kuala Lumpur, centre to Pantai',3.139,  101.6869, 3.1209, 101.627,  'rabbit',  5,   2_537],
  ['Kuala Lumpur, centre to Setapak', 3.139, 101.6869, 3.16,  101.72,   'other',   30,  3_088],
]

/** Asks the engine for a quote of each way, by booking it and cancelling again. */
export async function playFares(stage: Stage): Promise<void> {
  const { told } = stage
  told.step('An owner asks for quotes')
  const owner = await Person.arrive(stage, 'Farah', 'owner')
  for (const [way, from_lat, from_lng, to_lat, to_lng, pet_type, weight_kg, cents] of fares) {
    const order = orderOf(stage)
    const { data: booking } = await owner.http.post<Booking>('/api/v1/bookings', {
      ...order,
      pet_spec: { ...order.pet_spec, pet_type, weight_kg },
      pickup_address: { ...order.pickup_address, latitude: from_lat, longitude: from_lng },
      dropoff_address: { ...order.dropoff_address, latitude: to_lat, longitude: to_lng },
    })
    const { distance_km, parts } = booking.quote
    const sum = Object.entries(parts)
      .filter(([, part]) => part > 0)
      .map(([name, part]) => `${name} ${(part / 100).toFixed(2)}`)
    const price = ringgit(booking.estimated_price_cents).padStart(10)
    const animal = `${pet_type} ${weight_kg} kg`
    told.say(
      'note',
      `${way.padEnd(36)}${animal.padEnd(14)}${distance_km.toFixed(3).padStart(8)} km  ${price} = ${sum.join(' + ')}`,
    )
    told.expect(`the fare of ${way}`, booking.estimated_price_cents, cents)
    await owner.http.post(`/api/v1/bookings/${booking.id}/cancel`, { reason: 'only asked for the fare' })
  }
}
