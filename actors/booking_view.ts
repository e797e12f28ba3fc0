import { wireTime, wireTimeOrNull } from '../protocols/times.ts'
import type { Booking } from './booking.ts'

/** Booking of contract 3.0.1, with all that 3.0.2 wants present. */
export const bookingView = (state: Booking, id: string) => ({
  id,
  booking_number: state.booking_number,
  owner_id: state.owner_id,
  runner_id: state.runner_id === '' ? null : state.runner_id,
  status: state.status,
  pet_spec: state.pet_spec,
  crate_requirement: {
    minimum_size: state.requirement.minimum_size,
    needs_ventilation: state.requirement.needs_ventilation,
    needs_temp_control: state.requirement.needs_temp_control,
    minimum_weight_capacity: state.requirement.minimum_weight_capacity,
  },
  pickup_address: state.pickup_address,
  dropoff_address: state.dropoff_address,
  route_spec: state.route_spec,
  estimated_price_cents: state.estimated_price_cents,
  final_price_cents: state.status === 'completed' ? state.final_price_cents : null,
  currency: state.currency,
  quote: state.quote,
  itinerary: state.itinerary,
  high_tier: state.requirement.high_tier ?? false,
  needs_certified: state.requirement.needs_certified ?? false,
  stars: state.stars === 0 ? null : state.stars,
  scheduled_at: state.scheduled_at,
  picked_up_at: wireTimeOrNull(state.picked_up_ms),
  delivered_at: wireTimeOrNull(state.delivered_ms),
  cancelled_at: wireTimeOrNull(state.cancelled_ms),
  cancel_note: state.cancel_note,
  notes: state.notes,
  version: state.version,
  created_at: wireTime(state.created_ms),
  updated_at: wireTime(state.updated_ms),
})
