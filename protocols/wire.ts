/** What clients are answered: contract, section 3.0.1. The OpenAPI document is made of these, and tests hold answers against them. */
import { type TSchema, Type } from 'typebox'
import { DeclineReason, Itinerary, PetType, Quote } from './booking.ts'
import { Id } from './ids.ts'
import { CrateSize } from './runner.ts'

/** UTC in whole seconds. Some apps decode nothing else. */
export const Time = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$' })
export const orNull = (schema: TSchema) => Type.Union([schema, Type.Null()])
export const oneOf = (...values: readonly string[]) => Type.Union(values.map((value) => Type.Literal(value)))
const Cents = Type.Integer()
const Count = Type.Integer({ minimum: 0 })

const User = Type.Object({
  id: Id,
  email: Type.String(),
  phone: Type.String(),
  full_name: Type.String(),
  role: oneOf('owner', 'runner', 'admin', 'shop'),
  is_verified: Type.Boolean(),
  avatar_url: Type.String(),
  created_at: Time,
})

const AuthResult = Type.Object({ access_token: Type.String(), refresh_token: Type.String(), user: User })

const Address = Type.Object({
  line1: Type.String(),
  line2: Type.String(),
  city: Type.String(),
  state: Type.String(),
  postal_code: Type.String(),
  country: Type.String(),
  latitude: Type.Number(),
  longitude: Type.Number(),
})

const Vaccination = Type.Object({
  vaccine_name: Type.String(),
  date_given: Time,
  expires_at: orNull(Time),
  vet_name: Type.String(),
  verified: Type.Boolean(),
})

const PetSpec = Type.Object({
  pet_type: PetType,
  breed: Type.String(),
  name: Type.String(),
  weight_kg: Type.Number(),
  age_months: Type.Integer(),
  vaccinations: Type.Array(Vaccination),
  special_needs: Type.String(),
  photo_url: Type.String(),
  health_status: Type.Optional(oneOf('fit', 'needs_care', 'unfit')),
})

const CrateRequirement = Type.Object({
  minimum_size: CrateSize,
  needs_ventilation: Type.Boolean(),
  needs_temp_control: Type.Boolean(),
  minimum_weight_capacity: Type.Number(),
})

const RouteSpec = Type.Object({
  pickup_lat: Type.Number(),
  pickup_lng: Type.Number(),
  dropoff_lat: Type.Number(),
  dropoff_lng: Type.Number(),
  distance_km: Type.Number(),
  estimated_duration_min: Type.Integer(),
  polyline: Type.String(),
})

const BookingStatus = oneOf('requested', 'accepted', 'in_progress', 'delivered', 'completed', 'cancelled')

const Booking = Type.Object({
  id: Id,
  booking_number: Type.String(),
  owner_id: Id,
  runner_id: orNull(Id),
  status: BookingStatus,
  pet_spec: PetSpec,
  crate_requirement: CrateRequirement,
  pickup_address: Address,
  dropoff_address: Address,
  route_spec: orNull(RouteSpec),
  estimated_price_cents: Cents,
  final_price_cents: orNull(Cents),
  currency: Type.String(),
  scheduled_at: orNull(Time),
  picked_up_at: orNull(Time),
  delivered_at: orNull(Time),
  cancelled_at: orNull(Time),
  cancel_note: Type.String(),
  notes: Type.String(),
  version: Type.Integer(),
  /** How the price came about; null in bookings older than this. */
  quote: orNull(Quote),
  itinerary: orNull(Itinerary),
  high_tier: Type.Boolean(),
  needs_certified: Type.Boolean(),
  /** What the owner gave the runner, 1 to 5. */
  stars: orNull(Type.Integer()),
  created_at: Time,
  updated_at: Time,
})

const CrateSpec = Type.Object({
  id: Id,
  size: CrateSize,
  pet_types: Type.Array(Type.String()),
  max_weight_kg: Type.Number(),
  width_cm: Type.Number(),
  height_cm: Type.Number(),
  depth_cm: Type.Number(),
  ventilated: Type.Boolean(),
  temperature_controlled: Type.Boolean(),
})

const runner = {
  /** The profile's; bookings and events name the runner by `user_id`. */
  id: Id,
  user_id: Id,
  full_name: Type.String(),
  phone: Type.String(),
  vehicle_type: Type.String(),
  vehicle_plate: Type.String(),
  vehicle_model: Type.String(),
  air_conditioned: Type.Boolean(),
  session_status: oneOf('active', 'inactive'),
  rating: Type.Number(),
  total_trips: Type.Integer(),
  completion_rate: Type.Number(),
  /** For animals that need care. */
  certified: Type.Boolean(),
  crate_specs: Type.Array(CrateSpec),
  distance_km: Type.Optional(Type.Number()),
  created_at: Time,
}
const Runner = Type.Object(runner)

/** Why a runner stands where he does among the candidates of a booking: the least cost comes first. */
const RankedRunner = Type.Object({
  ...runner,
  rank: Type.Object({
    place: Type.Integer({ minimum: 1 }),
    cost: Type.Number(),
    policy_version: Type.Integer(),
    factors: Type.Record(Type.String(), Type.Number()),
    weights: Type.Record(Type.String(), Type.Number()),
  }),
})

const Waypoint = Type.Object({
  id: Type.String(),
  latitude: Type.Number(),
  longitude: Type.Number(),
  speed_kmh: Type.Number(),
  heading_degrees: Type.Number(),
  recorded_at: Time,
})

const Tracking = Type.Object({
  id: Id,
  booking_id: Id,
  runner_id: Id,
  status: oneOf('active', 'completed', 'cancelled'),
  total_distance_km: Type.Number(),
  started_at: Time,
  completed_at: orNull(Time),
  waypoints: Type.Array(Waypoint),
})

/** Coordinates are `[longitude, latitude]`. */
const LineString = Type.Object({
  type: Type.Literal('LineString'),
  coordinates: Type.Array(Type.Array(Type.Number(), { minItems: 2, maxItems: 2 })),
})

const Message = Type.Object({ message: Type.String() })
const Pagination = Type.Object({ total: Count, page: Count, limit: Count, total_pages: Count })

/** Both the envelope that apps know and an RFC 9457 problem. `code` is a row of the rejections. */
const Problem = Type.Object({
  success: Type.Literal(false),
  error: Type.String(),
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String(),
  instance: Type.String(),
  detail: Type.String(),
  retry_after_ms: Type.Optional(Type.Number()),
})

const Health = Type.Object({ status: Type.Literal('healthy'), service: Type.String() })
const Readiness = Type.Object({
  status: oneOf('ready', 'not_ready'),
  service: Type.String(),
  checks: Type.Record(Type.String(), Type.String()),
})
const JwkSet = Type.Object({ keys: Type.Array(Type.Record(Type.String(), Type.Unknown())) })

/** The shapes that the documents name. A further one is a row here. */
export const wire = {
  Address,
  AuthResult,
  Booking,
  BookingStatus,
  CrateRequirement,
  CrateSize,
  CrateSpec,
  DeclineReason,
  Health,
  Itinerary,
  JwkSet,
  LineString,
  Message,
  Pagination,
  PetSpec,
  PetType,
  Problem,
  Quote,
  RankedRunner,
  Readiness,
  RouteSpec,
  Runner,
  Tracking,
  User,
  Vaccination,
  Waypoint,
} satisfies Readonly<Record<string, TSchema>>

/** The envelope of one thing. */
export const one = (schema: TSchema) => Type.Object({ success: Type.Literal(true), data: schema })
/** The envelope of a list without pages. */
export const listOf = (schema: TSchema) => one(Type.Array(schema))
/** The envelope of a page: an array beside its `pagination`. */
export const pageOf = (schema: TSchema) =>
  Type.Object({ success: Type.Literal(true), data: Type.Array(schema), pagination: Pagination })
/** The page as some clients want it: `items` within `data`. */
export const itemsOf = (schema: TSchema) =>
  one(Type.Object({ items: Type.Array(schema), ...Pagination.properties }))
