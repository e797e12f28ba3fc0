import type { Actor, Context, Decision, FollowUp } from '../protocols/actor.ts'
import type { bookingSteps } from '../protocols/booking.ts'
import { limits } from '../protocols/limits.ts'
import type { Policy } from '../protocols/policy.ts'
import { reject } from '../protocols/rejections.ts'
import {
  type Crate,
  type RefusalReason,
  type Requirement,
  type RunnerCriteria,
  type RunnerEvent,
  runnerBits,
  type runnerCommands,
  type runnerEvents,
  type runnerQueries,
  type runnerSignals,
  type runnerSteps,
} from '../protocols/runner.ts'
import type { MessageOf } from '../protocols/shape.ts'
import { wireTime } from '../protocols/times.ts'
import { crateBits, fits } from './crates.ts'
import { idFrom } from './ids.ts'
import { type FormerHold, type Hold, perceive } from './moves.ts'
import { no_presence, type Presence, sift, speedMax } from './pings.ts'
import { admits, type Figures } from './quality.ts'
import { rankOf } from './ranking.ts'
import { completionRate, idleSince, rated, rateRunner } from './runner_record.ts'

/** A runner's id is his user id, which is what every client calls `runner_id`. No `profile_id`: he never registered. */
export interface Runner {
  readonly profile_id: string
  readonly full_name: string
  readonly phone: string
  readonly vehicle_type: string
  readonly vehicle_plate: string
  readonly vehicle_model: string
  readonly vehicle_year: number
  readonly air_conditioned: boolean
  readonly online: boolean
  /** Where and when he last went online. */
  readonly latitude: number
  readonly longitude: number
  readonly online_ms: number
  readonly crates: readonly Crate[]
  readonly bookings: readonly Hold[]
  readonly recent: readonly FormerHold[]
  /** 0: not rated. */
  readonly rating: number
  /** How many ratings that is the mean of, and for which bookings the last of them came. */
  readonly ratings: number
  readonly recent_ratings: readonly string[]
  /** Deliveries. */
  readonly total_trips: number
  /** Bookings that he accepted, and declined or cancelled himself. */
  readonly dropped: number
  /** For animals that need care. */
  readonly certified: boolean
  readonly created_ms: number
}

type Commands = typeof runnerCommands & typeof runnerSteps
type Self = Readonly<{ state: Runner; volatile: Readonly<Presence> }>

export const runner: Actor<
  Runner,
  Commands,
  typeof runnerEvents,
  Readonly<Presence>,
  typeof runnerSignals,
  typeof runnerQueries,
  RunnerCriteria
> = {
  name: 'runner',
  initial: {
    profile_id: '',
    full_name: '',
    phone: '',
    vehicle_type: '',
    vehicle_plate: '',
    vehicle_model: '',
    vehicle_year: 0,
    air_conditioned: false,
    online: false,
    latitude: 0,
    longitude: 0,
    online_ms: 0,
    crates: [],
    bookings: [],
    recent: [],
    rating: 0,
    ratings: 0,
    recent_ratings: [],
    total_trips: 0,
    dropped: 0,
    certified: false,
    created_ms: 0,
  },
  volatile: no_presence,

  decide: {
    'runner.register': (state, { type: _type, ...profile }, { command_id }) => {
      if (state.profile_id !== '') return reject('runner.exists', 'this user has a runner profile')
      return [{ type: 'runner.registered', profile_id: idFrom(command_id, 'profile'), ...profile }]
    },

    'runner.update': (state, { type: _type, ...wished }) => {
      if (state.profile_id === '') return notRegistered
      const changes = changesOf(state, wished)
      return Object.keys(changes).length === 0 ? [] : [{ type: 'runner.updated', ...changes }]
    },

    'runner.go_online': (state, { latitude, longitude }, { id, at_ms }) => {
      if (state.profile_id === '') return notRegistered
      const same = state.online && state.latitude === latitude && state.longitude === longitude
      if (same && at_ms - state.online_ms < limits.repeat_window_ms) return []
      return [{ type: 'runner.online', runner_id: id, latitude, longitude }]
    },

    // One who holds a booking keeps it, and his trip its waypoints: he only gets no further ones.
    'runner.go_offline': (state, _command, { id }) => {
      if (state.profile_id === '') return notRegistered
      return state.online ? [{ type: 'runner.offline', runner_id: id }] : []
    },

    'runner.add_crate': (state, { type: _type, ...crate }, { command_id }) => {
      if (state.profile_id === '') return notRegistered
      if (state.crates.length >= limits.crates_per_runner_max)
        return reject('runner.too_many_crates', `a profile holds at most ${limits.crates_per_runner_max}`)
      return [{ type: 'runner.crate_added', crate: { id: idFrom(command_id, 'crate'), ...crate } }]
    },

    'runner.certify': (state, { certified }, { by }) => {
      if (by.role !== 'admin') return reject('auth.role', 'an admin certifies runners')
      if (state.profile_id === '') return notRegistered
      return state.certified === certified ? [] : [{ type: 'runner.certified', certified }]
    },

    'runner.reserve': reserve,
    'runner.rate': rateRunner,

    // A release of another attempt than the one he holds is late, and frees nobody.
    'runner.release': ({ bookings }, { type: _type, ...release }) =>
      bookings.some((hold) => hold.booking_id === release.booking_id && hold.attempt === release.attempt)
        ? [{ type: 'runner.released', ...release }]
        : [],
  },

  evolve: {
    'runner.registered': (state, { type: _type, ...profile }, { at_ms }) => ({
      ...state,
      ...profile,
      created_ms: at_ms,
    }),
    'runner.updated': (state, { type: _type, ...changes }) => ({ ...state, ...changes }),
    'runner.online': (state, { latitude, longitude }, { at_ms }) => ({
      ...state,
      online: true,
      latitude,
      longitude,
      online_ms: at_ms,
    }),
    'runner.offline': (state) => ({ ...state, online: false }),
    'runner.crate_added': (state, { crate }) => ({ ...state, crates: [...state.crates, crate] }),
    'runner.reserved': (state, { booking_id, attempt }, { at_ms }) => ({
      ...state,
      bookings: [...without(state.bookings, booking_id), { booking_id, attempt, since_ms: at_ms }],
    }),
    'runner.reserve_refused': (state) => state,
    'runner.released': released,
    'runner.certified': (state, { certified }) => ({ ...state, certified }),
    'runner.rated': rated,
  },

  react: {
    'runner.reserved': ({ booking_id, attempt }, { id }) => ({
      follow_ups: [answer(booking_id, { type: 'booking.assign', runner_id: id, attempt })],
    }),
    'runner.reserve_refused': ({ booking_id, reason, attempt }, { id }) => ({
      follow_ups: [answer(booking_id, { type: 'booking.release_pending', runner_id: id, reason, attempt })],
    }),
  },

  sense: {
    'runner.moved': ({ state, volatile }, signal, { id, at_ms, policy }) => {
      if (state.profile_id === '') return { volatile, skip: true, refused: notRegistered }
      if (!listens(state, signal.lane)) return { volatile, skip: true, refused: notOnline }
      const sifted = sift(volatile, signal, {
        now_ms: at_ms,
        policy,
        speed_max_m_s: speedMax(state.vehicle_type),
      })
      return perceive(id, sifted, state, signal, at_ms)
    },
  },

  place: (self, policy) => {
    if (!self.state.online) return undefined
    const { latitude, longitude } = positionOf(self)
    const free = self.state.bookings.length < policy.runner_capacity ? runnerBits.free : 0
    return { latitude, longitude, bits: free | crateBits(self.state, policy) }
  },

  match: (self, { requirement, only_free }, { at_ms, policy }) => {
    const { state } = self
    if (!state.online || !isFresh(self, at_ms, policy)) return false
    if (only_free && state.bookings.length >= policy.runner_capacity) return false
    return requirement === undefined || unfitness(state, requirement, policy) === undefined
  },

  rank: ({ state }, { distance_km, criteria: { requirement } }, { at_ms, policy }) =>
    rankOf(
      { ...figuresOf(state), carrier: state, distance_km, idle_ms: at_ms - idleSince(state) },
      requirement,
      policy,
    ),

  answer: {
    'runner.view': (self, _query, { id, by }) => {
      if (by.id !== id && by.role !== 'admin' && by.role !== 'service')
        return reject('auth.role', 'a profile is shown to its runner')
      return self.state.profile_id === '' ? notRegistered : view(self.state, id)
    },
  },

  view: ({ state }, id) => view(state, id),

  invariant: (state) => {
    const { profile_id, online, crates, bookings } = state
    if (profile_id === '' && (online || crates.length > 0 || bookings.length > 0))
      return 'someone who never registered is active'
    if (new Set(bookings.map((hold) => hold.booking_id)).size !== bookings.length)
      return 'a booking is held twice'
    if (crates.length > limits.crates_per_runner_max) return 'too many crates'
    return state.recent.length > limits.recent_legs_max ? 'too many former bookings' : undefined
  },
}

const notRegistered = reject('runner.not_found', 'this user has no runner profile')
const notOnline = reject('runner.not_online', 'go online first')

/** Held already by this attempt or a later one: nothing to do. By an earlier one: the hold is that of this attempt now. */
function reserve(
  state: Runner,
  { booking_id, requirement, attempt }: MessageOf<typeof runnerSteps, 'runner.reserve'>,
  { policy }: Context,
): Decision<RunnerEvent> {
  const held = state.bookings.find((hold) => hold.booking_id === booking_id)
  if (held && held.attempt >= attempt) return []
  if (held) return [{ type: 'runner.reserved', booking_id, attempt }]
  const reason = obstacle(state, requirement, policy)
  return [
    reason === undefined
      ? { type: 'runner.reserved', booking_id, attempt }
      : { type: 'runner.reserve_refused', booking_id, reason, attempt },
  ]
}

function obstacle(state: Runner, requirement: Requirement, policy: Policy): RefusalReason | undefined {
  if (state.profile_id === '') return 'not_registered'
  if (!state.online) return 'offline'
  if (state.bookings.length >= policy.runner_capacity) return 'at_capacity'
  return unfitness(state, requirement, policy)
}

/** Why he cannot carry such an animal on such a job at any time. */
function unfitness(state: Runner, requirement: Requirement, policy: Policy): RefusalReason | undefined {
  const { high_tier = false, needs_certified = false } = requirement
  const figures = figuresOf(state)
  if (!fits(state, requirement, policy)) return 'no_crate'
  if (needs_certified && !state.certified) return 'not_certified'
  if (!admits('standard', figures, policy)) return 'rating'
  return high_tier && !admits(policy.high_tier.admits, figures, policy) ? 'not_admitted' : undefined
}

const figuresOf = (state: Runner): Figures => ({
  rating: state.rating,
  total_trips: state.total_trips,
  completion_rate: completionRate(state),
})

const without = <H extends Hold>(bookings: readonly H[], booking_id: string) =>
  bookings.filter((hold) => hold.booking_id !== booking_id)

function released(
  state: Runner,
  { booking_id, outcome, own = false }: MessageOf<typeof runnerEvents, 'runner.released'>,
  { at_ms }: Pick<Context, 'at_ms'>,
): Runner {
  const former = state.bookings
    .filter((hold) => hold.booking_id === booking_id && outcome !== 'refused')
    .map((hold) => ({ ...hold, until_ms: at_ms }))
  return {
    ...state,
    bookings: without(state.bookings, booking_id),
    recent: [...without(state.recent, booking_id), ...former].slice(-limits.recent_legs_max),
    total_trips: state.total_trips + (outcome === 'delivered' ? 1 : 0),
    dropped: state.dropped + (outcome === 'declined' || (outcome === 'cancelled' && own) ? 1 : 0),
  }
}

type Changes = Omit<MessageOf<typeof runnerCommands, 'runner.update'>, 'type'>

/** The fields that are given, not empty, and differ. */
function changesOf(state: Runner, wished: Changes): Changes {
  const differs = ([field, value]: [string, string | number | boolean | undefined]) =>
    value !== undefined && value !== '' && value !== 0 && state[field as keyof Changes] !== value
  return Object.fromEntries(Object.entries(wished).filter(differs))
}

/** A runner on a trip is heard wherever he says he is; so is the backlog of one whose trip has ended. */
const listens = ({ online, bookings, recent }: Runner, lane: 'live' | 'backlog'): boolean =>
  online || bookings.length > 0 || (lane === 'backlog' && recent.length > 0)

/** The newest of what his device said and where he went online. */
function positionOf({ state, volatile }: Self) {
  if (volatile.at_ms >= state.online_ms) return volatile
  return {
    latitude: state.latitude,
    longitude: state.longitude,
    at_ms: state.online_ms,
    via: 'http' as const,
  }
}

function isFresh(self: Self, now_ms: number, policy: Policy): boolean {
  const { at_ms, via } = positionOf(self)
  return now_ms - at_ms <= (via === 'socket' ? policy.presence_socket_ms : policy.presence_http_ms)
}

const answer = (booking_id: string, command: MessageOf<typeof bookingSteps>): FollowUp => ({
  to: { actor: 'booking', id: booking_id },
  command,
})

/** Runner of contract 3.0.1. */
const view = (state: Runner, id: string) => ({
  id: state.profile_id,
  user_id: id,
  full_name: state.full_name,
  phone: state.phone,
  vehicle_type: state.vehicle_type,
  vehicle_plate: state.vehicle_plate,
  vehicle_model: state.vehicle_model,
  air_conditioned: state.air_conditioned,
  session_status: state.online ? 'active' : 'inactive',
  rating: Math.round(state.rating * 100) / 100,
  total_trips: state.total_trips,
  completion_rate: completionRate(state),
  certified: state.certified,
  crate_specs: state.crates,
  created_at: wireTime(state.created_ms),
})
