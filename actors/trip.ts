import type { Actor, Context, Decision, Perception } from '../protocols/actor.ts'
import { limits } from '../protocols/limits.ts'
import { type Rejection, reject } from '../protocols/rejections.ts'
import type { MessageOf } from '../protocols/shape.ts'
import { wireTime, wireTimeOrNull } from '../protocols/times.ts'
import type {
  TripEvent,
  TripSignal,
  tripEvents,
  tripQueries,
  tripSignals,
  tripSteps,
  Waypoint,
} from '../protocols/trip.ts'
import { type Course, no_course, prolong } from './course.ts'
import { idFrom } from './ids.ts'
import { hasSeen, nothing_seen, type Seen, withSeq } from './seen.ts'

/** The fixes of one boot of a device that are recorded. */
interface SeenBoot {
  readonly boot: string
  readonly seen: Seen
}

/** One leg: a trip that starts again, after a decline, is a new one. The places themselves are in the journal and its projection. */
export interface Trip {
  readonly status: 'none' | 'active' | 'completed' | 'cancelled'
  readonly track_id: string
  readonly runner_id: string
  readonly owner_id: string
  readonly started_ms: number
  readonly ended_ms: number
  readonly total_m: number
  readonly course: Course
  /** Newest last. */
  readonly boots: readonly SeenBoot[]
  /** When `tracking.updated` last went out. */
  readonly updated_ms: number
}

/** The newest place that watchers were shown: the feed never goes back, and who comes later begins there. */
export interface Feed {
  readonly track_id: string
  readonly shown_ms: number
  readonly shown: Readonly<ReturnType<typeof positionFrame>> | null
}

export const trip: Actor<
  Trip,
  typeof tripSteps,
  typeof tripEvents,
  Feed,
  typeof tripSignals,
  typeof tripQueries
> = {
  name: 'trip',
  initial: {
    status: 'none',
    track_id: '',
    runner_id: '',
    owner_id: '',
    started_ms: 0,
    ended_ms: 0,
    total_m: 0,
    course: no_course,
    boots: [],
    updated_ms: 0,
  },
  volatile: { track_id: '', shown_ms: 0, shown: null },

  decide: {
    'trip.start': (state, { runner_id, owner_id }, { command_id }) =>
      state.status === 'active' && state.runner_id === runner_id
        ? []
        : [{ type: 'tracking.started', track_id: idFrom(command_id, 'track'), runner_id, owner_id }],

    'trip.record': record,

    'trip.end': ({ status, track_id, runner_id, owner_id, total_m }, { outcome }) =>
      status === 'active'
        ? [
            {
              type: 'tracking.completed',
              track_id,
              runner_id,
              owner_id,
              outcome,
              total_distance_km: kilometres(total_m),
            },
          ]
        : [],
  },

  evolve: {
    'tracking.started': (_state, { track_id, runner_id, owner_id }, { at_ms }) => ({
      ...trip.initial,
      status: 'active',
      track_id,
      runner_id,
      owner_id,
      started_ms: at_ms,
    }),
    'trip.waypoints': (state, { waypoints, added_m }) => ({
      ...state,
      total_m: state.total_m + added_m,
      course: prolong(state.course, waypoints).course,
      boots: waypoints.reduce(withWaypoint, state.boots),
    }),
    'tracking.updated': (state, _event, { at_ms }) => ({ ...state, updated_ms: at_ms }),
    'tracking.completed': (state, { outcome }, { at_ms }) => ({
      ...state,
      status: outcome,
      ended_ms: at_ms,
    }),
  },

  sense: { 'trip.moved': moved },

  /** The caller passes at most as many signals as hold `waypoints_per_event_max` places together, all of one trip. */
  gather: {
    'trip.moved': (signals) => ({
      type: 'trip.record',
      runner_id: signals[0]?.runner_id ?? '',
      waypoints: signals.flatMap(({ waypoints }) => waypoints),
    }),
  },

  answer: {
    'trip.view': ({ state, volatile }, _query, { id, by }) => {
      if (state.status === 'none') return reject('trip.not_found', `no trip of booking ${id}`)
      if (by.id !== state.owner_id && by.id !== state.runner_id && by.role !== 'admin')
        return reject('booking.not_yours', 'a trip is shown to its owner and its runner')
      const last_position = volatile.track_id === state.track_id ? volatile.shown : null
      return { ...view(state, id), last_position }
    },
  },

  view: ({ state }, id) => view(state, id),

  invariant: ({ status, runner_id, total_m, course, ended_ms }) => {
    if (status !== 'none' && runner_id === '') return 'a trip without a runner'
    if ((status === 'active') !== (status !== 'none' && ended_ms === 0)) return 'an end that does not fit'
    if (!Number.isFinite(total_m) || total_m < 0) return 'an impossible distance'
    return course.gaps.some(({ from, to }) => from.at_ms >= to.at_ms) ? 'a gap that ends first' : undefined
  },
}

/**
 * Places that are recorded already are dropped, so that a fix may be sent until it is acked. After its end a trip
 * still takes, for an hour, what was driven before. Rejects with `trip.not_active` when nothing of it can be used.
 */
function record(
  state: Trip,
  { runner_id, waypoints }: MessageOf<typeof tripSteps, 'trip.record'>,
  { at_ms }: Context,
): Decision<TripEvent> {
  if (state.runner_id !== runner_id) return notActive
  const fresh = unrecorded(state.boots, waypoints)
  if (fresh.length === 0) return []
  const taken = fresh.filter((place) => takes(state, place, at_ms, limits.fix_future_max_ms))
  if (taken.length === 0) return notActive
  const { added_m } = prolong(state.course, taken)
  const recorded: TripEvent = { type: 'trip.waypoints', waypoints: taken, added_m }
  const update = updateOf(state, taken, at_ms)
  return update ? [recorded, update] : [recorded]
}

const notActive = reject('trip.not_active', 'the runner is not on this trip')

/** Whoever is reserved but has no trip yet sends again; the runner's actor bounds for how long. */
const notBegun: Rejection = { ...notActive, retry_after_ms: limits.trip_begin_retry_ms }

/** A place on an ended trip must be from before its end. `slack_ms`: what waited while the trip ended was good when it came. */
const takes = ({ status, ended_ms }: Trip, place: Waypoint, now_ms: number, slack_ms: number): boolean =>
  status === 'active' ||
  (status !== 'none' &&
    place.at_ms <= ended_ms + slack_ms &&
    now_ms - ended_ms <= limits.trip_grace_ms + slack_ms)

function unrecorded(boots: readonly SeenBoot[], waypoints: readonly Waypoint[]): readonly Waypoint[] {
  let known = boots
  const fresh: Waypoint[] = []
  for (const place of waypoints) {
    const entry = known.find(({ boot }) => boot === place.boot)
    if (entry && hasSeen(entry.seen, place.seq)) continue
    fresh.push(place)
    known = withWaypoint(known, place)
  }
  return fresh
}

function withWaypoint(boots: readonly SeenBoot[], { boot, seq }: Waypoint): readonly SeenBoot[] {
  const index = boots.findIndex((entry) => entry.boot === boot)
  if (index < 0)
    return [...boots, { boot, seen: withSeq(nothing_seen, seq) }].slice(-limits.boots_per_trip_max)
  const entry = boots[index]
  return entry ? boots.with(index, { boot, seen: withSeq(entry.seen, seq) }) : boots
}

/** The public position, at most every 5 s, of the newest live place. */
function updateOf(state: Trip, taken: readonly Waypoint[], now_ms: number): TripEvent | undefined {
  if (state.status !== 'active' || now_ms - state.updated_ms < limits.tracking_interval_ms) return undefined
  const newest = newestLive(taken)
  if (!newest || newest.at_ms < state.course.last.at_ms) return undefined
  const { track_id, runner_id, owner_id } = state
  const { latitude, longitude, speed_kmh } = newest
  return { type: 'tracking.updated', track_id, runner_id, owner_id, latitude, longitude, speed_kmh }
}

function newestLive(waypoints: readonly Waypoint[]): Waypoint | undefined {
  let newest: Waypoint | undefined
  for (const place of waypoints)
    if (place.live && (newest === undefined || place.at_ms >= newest.at_ms)) newest = place
  return newest
}

/** Pushes the newest live place to those who watch, at once, and hands the rest to `gather`. */
function moved(
  { state, volatile }: Readonly<{ state: Trip; volatile: Feed }>,
  { runner_id, waypoints, beginning = false }: TripSignal,
  { id, at_ms }: Context,
): Perception<Feed> {
  const wanted =
    state.runner_id === runner_id &&
    (state.status === 'active' || waypoints.some((place) => takes(state, place, at_ms, 0)))
  if (!wanted) return { volatile, skip: true, refused: beginning ? notBegun : notActive }
  const shown_ms = volatile.track_id === state.track_id ? volatile.shown_ms : 0
  const newest = state.status === 'active' ? newestLive(waypoints) : undefined
  if (!newest || newest.at_ms <= shown_ms) return { volatile }
  const shown = positionFrame(id, runner_id, newest)
  return { volatile: { track_id: state.track_id, shown_ms: newest.at_ms, shown }, shows: [shown] }
}

/** The message of contract 4.2 in the form that every client reads, at top level; `at_ms` tells the feed's delay. */
const positionFrame = (booking_id: string, runner_id: string, place: Waypoint) => ({
  type: 'location_update',
  booking_id,
  runner_id,
  latitude: place.latitude,
  longitude: place.longitude,
  speed_kmh: place.speed_kmh,
  heading_degrees: place.heading_degrees,
  timestamp: wireTime(place.at_ms),
  at_ms: place.at_ms,
})

/** Rounded to metres. */
const kilometres = (metres: number) => Math.round(metres) / 1_000

/** Tracking of contract 3.0.1; the door adds `waypoints`. The distance is that so far, and grows by what comes late. */
const view = (state: Trip, id: string) => ({
  id: state.track_id,
  booking_id: id,
  runner_id: state.runner_id,
  status: state.status,
  total_distance_km: kilometres(state.total_m),
  started_at: wireTime(state.started_ms),
  completed_at: wireTimeOrNull(state.ended_ms),
})
