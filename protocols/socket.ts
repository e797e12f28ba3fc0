// The runner socket: what travels on `/ws/runner`, in msgpack (binary frames) or JSON (text frames).
import { type Static, Type } from 'typebox'
import { bookingCommands } from './booking.ts'
import { Id, Instant } from './ids.ts'
import { limits } from './limits.ts'
import { runnerCommands } from './runner.ts'
import type { MessageOf } from './shape.ts'

export const Lane = Type.Union([Type.Literal('live'), Type.Literal('backlog')])
export type Lane = Static<typeof Lane>

const onBooking = { booking_id: Id }

/** The commands that a runner gives on his socket: the public ones, with `booking_id` where they go to a booking. */
export const socketCommands = {
  'runner.go_online': runnerCommands['runner.go_online'],
  'runner.go_offline': runnerCommands['runner.go_offline'],
  'booking.accept': Type.Object({ ...onBooking, ...bookingCommands['booking.accept'].properties }),
  'booking.decline': Type.Object({ ...onBooking, ...bookingCommands['booking.decline'].properties }),
  'booking.pick_up': Type.Object({ ...onBooking, ...bookingCommands['booking.pick_up'].properties }),
  'booking.deliver': Type.Object({ ...onBooking, ...bookingCommands['booking.deliver'].properties }),
}
export type SocketCommand = MessageOf<typeof socketCommands>

/** A fix on its way: only the types are checked here, `fixOf` looks at the values one by one. */
const LooseFix = Type.Object({
  seq: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  latitude: Type.Number(),
  longitude: Type.Number(),
  at_ms: Type.Number(),
  accuracy_m: Type.Optional(Type.Number()),
  speed_kmh: Type.Optional(Type.Number()),
  heading_degrees: Type.Optional(Type.Number()),
})

export const clientMessages = {
  /** Text frames only; in binary it is `['f', boot, lane, [[seq, latitude, longitude, at_ms, accuracy_m, speed_kmh, heading_degrees], …]]` with nil for unknown. */
  fixes: Type.Object({
    boot: Id,
    lane: Lane,
    fixes: Type.Array(LooseFix, { minItems: 1, maxItems: limits.fixes_per_frame_max }),
  }),
  /** `id` makes a repeat harmless: the same id is answered again, and not carried out twice. */
  command: Type.Object({ id: Id, command: Type.Object({ type: Type.String({ maxLength: 64 }) }) }),
  /** Answered with `pong`; `at_ms` comes back untouched. */
  ping: Type.Object({ at_ms: Type.Number() }),
  /** A newer access token of the same runner. */
  token: Type.Object({ token: Type.String({ minLength: 1, maxLength: limits.token_bytes_max }) }),
}

const Problem = Type.Object({
  code: Type.String(),
  status: Type.Integer(),
  title: Type.String(),
  detail: Type.String(),
  retry_after_ms: Type.Optional(Type.Number()),
})
const View = Type.Object({})
/** Inclusive, ascending, pairwise apart. */
const Ranges = Type.Array(Type.Tuple([Type.Integer(), Type.Integer()]))

export const serverMessages = {
  welcome: Type.Object({
    runner_id: Id,
    at_ms: Instant,
    expires_ms: Instant,
    fixes_per_frame_max: Type.Integer(),
    unacked_max: Type.Integer(),
    frames_per_second: Type.Integer(),
    /** How often the device should report. */
    cadence: Type.Object({
      on_trip_ms: Type.Integer(),
      moving_ms: Type.Integer(),
      still_ms: Type.Integer(),
      near_pickup_ms: Type.Integer(),
    }),
  }),
  /** These fixes are as safe as they will be: forget them. In binary it is `['a', boot, [from, to, from, to, …]]`. */
  acked: Type.Object({ boot: Id, ranges: Ranges }),
  /** These fixes were not taken. With `retry_after_ms` in the problem send them again later; else forget them. */
  refused: Type.Object({ boot: Id, ranges: Ranges, problem: Problem }),
  result: Type.Object({ id: Id, view: View }),
  /** `id` is the command's; absent where the frame was not even a command. */
  rejected: Type.Object({ id: Type.Optional(Id), problem: Problem }),
  pong: Type.Object({ at_ms: Type.Number(), server_ms: Instant }),
  'token.expiring': Type.Object({ expires_ms: Instant }),
  'token.accepted': Type.Object({ expires_ms: Instant }),
  'booking.open': Type.Object({ booking: View }),
  'booking.changed': Type.Object({
    booking_id: Id,
    event: Type.String(),
    seq: Type.Integer(),
    at_ms: Instant,
    booking: Type.Union([View, Type.Null()]),
  }),
  'runner.changed': Type.Object({
    event: Type.String(),
    seq: Type.Integer(),
    at_ms: Instant,
    data: View,
  }),
}
export type ServerMessage = MessageOf<typeof serverMessages>
export type Problem = Static<typeof Problem>
export type Range = readonly [number, number]

/** Why the server closes. A frame above the size bound, or a peer that is silent too long, is cut without a code (1006). */
export const closeCodes = {
  going_away: 1001,
  token_expired: 4001,
  malformed: 4002,
  flood: 4003,
  replaced: 4004,
  slow_reader: 4005,
  not_participant: 4006,
  banned: 4007,
} as const
