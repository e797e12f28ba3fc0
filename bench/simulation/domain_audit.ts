/** What is so of bookings and runners, written down a second time: the auditor shares no rule with what it audits. */
import type { Booking } from '../../actors/booking.ts'
import type { Runner } from '../../actors/runner.ts'
import type { EventRecord } from '../../protocols/frame.ts'
import type { Breaches } from './breaches.ts'
import { policy } from './plan.ts'

interface Move {
  readonly from: readonly Booking['status'][]
  readonly to: Booking['status']
}

// biome-ignore format: a table reads better as one
const moves: Readonly<Record<string, Move>> = {
  'booking.requested':          { from: ['none'],                                  to: 'requested' },
  'booking.runner_pending':     { from: ['requested'],                             to: 'requested' },
  'booking.accepted':           { from: ['requested'],                             to: 'accepted' },
  'booking.declined':           { from: ['accepted'],                              to: 'requested' },
  'booking.pet_picked_up':      { from: ['accepted'],                              to: 'in_progress' },
  'booking.delivered':          { from: ['in_progress'],                           to: 'delivered' },
  'booking.delivery_confirmed': { from: ['delivered'],                             to: 'delivered' },
  'booking.completed':          { from: ['delivered'],                             to: 'completed' },
  'booking.cancelled':          { from: ['requested', 'accepted', 'in_progress'],  to: 'cancelled' },
}

const year_ms = 366 * 86_400_000
const order = ['small', 'medium', 'large', 'xlarge']

type Fields = Readonly<Record<string, unknown>>

export class DomainAudit {
  readonly #breaches: Breaches
  readonly #confirmed = new Set<string>()
  readonly #places = new Set<string>()
  /** The runner of each booking, by its own events. */
  readonly #holders = new Map<string, string>()

  constructor(breaches: Breaches) {
    this.#breaches = breaches
  }

  isConfirmed(booking_id: string): boolean {
    return this.#confirmed.has(booking_id)
  }

  /** Whether the trip of a booking went through a place, `boot:seq`. */
  hasPlace(booking_id: string, fix: string): boolean {
    return this.#places.has(`${booking_id} ${fix}`)
  }

  take(event: EventRecord, before: unknown, after: unknown): void {
    if (event.kind === 'booking') this.#booking(event, before as Booking, after as Booking)
    if (event.kind === 'runner') this.#runner(event, before as Runner, after as Runner)
    if (event.type === 'trip.waypoints') this.#trip(event)
  }

  #trip({ id, data }: EventRecord): void {
    const { waypoints } = data as { waypoints: readonly { boot: string; seq: number }[] }
    for (const { boot, seq } of waypoints) this.#places.add(`${id} ${boot}:${seq}`)
  }

  #booking(event: EventRecord, before: Booking, after: Booking): void {
    const { id, type } = event
    const data = event.data as Fields
    const move = moves[type]
    if (move && (!move.from.includes(before.status) || after.status !== move.to))
      this.#breaches.add('machine', `${type} of ${id} took it from ${before.status} to ${after.status}`)
    if (!move && before.status !== after.status)
      this.#breaches.add('machine', `${type} of ${id} moved it from ${before.status} to ${after.status}`)
    if (type === 'booking.runner_pending' && before.pending_id !== '')
      this.#breaches.add('one runner', `${id}: ${before.pending_id} was pending already`)
    if (type === 'booking.accepted') this.#accepted(id, String(data.runner_id))
    if (type === 'booking.declined' || type === 'booking.cancelled') this.#holders.delete(id)
    if (type === 'booking.delivery_confirmed') this.#confirmed.add(id)
    if (type === 'booking.requested') this.#requested(event, after)
  }

  #accepted(id: string, runner_id: string): void {
    const holder = this.#holders.get(id)
    if (holder !== undefined) this.#breaches.add('one runner', `${id} went from ${holder} to ${runner_id}`)
    this.#holders.set(id, runner_id)
  }

  #requested({ id, at_ms }: EventRecord, { pet_spec }: Booking): void {
    const stale = pet_spec.vaccinations.some(({ date_given }) => at_ms - Date.parse(date_given) > year_ms)
    if (stale) this.#breaches.add('vaccination', `${id} was taken with a vaccination that is too old`)
  }

  #runner({ id, type }: EventRecord, before: Runner, after: Runner): void {
    if (after.bookings.length > policy.runner_capacity)
      this.#breaches.add('capacity', `runner ${id} holds ${after.bookings.length} bookings`)
    if (type === 'runner.reserved' && before.bookings.length === 0 && !before.online)
      this.#breaches.add('capacity', `runner ${id} was reserved while offline`)
  }

  /** Who was accepted has a crate for the animal. */
  fits(id: string, { requirement }: Booking, runner: Runner | undefined): void {
    const fitting = runner?.crates.some(
      ({ size, max_weight_kg, pet_types }) =>
        order.indexOf(size) >= order.indexOf(requirement.minimum_size) &&
        max_weight_kg >= requirement.weight_kg &&
        pet_types.includes(requirement.pet_type),
    )
    if (!fitting) this.#breaches.add('crate', `${id} was accepted by a runner without a crate for it`)
  }

  /** Where bookings and runners disagree about who holds what: empty when no step is under way. */
  disagreements(
    bookings: ReadonlyMap<string, Booking>,
    runners: ReadonlyMap<string, Runner>,
  ): readonly string[] {
    const wrong: string[] = []
    for (const [id, { status, runner_id }] of bookings) {
      const held = status === 'accepted' || status === 'in_progress'
      const hold = runners.get(runner_id)?.bookings.some(({ booking_id }) => booking_id === id) ?? false
      if (held !== hold && runner_id !== '')
        wrong.push(`${id} is ${status}; does its runner hold it: ${hold}`)
    }
    for (const [id, { bookings: holds }] of runners)
      for (const { booking_id } of holds)
        if (bookings.get(booking_id)?.runner_id !== id)
          wrong.push(`runner ${id} holds ${booking_id}, which is not his`)
    return wrong
  }
}
