import type { Actor, Context } from '../protocols/actor.ts'
import type {
  BookingEvent,
  BookingStatus,
  bookingCommands,
  bookingEvents,
  bookingQueries,
  bookingSteps,
  Itinerary,
  PetSpec,
  PlaceAddress,
  Quote,
  RouteSpec,
} from '../protocols/booking.ts'
import { limits } from '../protocols/limits.ts'
import { charactersOf, sealedMax } from '../protocols/personal.ts'
import { reject } from '../protocols/rejections.ts'
import type { RefusalReason, Requirement } from '../protocols/runner.ts'
import {
  confirm,
  empty_purse,
  endMoneyWait,
  endWindow,
  type Purse,
  paid,
  pay,
  paymentIs,
  settleConfirm,
  settlePay,
} from './booking_money.ts'
import { rate } from './booking_rating.ts'
import { bookingReactions } from './booking_reactions.ts'
import { holderOnly, lost, mayCancel, notFound, request, settleAccept, wrongStatus } from './booking_rules.ts'
import { bookingView } from './booking_view.ts'
import { pointOf } from './geo.ts'

export interface Booking extends Purse {
  readonly status: BookingStatus | 'none'
  readonly booking_number: string
  readonly owner_id: string
  readonly pet_spec: PetSpec
  readonly requirement: Requirement
  readonly pickup_address: PlaceAddress
  readonly dropoff_address: PlaceAddress
  readonly route_spec: RouteSpec
  /** What the price was made of, and the way to drive; null in bookings older than these. */
  readonly quote: Quote | null
  readonly itinerary: Itinerary | null
  readonly estimated_price_cents: number
  readonly final_price_cents: number
  readonly currency: string
  readonly scheduled_at: string | null
  readonly notes: string
  /** The runner who is being reserved. */
  readonly pending_id: string
  /** Counts the runners who became pending. */
  readonly attempt: number
  /** The last runner who was refused, and why: what his accept is answered. */
  readonly refused_id: string
  readonly refused_reason: RefusalReason | ''
  /** Who holds it, or held it when it ended. */
  readonly runner_id: string
  readonly picked_up_ms: number
  readonly delivered_ms: number
  readonly cancelled_ms: number
  readonly cancel_note: string
  readonly unpaid: boolean
  /** What its owner gave the runner; 0: nothing yet. */
  readonly stars: number
  readonly version: number
  readonly created_ms: number
  readonly updated_ms: number
}

const no_address: PlaceAddress = {
  line1: '',
  line2: '',
  city: '',
  state: '',
  postal_code: '',
  country: '',
  latitude: 0,
  longitude: 0,
}

const none: Booking = {
  ...empty_purse,
  status: 'none',
  booking_number: '',
  owner_id: '',
  pet_spec: {
    pet_type: 'other',
    breed: '',
    name: '',
    weight_kg: 0,
    age_months: 0,
    vaccinations: [],
    special_needs: '',
    photo_url: '',
  },
  requirement: {
    minimum_size: 'small',
    needs_ventilation: true,
    needs_temp_control: false,
    minimum_weight_capacity: 0,
    pet_type: 'other',
    weight_kg: 0,
  },
  pickup_address: no_address,
  dropoff_address: no_address,
  route_spec: {
    pickup_lat: 0,
    pickup_lng: 0,
    dropoff_lat: 0,
    dropoff_lng: 0,
    distance_km: 0,
    estimated_duration_min: 0,
    polyline: '',
  },
  quote: null,
  itinerary: null,
  estimated_price_cents: 0,
  final_price_cents: 0,
  currency: '',
  scheduled_at: null,
  notes: '',
  pending_id: '',
  attempt: 0,
  refused_id: '',
  refused_reason: '',
  runner_id: '',
  picked_up_ms: 0,
  delivered_ms: 0,
  cancelled_ms: 0,
  cancel_note: '',
  unpaid: false,
  stars: 0,
  version: 0,
  created_ms: 0,
  updated_ms: 0,
}

export const booking: Actor<
  Booking,
  typeof bookingCommands & typeof bookingSteps,
  typeof bookingEvents,
  undefined,
  Record<never, never>,
  typeof bookingQueries
> = {
  name: 'booking',
  initial: none,

  decide: {
    'booking.request': (state, command, context) =>
      state.status === 'none' ? request(command, context) : reject('booking.exists', 'this id is taken'),

    // Whoever comes second is refused here, with nothing written: a thousand losers cost nothing.
    'booking.accept': (state, _command, { by }) => {
      if (state.status === 'accepted' && state.runner_id === by.id) return []
      if (state.pending_id === by.id) return []
      if (state.owner_id === by.id) return reject('booking.not_yours', 'its owner cannot carry it')
      if (state.status !== 'requested' || state.pending_id !== '') return lost(state)
      const { requirement } = state
      return [{ type: 'booking.runner_pending', runner_id: by.id, requirement, attempt: state.attempt + 1 }]
    },

    // Refusing a late runner releases him: nobody stays reserved for a booking that is not his.
    'booking.assign': (state, { runner_id, attempt }) => {
      if (holds(state, runner_id)) return []
      if (state.pending_id !== runner_id || state.attempt !== attempt)
        return [{ type: 'booking.runner_refused', runner_id, reason: 'too_late', attempt }]
      return [{ type: 'booking.accepted', ...names(state), runner_id, ...paid(state) }]
    },

    'booking.release_pending': (state, { runner_id, reason, attempt }) =>
      state.pending_id === runner_id && state.attempt === attempt
        ? [{ type: 'booking.runner_refused', runner_id, reason, attempt }]
        : [],

    'booking.decline': (state, { reason }, { by }) => {
      if (state.status === 'none') return notFound
      if (state.runner_id !== '' && state.runner_id !== by.id)
        return reject('booking.not_yours', 'another runner holds it')
      if (state.status !== 'accepted') return reject('booking.not_accepted', `it is ${state.status}`)
      const { requirement, attempt } = state
      const pickup = pointOf(state.pickup_address)
      return [
        { type: 'booking.declined', ...held(state), ...paid(state), attempt, reason, pickup, requirement },
      ]
    },

    'booking.pick_up': (state, _command, { by }) => {
      const refused = holderOnly(state, by, 'in_progress')
      if (refused) return refused
      if (state.status === 'in_progress') return []
      if (state.status !== 'accepted') return wrongStatus(state.status, 'in_progress')
      return [{ type: 'booking.pet_picked_up', ...held(state) }]
    },

    'booking.deliver': (state, _command, { by, at_ms, policy }) => {
      const refused = holderOnly(state, by, 'delivered')
      if (refused) return refused
      if (state.status === 'delivered' || state.status === 'completed') return []
      if (state.status !== 'in_progress') return wrongStatus(state.status, 'delivered')
      const delivered: BookingEvent = { type: 'booking.delivered', ...held(state), attempt: state.attempt }
      return policy.confirmation_window_ms === 0 ? [delivered, ...endWindow(state, at_ms)] : [delivered]
    },

    'booking.confirm': (state, _command, { by }) => confirm(state, by),

    'booking.end_window': (state, { delivered_ms }) =>
      state.status === 'delivered' && state.delivered_ms === delivered_ms && !state.confirmed
        ? endWindow(state, delivered_ms)
        : [],

    'booking.pay': (state, command, { by }) => pay(state, command, by),
    'booking.payment_is': paymentIs,
    'booking.end_money_wait': (state, { waits }) => endMoneyWait(state, waits),

    'booking.cancel': (state, { reason }, { by }) => {
      const { status, owner_id, runner_id, attempt, pending_id } = state
      if (status === 'none') return notFound
      if (by.role !== 'admin' && by.id !== owner_id && by.id !== runner_id)
        return reject('booking.not_yours', 'only its owner, its runner or an admin cancels it')
      if (status === 'cancelled') return []
      if (!mayCancel(status, by.role)) return wrongStatus(status, 'cancelled')
      const cancelled = { ...names(state), ...paid(state), runner_id, attempt, cancelled_by: by.id, reason }
      const gone: BookingEvent = { type: 'booking.cancelled', ...cancelled }
      if (pending_id === '') return [gone]
      return [{ type: 'booking.runner_refused', runner_id: pending_id, reason: 'too_late', attempt }, gone]
    },

    'booking.rate': rate,

    'booking.note': (state, { note }, { by }) => {
      const { status, owner_id, notes } = state
      if (status === 'none') return notFound
      if (owner_id !== by.id) return reject('booking.not_yours', 'only its owner adds notes')
      if (status !== 'requested' && status !== 'accepted')
        return reject('booking.wrong_status', `it takes no notes while it is '${status}'`)
      const all = notes === '' ? note : `${notes}\n${note}`
      if (charactersOf(all) > limits.booking_notes_max || all.length > sealedMax(limits.booking_notes_max))
        return reject('booking.notes_full', `${limits.booking_notes_max} characters in all`)
      return [{ type: 'booking.noted', ...names(state), notes: all }]
    },
  },

  evolve: {
    'booking.requested': (state, { type: _type, ...request }, { at_ms }) => ({
      ...state,
      ...request,
      status: 'requested',
      version: 1,
      created_ms: at_ms,
      updated_ms: at_ms,
    }),
    'booking.runner_pending': (state, { runner_id, attempt }) => ({
      ...state,
      pending_id: runner_id,
      attempt,
      refused_id: '',
      refused_reason: '',
    }),
    // A late refusal of an earlier attempt leaves the present one alone.
    'booking.runner_refused': (state, { runner_id, reason, attempt }) =>
      state.pending_id === runner_id && state.attempt === attempt
        ? { ...state, pending_id: '', refused_id: runner_id, refused_reason: reason }
        : state,
    'booking.accepted': (state, { runner_id }, at) => ({
      ...moved(state, 'accepted', at),
      pending_id: '',
      runner_id,
    }),
    'booking.declined': (state, _event, at) => ({ ...moved(state, 'requested', at), runner_id: '' }),
    'booking.pet_picked_up': (state, _event, at) => ({
      ...moved(state, 'in_progress', at),
      picked_up_ms: at.at_ms,
    }),
    'booking.delivered': (state, _event, at) => ({
      ...moved(state, 'delivered', at),
      delivered_ms: at.at_ms,
    }),
    'booking.delivery_confirmed': (state, { waits = state.waits }) => ({
      ...state,
      confirmed: true,
      waits,
      money_slow: false,
    }),
    'booking.payment_requested': (state, { waits }) => ({
      ...state,
      money: 'pending',
      holds: state.holds + 1,
      waits,
      money_slow: false,
    }),
    'booking.payment_changed': (state, { money, stage }) => ({ ...state, money, money_stage: stage }),
    'booking.money_delayed': (state) => ({ ...state, money_slow: true }),
    'booking.window_ended': (state) => ({ ...state, window_over: true }),
    'booking.completed': (state, { final_price_cents, unpaid }, at) => ({
      ...moved(state, 'completed', at),
      final_price_cents,
      unpaid,
    }),
    'booking.noted': (state, { notes }, { at_ms }) => ({
      ...state,
      notes,
      version: state.version + 1,
      updated_ms: at_ms,
    }),
    'booking.rated': (state, { stars }, { at_ms }) => ({
      ...state,
      stars,
      version: state.version + 1,
      updated_ms: at_ms,
    }),
    'booking.cancelled': (state, { reason }, at) => ({
      ...moved(state, 'cancelled', at),
      pending_id: '',
      cancelled_ms: at.at_ms,
      cancel_note: reason,
    }),
  },

  react: bookingReactions,

  settle: {
    'booking.accept': settleAccept,
    'booking.pay': settlePay,
    'booking.confirm': settleConfirm,
  },

  answer: {
    'booking.view': ({ state }, _query, { id, by }) => {
      if (state.status === 'none') return notFound
      const open = by.role === 'runner' && state.status === 'requested'
      if (!open && by.role !== 'admin' && by.id !== state.owner_id && by.id !== state.runner_id)
        return reject('booking.not_yours', 'a booking is shown to its owner and its runner')
      return bookingView(state, id)
    },
    'booking.search': ({ state: { status, owner_id, pickup_address, requirement } }, _query, { by }) => {
      if (status === 'none') return notFound
      if (by.role !== 'admin' && by.id !== owner_id)
        return reject('booking.not_yours', 'only its owner looks for its runners')
      return { pickup: pointOf(pickup_address), requirement }
    },
  },

  view: ({ state }, id) => bookingView(state, id),

  invariant: ({ status, runner_id, pending_id, version, delivered_ms }) => {
    const has_runner = status === 'accepted' || status === 'in_progress' || status === 'delivered'
    if ((has_runner || status === 'completed') && runner_id === '') return `${status} without a runner`
    if (status === 'requested' && runner_id !== '') return 'requested, yet somebody holds it'
    if (pending_id !== '' && status !== 'requested') return `a runner is pending while it is ${status}`
    if ((status === 'none') !== (version === 0)) return 'a version that does not fit'
    const was_delivered = status === 'delivered' || status === 'completed'
    return was_delivered !== delivered_ms > 0 ? 'a delivery that does not fit' : undefined
  },
}

const names = ({ booking_number, owner_id }: Booking) => ({ booking_number, owner_id })
const held = (state: Booking) => ({ ...names(state), runner_id: state.runner_id })

const holds = ({ status, runner_id }: Booking, id: string): boolean =>
  runner_id === id && (status === 'accepted' || status === 'in_progress')

/** Each move counts one version. */
const moved = (state: Booking, status: BookingStatus, { at_ms }: Pick<Context, 'at_ms'>): Booking => ({
  ...state,
  status,
  version: state.version + 1,
  updated_ms: at_ms,
})
