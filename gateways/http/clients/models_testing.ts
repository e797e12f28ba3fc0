// The models of the five apps: contract, sections 3.0.1 to 3.0.3.
import {
  anything,
  type Decoder,
  date,
  flag,
  listOf,
  maybe,
  number,
  oneOf,
  record,
  swiftDate,
  text,
  whole,
} from './decoders_testing.ts'

const statuses = ['requested', 'accepted', 'in_progress', 'delivered', 'completed', 'cancelled']
const pet_types = ['cat', 'dog', 'bird', 'rabbit', 'reptile', 'other']
export const id = text
export const message = record({ message: text })

/** With the app's own reading of times; M, R and the Swift apps read `is_verified` as a boolean that is there. */
const user = (time: Decoder) =>
  record({
    id,
    email: text,
    phone: text,
    full_name: text,
    role: oneOf('owner', 'runner', 'admin', 'shop'),
    is_verified: flag,
    avatar_url: maybe(text),
    created_at: time,
  })
const auth = (time: Decoder) => record({ access_token: text, refresh_token: text, user: user(time) })

const address = record({
  line1: text,
  line2: text,
  city: text,
  state: text,
  postal_code: text,
  country: text,
  latitude: number,
  longitude: number,
})
const route_spec = record({
  pickup_lat: number,
  pickup_lng: number,
  dropoff_lat: number,
  dropoff_lng: number,
  distance_km: number,
  estimated_duration_min: whole,
  polyline: text,
})

const vaccination = (time: Decoder) =>
  record({ vaccine_name: text, date_given: time, expires_at: maybe(time), vet_name: text, verified: flag })

/** Every field that any app takes as present: the strictest is MI. */
const booking = (time: Decoder, words: readonly string[]) =>
  record({
    id,
    booking_number: text,
    owner_id: id,
    runner_id: maybe(id),
    status: oneOf(...words),
    pet_spec: record({
      pet_type: oneOf(...pet_types),
      breed: text,
      name: text,
      weight_kg: number,
      age_months: whole,
      vaccinations: listOf(vaccination(time)),
      special_needs: text,
      photo_url: text,
    }),
    crate_requirement: record({
      minimum_size: oneOf('small', 'medium', 'large', 'xlarge'),
      needs_ventilation: flag,
      needs_temp_control: flag,
      minimum_weight_capacity: number,
    }),
    pickup_address: address,
    dropoff_address: address,
    route_spec: maybe(route_spec),
    estimated_price_cents: whole,
    final_price_cents: maybe(whole),
    currency: text,
    scheduled_at: maybe(time),
    picked_up_at: maybe(time),
    delivered_at: maybe(time),
    cancelled_at: maybe(time),
    cancel_note: text,
    notes: text,
    version: whole,
    created_at: time,
    updated_at: time,
  })

const crate = record({
  id,
  size: text,
  pet_types: listOf(text),
  max_weight_kg: number,
  width_cm: number,
  height_cm: number,
  depth_cm: number,
  ventilated: flag,
  temperature_controlled: flag,
})
const runner = (time: Decoder) =>
  record({
    id,
    user_id: id,
    full_name: text,
    phone: text,
    vehicle_type: text,
    vehicle_plate: text,
    vehicle_model: text,
    air_conditioned: flag,
    session_status: oneOf('active', 'inactive'),
    rating: number,
    total_trips: whole,
    crate_specs: listOf(crate),
    distance_km: maybe(number),
    created_at: time,
  })

const notification = record({
  id,
  user_id: id,
  booking_id: maybe(id),
  event_type: text,
  type: text,
  title: text,
  body: text,
  status: text,
  is_read: flag,
  channels_sent: listOf(text),
  channels_failed: listOf(text),
  metadata: record({}),
  read_at: maybe(date),
  created_at: date,
  updated_at: date,
})

const waypoint = record({
  id,
  latitude: number,
  longitude: number,
  speed_kmh: number,
  heading_degrees: number,
  recorded_at: date,
})

/** The seven fields that W, M, R and RI want at top level. */
const position = (time: Decoder) =>
  record({
    booking_id: id,
    runner_id: id,
    latitude: number,
    longitude: number,
    speed_kmh: number,
    heading_degrees: number,
    timestamp: time,
  })

const pet = record({
  id,
  owner_id: id,
  name: text,
  pet_type: oneOf(...pet_types),
  breed: text,
  weight_kg: number,
  age_months: whole,
  allergies: text,
  special_needs: text,
  notes: text,
  photo_url: text,
  vaccination_status: text,
  status: oneOf('active', 'archived'),
  created_at: swiftDate,
  updated_at: swiftDate,
})

const pet_shop = record({
  id,
  owner_id: maybe(id),
  name: text,
  address: text,
  latitude: number,
  longitude: number,
  phone: maybe(text),
  email: maybe(text),
  category: text,
  services: listOf(text),
  rating: number,
  image_url: maybe(text),
  opening_hours: maybe(text),
  description: maybe(text),
})

const payment = (time: Decoder) =>
  record({
    id,
    booking_id: id,
    owner_id: id,
    runner_id: maybe(id),
    escrow_status: oneOf('pending', 'held', 'released', 'refunded', 'failed'),
    amount_cents: whole,
    platform_fee_cents: whole,
    runner_payout_cents: whole,
    currency: text,
    payment_method: text,
    stripe_payment_id: text,
    escrow_held_at: maybe(time),
    escrow_released_at: maybe(time),
    refunded_at: maybe(time),
    refund_reason: text,
    version: whole,
    created_at: time,
    updated_at: time,
  })

const earning = record({
  id,
  booking_id: id,
  booking_number: text,
  escrow_status: text,
  amount_cents: whole,
  platform_fee_cents: whole,
  runner_payout_cents: whole,
  currency: text,
  escrow_released_at: maybe(date),
  created_at: date,
})

const preferences = record({
  user_id: id,
  enable_push: flag,
  enable_sms: flag,
  enable_email: flag,
  fcm_token: maybe(text),
  phone_number: maybe(text),
  email: maybe(text),
})

const tracking = record({
  id,
  booking_id: id,
  runner_id: id,
  status: oneOf('active', 'completed', 'cancelled'),
  total_distance_km: number,
  started_at: date,
  completed_at: maybe(date),
  waypoints: listOf(waypoint),
})

/** TypeScript types; it tells statuses apart by `in_transit`. */
export const web_runner = {
  auth: auth(date),
  user: user(date),
  runner: runner(date),
  crate,
  booking: booking(date, [...statuses.filter((status) => status !== 'in_progress'), 'in_transit']),
  notification,
}
/** Dart: casts, and enums that throw. */
export const flutter = {
  auth: auth(date),
  user: user(date),
  runner: runner(date),
  crate,
  booking: booking(date, statuses),
  notification,
  payment: payment(date),
  earning,
  preferences,
  pet_shop,
  tracking,
  position: position(date),
}
/** Swift's Codable. */
export const swift = {
  auth: auth(swiftDate),
  user: user(swiftDate),
  runner: runner(swiftDate),
  booking: booking(swiftDate, statuses),
  position: position(swiftDate),
  payment: payment(swiftDate),
  /** What opens the checkout. */
  checkout: record({ redirect_url: text, payment_intent_id: maybe(text) }),
  pet,
  notification: record({
    id,
    type: text,
    title: text,
    body: text,
    created_at: swiftDate,
    read_at: maybe(swiftDate),
  }),
  status: record({
    booking_id: id,
    old_status: maybe(text),
    new_status: oneOf(...statuses),
    timestamp: swiftDate,
  }),
  nothing: anything,
}
