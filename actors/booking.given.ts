/** The people, places and events that the tests of bookings speak of. */
import type { FollowUp, Principal } from '../protocols/actor.ts'
import type { BookingEvent, bookingCommands, PetSpec, PlaceAddress } from '../protocols/booking.ts'
import type { RefusalReason, ReleaseOutcome } from '../protocols/runner.ts'
import type { MessageOf } from '../protocols/shape.ts'
import { noon_ms, self } from './given.ts'

export const owner: Principal = { id: '11111111-1111-4111-8111-111111111111', role: 'owner' }
export const runner: Principal = { id: '22222222-2222-4222-8222-222222222222', role: 'runner' }
export const rival: Principal = { id: '33333333-3333-4333-8333-333333333333', role: 'runner' }
export const admin: Principal = { id: '44444444-4444-4444-8444-444444444444', role: 'admin' }

const address = (latitude: number, longitude: number): PlaceAddress => ({
  line1: '1 Jalan Satu',
  line2: '',
  city: 'Kuala Lumpur',
  state: 'Selangor',
  postal_code: '50000',
  country: 'MY',
  latitude,
  longitude,
})
export const pet_spec: PetSpec = {
  pet_type: 'cat',
  breed: '',
  name: 'Comel',
  weight_kg: 4,
  age_months: 0,
  vaccinations: [],
  special_needs: '',
  photo_url: '',
}
export const request: MessageOf<typeof bookingCommands, 'booking.request'> = {
  type: 'booking.request',
  pet_spec,
  pickup_address: address(1.4927, 103.7414),
  dropoff_address: address(3.139, 101.6869),
  notes: '',
}
export const requirement = {
  minimum_size: 'small',
  needs_ventilation: true,
  needs_temp_control: false,
  minimum_weight_capacity: 4.8,
  pet_type: 'cat',
  weight_kg: 4,
  high_tier: true,
} as const
export const booking_number = 'BK-ABCDEF'
export const pickup = { latitude: 1.4927, longitude: 103.7414 }
const names = { booking_number, owner_id: owner.id }
const held = { ...names, runner_id: runner.id }

export const requested: BookingEvent = {
  type: 'booking.requested',
  ...names,
  pet_spec,
  requirement,
  pickup_address: request.pickup_address,
  dropoff_address: request.dropoff_address,
  route_spec: {
    pickup_lat: 1.4927,
    pickup_lng: 103.7414,
    dropoff_lat: 3.139,
    dropoff_lng: 101.6869,
    distance_km: 292.59460674049,
    estimated_duration_min: 391,
    polyline: '',
  },
  estimated_price_cents: 73_948,
  currency: 'MYR',
  scheduled_at: null,
  notes: '',
  quote: {
    strategy: 'standard',
    policy_version: 1,
    distance_km: 292.59460674049,
    by_route: false,
    pet_type: 'cat',
    crate_size: 'small',
    appointment: false,
    climate: false,
    parts: { base: 500, distance: 73_148, pet: 300, crate: 0, extra: 0 },
  },
}
export const pendingOf = (runner_id: string, attempt: number): BookingEvent => ({
  type: 'booking.runner_pending',
  runner_id,
  requirement,
  attempt,
})
export const pending = pendingOf(runner.id, 1)
export const refused = (reason: RefusalReason, attempt = 1): BookingEvent => ({
  type: 'booking.runner_refused',
  runner_id: runner.id,
  reason,
  attempt,
})
export const accepted: BookingEvent = { type: 'booking.accepted', ...held }
export const declined: BookingEvent = {
  type: 'booking.declined',
  ...held,
  attempt: 1,
  reason: 'too_far',
  pickup,
  requirement,
}
export const pickedUp: BookingEvent = { type: 'booking.pet_picked_up', ...held }
export const delivered: BookingEvent = { type: 'booking.delivered', ...held, attempt: 1 }
export const confirmed: BookingEvent = { type: 'booking.delivery_confirmed', ...held, delivered_ms: noon_ms }
export const completed: BookingEvent = {
  type: 'booking.completed',
  ...held,
  final_price_cents: 73_948,
  currency: 'MYR',
  unpaid: true,
}
export const cancelled = (by: Principal, runner_id: string, attempt: number): BookingEvent => ({
  type: 'booking.cancelled',
  ...names,
  runner_id,
  attempt,
  cancelled_by: by.id,
  reason: 'ill',
})
export const taken = [requested, pending, accepted]
export const driving = [...taken, pickedUp]
export const done = [...driving, delivered]

export const toRunner = (command: FollowUp['command'], id = runner.id): FollowUp => ({
  to: { actor: 'runner', id },
  command,
})
export const toTrip = (command: FollowUp['command']): FollowUp => ({
  to: { actor: 'trip', id: self },
  command,
})
export const release = (outcome: ReleaseOutcome, attempt = 1, id = runner.id) =>
  toRunner({ type: 'runner.release', booking_id: self, outcome, attempt }, id)
export const push = (
  person: Principal,
  template: 'runner_assigned' | 'runner_declined' | 'pet_picked_up' | 'delivered' | 'completed' | 'cancelled',
) => ({ type: 'push.send', data: { user_id: person.id, template, booking_id: self } }) as const
export const announce = {
  type: 'dispatch.announce',
  data: { booking_id: self, pickup, requirement },
} as const
export const expiry = (attempt: number, runner_id = runner.id): FollowUp => ({
  to: { actor: 'booking', id: self },
  command: { type: 'booking.release_pending', runner_id, reason: 'expired', attempt },
  after_ms: 2_000,
})
