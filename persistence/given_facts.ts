// Facts for the tests of the projections: a shard that writes frames, and what a booking, a runner and a trip may go through.
import type { DurableFrame } from '../engine/ports.ts'
import type { Principal } from '../protocols/actor.ts'
import type { EventRecord } from '../protocols/frame.ts'

export const idOf = (number: number) => `10000000-0000-4000-8000-${String(number).padStart(12, '0')}`
export const owner: Principal = { id: idOf(1), role: 'owner' }
export const runner: Principal = { id: idOf(2), role: 'runner' }
export const rival: Principal = { id: idOf(3), role: 'runner' }
/** 2026-01-15T10:00:00.250Z. */
export const start_ms = Date.UTC(2026, 0, 15, 10, 0, 0, 250)

interface Said {
  readonly kind: 'booking' | 'runner' | 'trip' | 'counter'
  readonly id: string
  readonly by?: Principal
  /** Seconds after the start. */
  readonly s?: number
  readonly event: Readonly<Record<string, unknown>> & { readonly type: string }
}

/** Frames of one shard, numbered as a shard numbers them. */
export class GivenShard {
  readonly shard: number
  #n = 0
  readonly #seqs = new Map<string, number>()

  constructor(shard: number) {
    this.shard = shard
  }

  /** The next frame, with these events. */
  frame(...said: readonly Said[]): DurableFrame {
    this.#n += 1
    const events = said.map((each) => this.#record(each))
    const at_ms = events.at(-1)?.at_ms ?? start_ms
    return { seq: this.#n * 3, frame: { shard: this.shard, n: this.#n, at_ms, events, commands: [] } }
  }

  #record({ kind, id, by = owner, s = 0, event: { type, ...data } }: Said): EventRecord {
    const seq = (this.#seqs.get(`${kind} ${id}`) ?? 0) + 1
    this.#seqs.set(`${kind} ${id}`, seq)
    return { kind, id, seq, type, version: 1, by, cause: 'c', at_ms: start_ms + s * 1_000, data }
  }
}

const address = {
  line1: '1 Jalan Wong Ah Fook',
  line2: '',
  city: 'Johor Bahru',
  state: 'Johor',
  postal_code: '80000',
  country: 'MY',
  latitude: 1.4927,
  longitude: 103.7414,
}
export const pet_spec = {
  pet_type: 'cat',
  breed: '',
  name: 'Oyen',
  weight_kg: 4.2,
  age_months: 0,
  vaccinations: [
    {
      vaccine_name: 'F3',
      date_given: '2025-01-01T00:00:00Z',
      expires_at: null,
      vet_name: '',
      verified: false,
    },
  ],
  special_needs: '',
  photo_url: '',
}
export const crate_requirement = {
  minimum_size: 'small',
  needs_ventilation: true,
  needs_temp_control: false,
  minimum_weight_capacity: 5,
}
export const request = {
  pet_spec,
  pickup_address: address,
  dropoff_address: { ...address, city: 'Kuala Lumpur', latitude: 3.139, longitude: 101.6869 },
  route_spec: {
    pickup_lat: 1.4927,
    pickup_lng: 103.7414,
    dropoff_lat: 3.139,
    dropoff_lng: 101.6869,
    distance_km: 293.4,
    estimated_duration_min: 293,
    polyline: '_p~iF',
  },
  estimated_price_cents: 73_948,
  currency: 'MYR',
  scheduled_at: '2026-01-16T01:00:00Z',
  notes: 'He bites.',
}
const numberOf = (id: string) => `BK-${id.slice(-6)}`
const held = (id: string, runner_id = runner.id) => ({
  booking_number: numberOf(id),
  owner_id: owner.id,
  runner_id,
})

/** What may happen to the booking `id`. */
export const bookingFacts = {
  requested: (id: string, s = 0, more: object = {}): Said => ({
    kind: 'booking',
    id,
    s,
    event: {
      type: 'booking.requested',
      ...request,
      booking_number: numberOf(id),
      owner_id: owner.id,
      requirement: { ...crate_requirement, pet_type: 'cat', weight_kg: 4.2 },
      ...more,
    },
  }),
  of: (id: string, type: string, s: number, more: object = {}, by: Principal = runner): Said => ({
    kind: 'booking',
    id,
    s,
    by,
    event: { type: `booking.${type}`, ...held(id), ...more },
  }),
}

const place = (boot: string, seq: number, at_ms: number) => ({
  boot,
  seq,
  latitude: 1.5 + seq / 1_000,
  longitude: 103.7,
  speed_kmh: 60.5,
  heading_degrees: 350,
  at_ms,
  live: true,
})

/** What may happen to the trip of the booking `id`; `seqs` are seconds after the start as well. */
export const tripFacts = {
  started: (id: string, track_id: string, runner_id = runner.id): Said => ({
    kind: 'trip',
    id,
    event: { type: 'tracking.started', track_id, runner_id, owner_id: owner.id },
  }),
  waypoints: (id: string, seqs: readonly number[]): Said => ({
    kind: 'trip',
    id,
    event: {
      type: 'trip.waypoints',
      waypoints: seqs.map((seq) => place(idOf(9), seq, start_ms + seq * 1_000)),
      added_m: 10,
    },
  }),
  completed: (id: string, track_id: string, outcome: string, s: number): Said => ({
    kind: 'trip',
    id,
    s,
    event: {
      type: 'tracking.completed',
      track_id,
      runner_id: runner.id,
      owner_id: owner.id,
      outcome,
      total_distance_km: 12.345,
    },
  }),
}

/** What may happen to the runner `id`. */
export const runnerFact = (id: string, type: string, s: number, data: object = {}): Said => ({
  kind: 'runner',
  id,
  s,
  by: runner,
  event: { type: `runner.${type}`, ...data },
})
