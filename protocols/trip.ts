import { type Static, Type } from 'typebox'
import { Id, Instant, Latitude, Longitude } from './ids.ts'
import { limits } from './limits.ts'
import type { MessageOf } from './shape.ts'

/** A place that a trip went through. `boot` and `seq` name the fix it came from; times are server-corrected. */
export const Waypoint = Type.Object({
  boot: Id,
  seq: Type.Integer({ minimum: 0 }),
  latitude: Latitude,
  longitude: Longitude,
  speed_kmh: Type.Number({ minimum: 0 }),
  heading_degrees: Type.Number({ minimum: 0, maximum: 360 }),
  at_ms: Instant,
  accuracy_m: Type.Optional(Type.Number({ minimum: 0 })),
  /** Came while the trip was being watched, not out of a backlog. */
  live: Type.Boolean(),
})

/** A trip shares its booking's id. Only steps reach it: people act on the booking. */
export const tripSteps = {
  'trip.start': Type.Object({ runner_id: Id, owner_id: Id }),
  'trip.record': Type.Object({
    /** Whose fixes they are: those of a runner who no longer drives are refused. */
    runner_id: Id,
    waypoints: Type.Array(Waypoint, { maxItems: limits.waypoints_per_event_max }),
  }),
  'trip.end': Type.Object({ outcome: Type.Union([Type.Literal('completed'), Type.Literal('cancelled')]) }),
}

export const tripQueries = {
  'trip.view': Type.Object({}),
}

/** A runner's shard passes the fixes of a runner on a trip on to the trip. */
export const tripSignals = {
  'trip.moved': Type.Object({
    runner_id: Id,
    waypoints: Type.Array(Waypoint, { minItems: 1, maxItems: limits.fixes_per_frame_max }),
    /** He was reserved only just: a trip that is not his yet may be about to begin. */
    beginning: Type.Optional(Type.Boolean()),
  }),
}

export const tripEvents = {
  'tracking.started': Type.Object({ track_id: Id, runner_id: Id, owner_id: Id }),
  /** Journaled places, in the order in which they arrived; `added_m` is what they add to the distance, in metres. */
  'trip.waypoints': Type.Object({
    waypoints: Type.Array(Waypoint, { maxItems: limits.waypoints_per_event_max }),
    added_m: Type.Number(),
  }),
  'tracking.updated': Type.Object({
    track_id: Id,
    runner_id: Id,
    owner_id: Id,
    latitude: Latitude,
    longitude: Longitude,
    speed_kmh: Type.Number(),
  }),
  'tracking.completed': Type.Object({
    track_id: Id,
    runner_id: Id,
    owner_id: Id,
    outcome: Type.Union([Type.Literal('completed'), Type.Literal('cancelled')]),
    total_distance_km: Type.Number({ minimum: 0 }),
  }),
}

export type Waypoint = Static<typeof Waypoint>
export type TripEvent = MessageOf<typeof tripEvents>
export type TripSignal = MessageOf<typeof tripSignals>
