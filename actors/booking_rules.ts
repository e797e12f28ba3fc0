/** Who may move a booking, and along which way: the questions that its decisions ask. */
import type { Context, Decision } from '../protocols/actor.ts'
import type {
  BookingEvent,
  BookingStatus,
  bookingCommands,
  PetSpec,
  RequestInputs,
} from '../protocols/booking.ts'
import { type Rejection, type RejectionCode, reject } from '../protocols/rejections.ts'
import type { RefusalReason } from '../protocols/runner.ts'
import type { MessageOf } from '../protocols/shape.ts'
import { instantOf, wireTime } from '../protocols/times.ts'
import type { Booking } from './booking.ts'
import { requirementOf } from './crates.ts'
import { routeOf } from './geo.ts'
import { bookingNumber } from './numbers.ts'
import { currency, priceOf, quoteOf } from './pricing.ts'
import { isHighTier } from './quality.ts'
import { brokenRule } from './transport_rules.ts'

export const notFound = reject('booking.not_found', 'no booking has this id')

/** The move is none of the status machine: 422, with both states in the words that the clients know. */
export const wrongStatus = (from: string, to: BookingStatus): Rejection =>
  reject('booking.wrong_status', `cannot transition from '${from}' to '${to}'`)

/** Nothing when `by` holds the booking; otherwise why he may not move it to `to`. */
export function holderOnly(state: Booking, by: Context['by'], to: BookingStatus): Rejection | undefined {
  if (state.status === 'none') return notFound
  if (state.runner_id === by.id) return undefined
  return state.runner_id === ''
    ? wrongStatus(state.status, to)
    : reject('booking.not_yours', 'another runner holds it')
}

/** From pick-up on an animal is in the car: only an admin ends that early. */
export const mayCancel = (status: Booking['status'], role: Context['by']['role']): boolean =>
  status === 'requested' || status === 'accepted' || (status === 'in_progress' && role === 'admin')

type Request = MessageOf<typeof bookingCommands, 'booking.request'>

/**
 * A booking with its number, its price and what it needs. Rejects with `request.malformed` (a time that is none), what
 * a broken transport rule refuses with, or `unavailable` (the shard has no numbers left).
 */
export function request(command: Request & RequestInputs, context: Context): Decision<BookingEvent> {
  const { by, at_ms, policy, shard, shards, serial } = context
  const pet_spec = withTimes(command.pet_spec)
  const scheduled_at = normal(command.scheduled_at ?? null)
  if (pet_spec === undefined || scheduled_at === undefined)
    return reject('request.malformed', 'a time is not an RFC 3339 time')
  const broken = brokenRule(pet_spec, { at_ms, policy })
  if (broken) return broken
  const booking_number = bookingNumber(shard, shards, serial)
  if (booking_number === undefined) return reject('unavailable', 'there are no booking numbers left')
  const needed = requirementOf(pet_spec)
  const route_spec = routeOf(command.pickup_address, command.dropoff_address)
  const { route } = command
  const quote = quoteOf(
    {
      distance_km: route_spec.distance_km,
      ...(route ? { route_km: route.distance_km } : {}),
      pet_type: pet_spec.pet_type,
      size: needed.minimum_size,
      appointment: scheduled_at !== null,
      climate: needed.needs_temp_control,
    },
    policy,
  )
  return [
    {
      type: 'booking.requested',
      booking_number,
      owner_id: by.id,
      pet_spec,
      requirement: isHighTier(quote, policy) ? { ...needed, high_tier: true } : needed,
      pickup_address: command.pickup_address,
      dropoff_address: command.dropoff_address,
      route_spec,
      estimated_price_cents: priceOf(quote),
      currency,
      scheduled_at,
      notes: command.notes,
      quote,
      ...(route ? { itinerary: route } : {}),
    },
  ]
}

/** Whole seconds, UTC; null stays null; undefined: it is no time. */
function normal(text: string | null): string | null | undefined {
  if (text === null) return null
  const at_ms = instantOf(text)
  return at_ms === undefined ? undefined : wireTime(at_ms)
}

function withTimes(pet: PetSpec): PetSpec | undefined {
  const vaccinations: PetSpec['vaccinations'] = []
  for (const each of pet.vaccinations) {
    const date_given = normal(each.date_given)
    const expires_at = normal(each.expires_at)
    if (typeof date_given !== 'string' || expires_at === undefined) return undefined
    vaccinations.push({ ...each, date_given, expires_at })
  }
  return { ...pet, vaccinations }
}

const refusals: Readonly<Record<RefusalReason, RejectionCode & `${string}.${string}`>> = {
  no_crate: 'runner.no_crate',
  at_capacity: 'runner.at_capacity',
  offline: 'runner.not_online',
  not_registered: 'runner.not_found',
  rating: 'booking.runner_refused',
  not_admitted: 'runner.not_admitted',
  not_certified: 'runner.not_certified',
  expired: 'booking.runner_refused',
  too_late: 'booking.runner_refused',
}

/** How an accept ended for `by`: asked again after each event, until the runner's shard has answered or time is up. */
export function settleAccept(state: Booking, { by }: Pick<Context, 'by'>): 'wait' | 'done' | Rejection {
  if (state.pending_id === by.id) return 'wait'
  if (state.runner_id === by.id) return 'done'
  if (state.refused_id === by.id && state.refused_reason !== '')
    return reject(refusals[state.refused_reason], `the runner was refused: ${state.refused_reason}`)
  return lost(state)
}

/** Why one who is not the runner cannot become it. */
export function lost({ status, pending_id }: Booking): Rejection {
  if (status === 'none') return notFound
  if (status === 'accepted' || pending_id !== '')
    return reject('booking.lost_race', 'another runner was first')
  return status === 'requested'
    ? reject('booking.runner_refused', 'the runner was not reserved')
    : wrongStatus(status, 'accepted')
}
