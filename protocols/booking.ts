import { type Static, Type } from 'typebox'
import { Cents, Id, Instant, Latitude, Longitude, MaybeId, Point, Reason, Text } from './ids.ts'
import { limits } from './limits.ts'
import { PaymentMethod } from './payment.ts'
import { StrategyName } from './policy.ts'
import { Attempt, CrateSize, RefusalReason, Requirement, Stars } from './runner.ts'
import type { MessageOf } from './shape.ts'

export const PetType = Type.Union([
  Type.Literal('cat'),
  Type.Literal('dog'),
  Type.Literal('bird'),
  Type.Literal('rabbit'),
  Type.Literal('reptile'),
  Type.Literal('other'),
])

/** Times on the wire are RFC 3339; the doors turn them into whole seconds, UTC, before they reach an actor. */
const Time = Type.String({ maxLength: 40 })

const Vaccination = Type.Object({
  vaccine_name: Type.String({ maxLength: 100, default: '' }),
  date_given: Time,
  expires_at: Type.Union([Time, Type.Null()], { default: null }),
  vet_name: Text(100),
  verified: Type.Boolean({ default: false }),
})

export const PetSpec = Type.Object({
  pet_type: PetType,
  breed: Type.String({ maxLength: 100, default: '' }),
  name: Type.String({ minLength: 1, maxLength: 100 }),
  weight_kg: Type.Number({ exclusiveMinimum: 0, maximum: 200 }),
  age_months: Type.Integer({ minimum: 0, maximum: 2_400, default: 0 }),
  vaccinations: Type.Array(Vaccination, { maxItems: 50, default: [] }),
  special_needs: Text(1_000),
  photo_url: Text(2_000),
  health_status: Type.Optional(
    Type.Union([Type.Literal('fit'), Type.Literal('needs_care'), Type.Literal('unfit')]),
  ),
})

export const PlaceAddress = Type.Object({
  line1: Type.String({ minLength: 1, maxLength: 200, personal: true }),
  line2: Text(200),
  city: Type.String({ minLength: 1, maxLength: 100 }),
  state: Type.String({ minLength: 1, maxLength: 100 }),
  postal_code: Type.String({ maxLength: 20, default: '' }),
  country: Type.String({ minLength: 1, maxLength: 100 }),
  latitude: Latitude,
  longitude: Longitude,
})

/** Straight-line estimate of a route; `polyline` is Google's encoded format, precision 5. */
export const RouteSpec = Type.Object({
  pickup_lat: Latitude,
  pickup_lng: Longitude,
  dropoff_lat: Latitude,
  dropoff_lng: Longitude,
  distance_km: Type.Number({ minimum: 0 }),
  estimated_duration_min: Type.Integer({ minimum: 0 }),
  polyline: Type.String(),
})

/**
 * The way to drive, as the maps or our own estimate had it when the booking was made. `polyline` is as in `RouteSpec`.
 * `fallback`: the maps were asked and did not answer in time, so this is the estimate.
 */
export const Itinerary = Type.Object({
  distance_km: Type.Number({ minimum: 0, maximum: 50_000 }),
  duration_min: Type.Integer({ minimum: 0 }),
  polyline: Type.String({ maxLength: limits.itinerary_chars_max }),
  source: Type.Union([Type.Literal('estimate'), Type.Literal('osrm'), Type.Literal('google')]),
  fallback: Type.Boolean(),
})

/** A price, and all that it was made of: whoever has the policy's version can make it again. */
export const Quote = Type.Object({
  strategy: StrategyName,
  policy_version: Type.Integer({ minimum: 1 }),
  distance_km: Type.Number({ minimum: 0 }),
  by_route: Type.Boolean(),
  pet_type: PetType,
  crate_size: CrateSize,
  appointment: Type.Boolean(),
  climate: Type.Boolean(),
  /** What each part adds, in sen; the price is their sum. */
  parts: Type.Object({ base: Cents, distance: Cents, pet: Cents, crate: Cents, extra: Cents }),
})

export const DeclineReason = Type.Union([
  Type.Literal('too_far'),
  Type.Literal('cannot_transport'),
  Type.Literal('already_busy'),
  Type.Literal('pickup_issue'),
  Type.Literal('other'),
])

/** How a booking's payment stands; `waiting`: its owner has to approve it at the provider. */
export const MoneyStatus = Type.Union([
  Type.Literal('pending'),
  Type.Literal('waiting'),
  Type.Literal('held'),
  Type.Literal('released'),
  Type.Literal('refunded'),
  Type.Literal('failed'),
])

/** What people may ask of a booking. Who asks, and when, travel in the envelope, never here. */
export const bookingCommands = {
  'booking.request': Type.Object({
    pet_spec: PetSpec,
    pickup_address: PlaceAddress,
    dropoff_address: PlaceAddress,
    scheduled_at: Type.Optional(Type.Union([Time, Type.Null()])),
    notes: Text(limits.request_notes_max),
  }),
  'booking.accept': Type.Object({}),
  'booking.decline': Type.Object({ reason: DeclineReason }),
  'booking.pick_up': Type.Object({}),
  'booking.deliver': Type.Object({}),
  'booking.confirm': Type.Object({}),
  'booking.cancel': Type.Object({ reason: Reason }),
  'booking.rate': Type.Object({ stars: Stars, comment: Text(500) }),
  /** Its owner pays for it. */
  'booking.pay': Type.Object({ payment_method: PaymentMethod }),
  'booking.note': Type.Object({ note: Type.String({ minLength: 1, maxLength: 500, personal: true }) }),
}

/** What other actors and timers ask of it. A step has no route. */
export const bookingSteps = {
  'booking.assign': Type.Object({ runner_id: Id, attempt: Attempt }),
  'booking.release_pending': Type.Object({ runner_id: Id, reason: RefusalReason, attempt: Attempt }),
  /** The confirmation window that opened with the delivery at `delivered_ms` has ended. */
  'booking.end_window': Type.Object({ delivered_ms: Instant }),
  /** How its payment stands; `stage` grows with each word, so that an older one never undoes a newer one. */
  'booking.payment_is': Type.Object({ money: MoneyStatus, stage: Type.Integer({ minimum: 1 }) }),
  /** Whoever waits for the money has waited long enough. */
  'booking.end_money_wait': Type.Object({ waits: Type.Integer({ minimum: 1 }) }),
}

export const bookingQueries = {
  'booking.view': Type.Object({}),
  /** What a search for its runners needs to know: where, and for what. */
  'booking.search': Type.Object({}),
}

/** What the door adds to a `booking.request`: an answer of the maps is an input, and is recorded. Clients cannot send it. */
export interface RequestInputs {
  readonly route?: Itinerary
}

const names = { booking_number: Type.String(), owner_id: Id }
const held = { ...names, runner_id: Id }
/** The attempt by which the runner holds it: what his release names. */
const ending = { attempt: Type.Optional(Attempt) }
/** There is a payment, which has to hear of it. */
const money = { paid: Type.Optional(Type.Literal(true)) }

/** What has happened to a booking. The journal holds these for ever: add fields, never repurpose one. */
export const bookingEvents = {
  'booking.requested': Type.Object({
    ...names,
    pet_spec: PetSpec,
    requirement: Requirement,
    pickup_address: PlaceAddress,
    dropoff_address: PlaceAddress,
    route_spec: RouteSpec,
    estimated_price_cents: Cents,
    currency: Type.String(),
    scheduled_at: Type.Union([Time, Type.Null()]),
    notes: Text(1_000),
    /** Absent in bookings older than these fields. */
    quote: Type.Optional(Quote),
    itinerary: Type.Optional(Itinerary),
  }),
  'booking.runner_pending': Type.Object({ runner_id: Id, requirement: Requirement, attempt: Attempt }),
  'booking.runner_refused': Type.Object({ runner_id: Id, reason: RefusalReason, attempt: Attempt }),
  'booking.accepted': Type.Object({ ...held, ...money }),
  'booking.declined': Type.Object({
    ...held,
    ...ending,
    ...money,
    reason: DeclineReason,
    /** Where and for what runners are looked for again. */
    pickup: Point,
    requirement: Requirement,
  }),
  'booking.pet_picked_up': Type.Object(held),
  'booking.delivered': Type.Object({ ...held, ...ending }),
  'booking.delivery_confirmed': Type.Object({
    ...held,
    ...money,
    delivered_ms: Instant,
    waits: Type.Optional(Type.Integer()),
  }),
  'booking.completed': Type.Object({
    ...held,
    final_price_cents: Cents,
    currency: Type.String(),
    /** No payment was ever held for it. */
    unpaid: Type.Boolean(),
  }),
  /** `notes` is all of them, one a line. */
  'booking.noted': Type.Object({ ...names, notes: Text(limits.booking_notes_max) }),
  'booking.rated': Type.Object({ ...held, stars: Stars, comment: Text(500) }),
  'booking.payment_requested': Type.Object({
    ...names,
    runner_id: MaybeId,
    amount_cents: Cents,
    currency: Type.String(),
    payment_method: Type.String(),
    waits: Type.Integer({ minimum: 1 }),
  }),
  'booking.payment_changed': Type.Object({
    money: MoneyStatus,
    stage: Type.Integer({ minimum: 1 }),
    /** The booking was cancelled before: what is held goes back. */
    orphaned: Type.Optional(Type.Literal(true)),
  }),
  /** The money is slow: answers no longer wait for it. */
  'booking.money_delayed': Type.Object({ waits: Type.Integer({ minimum: 1 }) }),
  /** The confirmation window ended while the payment was open: it is confirmed as soon as the money is held. */
  'booking.window_ended': Type.Object({ owner_id: Id, delivered_ms: Instant }),
  'booking.cancelled': Type.Object({
    ...names,
    ...ending,
    ...money,
    runner_id: MaybeId,
    /** The id of the person who did it. */
    cancelled_by: Type.String(),
    reason: Reason,
  }),
}

export type PetType = Static<typeof PetType>
export type PetSpec = Static<typeof PetSpec>
export type PlaceAddress = Static<typeof PlaceAddress>
export type RouteSpec = Static<typeof RouteSpec>
export type Itinerary = Static<typeof Itinerary>
export type Quote = Static<typeof Quote>
export type MoneyStatus = Static<typeof MoneyStatus>
export type BookingEvent = MessageOf<typeof bookingEvents>
export type BookingStatus = 'requested' | 'accepted' | 'in_progress' | 'delivered' | 'completed' | 'cancelled'
