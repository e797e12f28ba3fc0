/** What `/ws/tracking/:bookingId` sends, one JSON document a text frame: contract, section 4.2. */
import { Type } from 'typebox'
import { Instant, Latitude, Longitude } from './ids.ts'
import { Time, wire } from './wire.ts'

/** As it was written in the URL of the connection, in either case. */
const AnyCaseId = Type.String({ pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' })
const position = {
  booking_id: AnyCaseId,
  runner_id: Type.String(),
  latitude: Latitude,
  longitude: Longitude,
  speed_kmh: Type.Number(),
  heading_degrees: Type.Number(),
  /** Of the fix, in server milliseconds. */
  at_ms: Instant,
  timestamp: Time,
}

export const feedMessages = {
  /** A position stands at top level and again under `data`: some apps read one, some the other. */
  location_update: Type.Object({
    type: Type.Literal('location_update'),
    seq: Type.Integer(),
    ...position,
    data: Type.Object(position),
  }),
  /** Without `old_status` it is a snapshot. Dart's client is not sent these. */
  booking_status_changed: Type.Object({
    type: Type.Literal('booking_status_changed'),
    seq: Type.Integer(),
    booking_id: AnyCaseId,
    old_status: Type.Optional(wire.BookingStatus),
    new_status: wire.BookingStatus,
    timestamp: Time,
  }),
}
