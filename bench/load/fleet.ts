import { randomUUID } from 'node:crypto'
import type { Mint } from '../tokens.ts'
import { type HttpLine, overLines, requestOf } from './http_line.ts'

export interface Person {
  readonly id: string
  readonly token: string
}

export interface RunnerPerson extends Person {
  readonly latitude: number
  readonly longitude: number
}

const lines = 64

/** People of one role who are known by their tokens alone. */
export async function people(mint: Mint, role: 'owner' | 'runner', count: number): Promise<Person[]> {
  const found: Person[] = []
  for (let index = 0; index < count; index++) {
    const id = randomUUID()
    found.push({ id, token: await mint.token(id, role) })
  }
  return found
}

/** Along the corridor from Johor Bahru to Kuala Lumpur, a few hundred metres apart. */
export const standing = (runners: readonly Person[]): RunnerPerson[] =>
  runners.map((runner, index) => {
    const share = index / Math.max(1, runners.length)
    const east = (index % 40) * 0.004
    return { ...runner, latitude: 1.5 + share * 1.6, longitude: 103.7 - share * 2 + east }
  })

/** Sends a request that must succeed, and gives its `data`. */
export async function must(line: HttpLine, request: Buffer): Promise<Record<string, unknown>> {
  const { status, body } = await line.send(request)
  if (status !== 200 && status !== 201) throw new Error(`${status}: ${body.slice(0, 300)}`)
  return (JSON.parse(body) as { data: Record<string, unknown> }).data
}

/** Registers runners with a crate and brings them online. */
export async function enlist(port: number, runners: readonly RunnerPerson[]): Promise<void> {
  const profile = {
    full_name: 'Bench Runner',
    phone: '+60123456789',
    vehicle_type: 'car',
    vehicle_plate: 'JQR 1234',
    vehicle_model: 'Myvi',
    vehicle_year: 2022,
    air_conditioned: true,
  }
  const crate = {
    size: 'large',
    pet_types: ['cat', 'dog'],
    max_weight_kg: 40,
    ventilated: true,
    temperature_controlled: true,
  }
  await overLines(port, lines, runners, async (line, { token, latitude, longitude }) => {
    await must(line, requestOf('POST', '/api/v1/runners', token, profile))
    await must(line, requestOf('POST', '/api/v1/runners/me/crates', token, crate))
    await must(line, requestOf('POST', '/api/v1/runners/me/online', token, { latitude, longitude }))
  })
}

let booked = 0

/** The request of a booking whose pickup is at a place. Each is another one: the same body twice would be a repeat. */
export function bookingAt(token: string, latitude: number, longitude: number): Buffer {
  const address = {
    line1: 'Jalan Wong Ah Fook 1',
    line2: '',
    city: 'Johor Bahru',
    state: 'Johor',
    postal_code: '80000',
    country: 'Malaysia',
  }
  return requestOf('POST', '/api/v1/bookings', token, {
    pet_spec: { pet_type: 'cat', name: 'Miu', weight_kg: 4, age_months: 20, vaccinations: [] },
    pickup_address: { ...address, latitude, longitude },
    dropoff_address: { ...address, latitude: latitude + 0.05, longitude },
    notes: `Booking ${++booked} of this load.`,
  })
}

export interface LoadTrip {
  readonly booking_id: string
  readonly owner: Person
}

/** Lets each owner book a trip that the runner beside him accepts. */
export async function tripsOf(
  port: number,
  owners: readonly Person[],
  runners: readonly RunnerPerson[],
): Promise<LoadTrip[]> {
  const trips: LoadTrip[] = []
  const pairs = owners.map((owner, index) => ({ owner, runner: runners[index] }))
  await overLines(port, lines, pairs, async (line, { owner, runner }) => {
    if (!runner) throw new Error('there are more owners than runners')
    const { id } = await must(line, bookingAt(owner.token, runner.latitude, runner.longitude))
    await must(line, requestOf('POST', `/api/v1/bookings/${id}/accept`, runner.token))
    trips.push({ booking_id: String(id), owner })
  })
  return trips
}
