// What the tracking feed says, in the shapes that all five apps read (contract, section 4.2).
import type { Message } from '../../protocols/actor.ts'
import type { BookingStatus } from '../../protocols/booking.ts'
import type { WaypointView } from '../../protocols/lists.ts'
import { timeOf } from '../http/times.ts'

/** `seq` grows along a booking and means the same on every thread: it is the shard's clock in milliseconds, made strictly increasing. */
export interface FeedFrame {
  readonly seq: number
  readonly kind: 'position' | 'status' | 'chat'
  /** Of the position, or of the change: server time. */
  readonly at_ms: number
  /** JSON members without braces and without `booking_id`, which each connection wants in its own case. */
  readonly members: string
}

export interface Position {
  readonly runner_id: string
  readonly latitude: number
  readonly longitude: number
  readonly speed_kmh: number
  readonly heading_degrees: number
  readonly at_ms: number
}

export function positionFrame(seq: number, position: Position): FeedFrame {
  const { runner_id, latitude, longitude, speed_kmh, heading_degrees, at_ms } = position
  const members = `"runner_id":${JSON.stringify(runner_id)},"latitude":${latitude},"longitude":${longitude},"speed_kmh":${speed_kmh},"heading_degrees":${heading_degrees},"at_ms":${at_ms},"timestamp":"${timeOf(at_ms)}"`
  return { seq, kind: 'position', at_ms, members }
}

/** Without `before` it is a snapshot: that is how the booking stands. */
export function statusFrame(
  seq: number,
  status: BookingStatus,
  at_ms: number,
  before?: BookingStatus,
): FeedFrame {
  const old_status = before === undefined ? '' : `"old_status":"${before}",`
  const members = `${old_status}"new_status":"${status}","timestamp":"${timeOf(at_ms)}"`
  return { seq, kind: 'status', at_ms, members }
}

/** Undefined for what is no chat message. Only members that the contract names get through. */
export function chatFrame(seq: number, message: Message): FeedFrame | undefined {
  if (message.type !== 'chat.message') return undefined
  const { at_ms, ...told } = message as unknown as Readonly<Record<string, string>> & { at_ms: number }
  const pairs = chat_members.map((name) => `"${name}":${JSON.stringify(told[name] ?? '')}`)
  return { seq, kind: 'chat', at_ms, members: pairs.join(',') }
}

const chat_members = [
  'message_id',
  'sender_id',
  'sender_role',
  'message_type',
  'content',
  'created_at',
] as const

/** The frame as one JSON document. A position stands at top level and again under `data`: some apps read one, some the other. */
export function textOf({ seq, kind, members }: FeedFrame, booking_id: string): string {
  const head = `"seq":${seq},"booking_id":"${booking_id}",${members}`
  if (kind === 'chat') return `{"type":"chat_message",${head}}`
  return kind === 'status'
    ? `{"type":"booking_status_changed",${head}}`
    : `{"type":"location_update",${head},"data":{"booking_id":"${booking_id}",${members}}}`
}

/** Where a booking stands after an event; events that are not here move nothing. */
const statuses: Readonly<Record<string, BookingStatus>> = {
  'booking.requested': 'requested',
  'booking.accepted': 'accepted',
  'booking.declined': 'requested',
  'booking.pet_picked_up': 'in_progress',
  'booking.delivered': 'delivered',
  'booking.completed': 'completed',
  'booking.cancelled': 'cancelled',
}

export const statusAfter = (event: Message): BookingStatus | undefined => statuses[event.type]
const known = new Set<unknown>(Object.values(statuses))
/** The status in a booking's wire shape, if it is one. */
export const statusOf = (booking: object): BookingStatus | undefined =>
  'status' in booking && known.has(booking.status) ? (booking.status as BookingStatus) : undefined

/** The place in what a trip shows its watchers, or nothing when it shows none. */
export function positionOf(message: object, runner_id = ''): Position | undefined {
  const { latitude, longitude, at_ms, ...rest } = message as Partial<Position>
  if (typeof latitude !== 'number' || typeof longitude !== 'number' || typeof at_ms !== 'number')
    return undefined
  return {
    runner_id: rest.runner_id ?? runner_id,
    latitude,
    longitude,
    speed_kmh: rest.speed_kmh ?? 0,
    heading_degrees: rest.heading_degrees ?? 0,
    at_ms,
  }
}

/** What a trip's watchers were shown last, which may be newer than all that is recorded. */
export const shownLast = (trip: object): Position | undefined =>
  'last_position' in trip && trip.last_position ? positionOf(trip.last_position) : undefined

/** The last of a trip's recorded places. */
export function lastPosition(trip: object, waypoints: readonly WaypointView[]): Position | undefined {
  const last = waypoints.at(-1)
  if (!last || !('runner_id' in trip) || typeof trip.runner_id !== 'string') return undefined
  const at_ms = Date.parse(last.recorded_at)
  return Number.isNaN(at_ms) ? undefined : positionOf({ ...last, at_ms }, trip.runner_id)
}
