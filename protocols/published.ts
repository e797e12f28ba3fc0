/** The data of each message on a public topic: what consumers may rely on. A public event without a row is a failing test (AA1). */
import { type TSchema, Type } from 'typebox'
import { DeclineReason, PetType } from './booking.ts'
import { Cents, Id, Latitude, Longitude, MaybeId } from './ids.ts'
import { oneOf, orNull, Time } from './wire.ts'

const named = { booking_id: Id, booking_number: Type.String() }
const held = { ...named, runner_id: Id, owner_id: Id }
const paid = { payment_id: Id, booking_id: Id, owner_id: Id, runner_id: orNull(Id) }
const sum = { amount_cents: Cents, currency: Type.String() }
const track = { track_id: Id, booking_id: Id, runner_id: Id, owner_id: Id }
const place = { latitude: Latitude, longitude: Longitude }
const always = { occurred_at: Time }
const data = (fields: Readonly<Record<string, TSchema>>) => Type.Object({ ...fields, ...always })

export const published: Readonly<Record<string, TSchema>> = {
  'booking.requested': data({
    ...named,
    owner_id: Id,
    pet_type: PetType,
    pet_name: Type.String(),
    pickup_lat: Latitude,
    pickup_lng: Longitude,
    dropoff_lat: Latitude,
    dropoff_lng: Longitude,
    estimated_price_cents: Cents,
    currency: Type.String(),
  }),
  'booking.accepted': data(held),
  'booking.declined': data({ ...held, reason: DeclineReason }),
  'booking.pet_picked_up': data({ ...held, picked_up_at: Time }),
  'booking.delivery_confirmed': data({ ...held, delivered_at: Time }),
  'booking.completed': data({ ...held, final_price_cents: Cents, currency: Type.String() }),
  'booking.cancelled': data({
    ...named,
    runner_id: orNull(Id),
    owner_id: Id,
    /** The id of the person who did it. */
    cancelled_by: Type.String(),
    reason: Type.String(),
  }),
  'payment.escrow_created': data({ ...paid, ...sum }),
  'payment.escrow_held': data({ ...paid, ...sum, stripe_payment_id: Type.String() }),
  'payment.escrow_released': data({ ...paid, ...sum, runner_payout_cents: Cents, platform_fee_cents: Cents }),
  'payment.escrow_refunded': data({ ...paid, ...sum, refund_reason: Type.String() }),
  'payment.failed': data({ ...paid, ...sum, reason: Type.String() }),
  'tracking.started': data({ ...track, started_at: Time }),
  'tracking.updated': data({ ...track, ...place, speed_kmh: Type.Number() }),
  'tracking.completed': data({
    ...track,
    outcome: oneOf('completed', 'cancelled'),
    total_distance_km: Type.Number(),
    completed_at: Time,
  }),
  'runner.online': data({ runner_id: Id, ...place }),
  'runner.offline': data({ runner_id: Id }),
  /** A signal: its last second may be lost. `skewed`: the device's clock was far off, and the server's was used. */
  'runner.location_update': data({
    runner_id: Id,
    booking_id: Type.Optional(MaybeId),
    ...place,
    speed_kmh: Type.Number(),
    heading_degrees: Type.Number(),
    timestamp: Time,
    skewed: Type.Optional(Type.Literal(true)),
  }),
  /** A signal: a fix that was put aside, and why. The time is the device's. */
  'runner.location_rejected': data({
    runner_id: Id,
    booking_id: Type.Optional(MaybeId),
    ...place,
    reason: Type.String(),
    accuracy_m: Type.Number(),
    timestamp: Time,
  }),
}

/** The CloudEvent around it. */
export const cloudEventOf = (type: string, schema: TSchema) =>
  Type.Object({
    specversion: Type.Literal('1.0'),
    id: Type.String(),
    source: Type.String(),
    type: Type.Literal(type),
    time: Type.String(),
    datacontenttype: Type.Literal('application/json'),
    subject: Id,
    data: schema,
  })
