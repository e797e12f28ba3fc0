/** What clients are answered about the records beside bookings: contract, sections 3.0.1 and 3.1 to 3.6. */
import { type TSchema, Type } from 'typebox'
import { PetType } from './booking.ts'
import { Id } from './ids.ts'
import { oneOf, orNull, Time, wire } from './wire.ts'

const Whole = Type.Integer()
const Place = { latitude: Type.Number(), longitude: Type.Number() }
const Movement = { ...Place, speed_kmh: Type.Number(), heading_degrees: Type.Number() }

const Pet = Type.Object({
  id: Id,
  owner_id: Id,
  name: Type.String(),
  pet_type: PetType,
  breed: Type.String(),
  weight_kg: Type.Number(),
  age_months: Whole,
  allergies: Type.String(),
  special_needs: Type.String(),
  notes: Type.String(),
  photo_url: Type.String(),
  vaccination_status: Type.String(),
  status: oneOf('active', 'archived'),
  created_at: Time,
  updated_at: Time,
})

const PetShop = Type.Object({
  id: Id,
  /** Null: it came with the installation. */
  owner_id: orNull(Id),
  name: Type.String(),
  address: Type.String(),
  ...Place,
  phone: Type.String(),
  email: Type.String(),
  category: oneOf('grooming', 'vet', 'boarding', 'pet_store'),
  services: Type.Array(Type.String()),
  rating: Type.Number(),
  image_url: Type.String(),
  opening_hours: Type.String(),
  description: Type.String(),
  distance_km: Type.Optional(Type.Number()),
  created_at: Time,
  updated_at: Time,
})

const Photo = Type.Object({
  id: Id,
  booking_id: Id,
  runner_id: Id,
  photo_type: oneOf('pickup', 'delivery'),
  photo_url: Type.String(),
  caption: Type.String(),
  taken_at: Time,
  created_at: Time,
})

const StatusChange = Type.Object({
  id: Id,
  booking_id: Id,
  from_status: Type.String(),
  to_status: wire.BookingStatus,
  changed_by: Type.String(),
  changed_by_role: Type.String(),
  reason: Type.String(),
  /** Where the log holds it. */
  frame: Type.Object({ shard: Whole, n: Whole, log_seq: Whole }),
  event_id: Type.String(),
  created_at: Time,
})

const BookingStats = Type.Object({ total_bookings: Whole, by_status: Type.Record(Type.String(), Whole) })

const Position = Type.Object({ booking_id: Id, runner_id: Id, ...Movement, timestamp: Time })

const ChatMessage = Type.Object({
  id: Id,
  booking_id: Id,
  sender_id: Id,
  sender_role: Type.String(),
  message_type: oneOf('text', 'image', 'quick_reply'),
  content: Type.String(),
  created_at: Time,
})

const SharedLink = Type.Object({
  id: Id,
  booking_id: Id,
  share_token: Type.String(),
  share_url: Type.String(),
  expires_at: Time,
})
const SharedTrip = Type.Object({
  booking_id: Id,
  status: oneOf('active', 'completed', 'cancelled'),
  waypoints: Type.Array(Type.Object({ ...Movement, recorded_at: Time })),
  expires_at: Time,
})

const Notification = Type.Object({
  id: Id,
  user_id: Id,
  booking_id: orNull(Id),
  event_type: Type.String(),
  type: Type.String(),
  title: Type.String(),
  body: Type.String(),
  status: oneOf('sent', 'partially_sent', 'failed'),
  channels_sent: Type.Array(Type.String()),
  channels_failed: Type.Array(Type.String()),
  metadata: Type.Record(Type.String(), Type.Unknown()),
  is_read: Type.Boolean(),
  read_at: orNull(Time),
  created_at: Time,
  updated_at: Time,
})
const ShortNotification = Type.Object({
  id: Id,
  type: Type.String(),
  title: Type.String(),
  body: Type.String(),
  created_at: Time,
  read_at: orNull(Time),
})
const Preferences = Type.Object({
  user_id: Id,
  enable_push: Type.Boolean(),
  enable_sms: Type.Boolean(),
  enable_email: Type.Boolean(),
  quiet_hours_start: Type.String(),
  quiet_hours_end: Type.String(),
  language: oneOf('en', 'ms', ''),
  fcm_token: Type.String(),
  phone_number: Type.String(),
  email: Type.String(),
})

const Promo = Type.Object({
  id: Id,
  code: Type.String(),
  discount_type: oneOf('percentage', 'fixed'),
  discount_value: Whole,
  min_amount_cents: Whole,
  max_discount_cents: Whole,
  max_uses: Whole,
  current_uses: Whole,
  valid_from: Time,
  valid_until: Time,
  created_at: Time,
})
const Discount = Type.Object({
  valid: Type.Boolean(),
  code: Type.String(),
  discount_cents: Whole,
  message: Type.Optional(Type.String()),
})

const Plan = Type.Object({
  plan: Type.String(),
  price_cents: Whole,
  duration_days: Whole,
  discount_percent: Whole,
  description: Type.String(),
})
const Subscription = Type.Object({
  id: Id,
  user_id: Id,
  plan: Type.String(),
  price_cents: Whole,
  started_at: Time,
  expires_at: Time,
  status: oneOf('active', 'cancelled', 'expired'),
  auto_renew: Type.Boolean(),
  created_at: Time,
})

const UserStats = Type.Object({ total_users: Whole, by_role: Type.Record(Type.String(), Whole) })

/** `hash` is that of the fold of the journal up to event `seq`. */
const Digest = Type.Object({
  kind: Type.String(),
  id: Type.String(),
  shard: Whole,
  n: Whole,
  seq: Whole,
  hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  quarantined: Type.String(),
})

/** A browser's login: its token stays here, and it shows `csrf_token` with each change. */
const BrowserSession = Type.Object({ user: wire.User, csrf_token: Type.String() })

const Referrals = Type.Object({
  referral_code: Type.String(),
  total_referrals: Whole,
  referrals: Type.Array(
    Type.Object({
      id: Id,
      referee_id: Id,
      reward_amount_cents: Whole,
      referrer_credited: Type.Boolean(),
      referee_credited: Type.Boolean(),
      created_at: Time,
    }),
  ),
})

/** The shapes that the documents name. A further one is a row here. */
export const wire_records = {
  BookingStats,
  BrowserSession,
  ChatMessage,
  Digest,
  Discount,
  Notification,
  Pet,
  PetShop,
  Photo,
  Plan,
  Position,
  Preferences,
  Promo,
  Referrals,
  SharedLink,
  SharedTrip,
  ShortNotification,
  StatusChange,
  Subscription,
  UserStats,
} satisfies Readonly<Record<string, TSchema>>
