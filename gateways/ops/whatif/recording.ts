/** Listens to the log and to the positions of a time, and keeps what a model of it needs. Bounded in bookings and positions. */
import { Fold } from '../../../engine/fold.ts'
import { haversineKm } from '../../../engine/sphere.ts'
import type { Behaviour, Message } from '../../../protocols/actor.ts'
import type { Event } from '../../../protocols/catalogue.ts'
import type { CommandRecord, EventRecord } from '../../../protocols/frame.ts'
import type { Point } from '../../../protocols/ids.ts'
import { Mistake } from '../desk.ts'
import type { Deed, Demand, InForce, Positions, Recorded, RunnerRecord, Samples, Span } from './recorded.ts'
import { type EventOf, rideOf, tellRide } from './rides.ts'

/** A recorded command with what came of it. */
export interface Line {
  readonly at_ms: number
  readonly command: CommandRecord
  readonly serial: number
  /** In today's shape. */
  readonly events: readonly EventRecord[]
}

/** What is kept at most. */
export interface Bounds {
  readonly bookings_max: number
  readonly positions_max: number
  /** Of each runner at most one position in so long a time. */
  readonly thin_ms: number
}

/** Commands of owners and runners that are what they were whatever the policy; all others follow from what the model does. */
const kept: ReadonlySet<string> = new Set([
  'runner.register',
  'runner.update',
  'runner.go_online',
  'runner.go_offline',
  'runner.add_crate',
  'runner.certify',
  'booking.pay',
])
/** What runners did with bookings: the truth, which a model makes up anew. */
const modelled: ReadonlySet<string> = new Set([
  'booking.accept',
  'booking.decline',
  'booking.pick_up',
  'booking.deliver',
])

type Rows = {
  readonly [Type in Event['type']]?: (event: EventOf<Type>, record: EventRecord, line: Line) => void
}

export class Recording {
  readonly #span: Span
  readonly #bounds: Bounds
  readonly #fold: Fold
  readonly #demand = new Map<string, Demand>()
  readonly #runners = new Map<string, { readonly index: number; readonly record: RunnerRecord }>()
  readonly #deeds: Deed[] = []
  readonly #positions: Positions = { at_ms: [], latitude: [], longitude: [], runner: [] }
  readonly #kept_ms: number[] = []
  /** Bookings of before that hold a runner. */
  readonly #held = new Set<string>()
  readonly #in_force: InForce[] = []
  #heard_ms = 0
  readonly #samples: Samples = {
    answers_ms: new Map(),
    approaches: { km: 0, ms: 0, count: 0 },
    rides: { km: 0, ms: 0, count: 0 },
    pickups_km: [],
  }

  constructor(behaviours: readonly Behaviour[], span: Span, bounds: Bounds) {
    this.#span = span
    this.#bounds = bounds
    this.#fold = new Fold(behaviours.filter(({ name }) => name === 'runner'))
  }

  /** Every command of before, shard by shard, and then those of the time, by their times. Throws a Mistake when there are too many bookings. */
  hear(line: Line): void {
    const begun = line.at_ms >= this.#span.from_ms
    this.#heard_ms = Math.max(this.#heard_ms, line.at_ms)
    this.#decidedBy(line)
    if (begun) this.#keep(line)
    for (const record of line.events) {
      if (!begun && record.kind === 'runner') this.#fold.take(record)
      const ride = record.kind === 'runner' ? undefined : this.#demand.get(record.id)?.ride
      const message = { type: record.type, ...record.data }
      const row = this.#rows[record.type as Event['type']] as
        | ((event: Message, record: EventRecord, line: Line) => void)
        | undefined
      row?.(message, record, line)
      if (ride) tellRide(ride, message, record.at_ms)
    }
  }

  /** A position that a device told. Throws a Mistake when there are too many. */
  move(runner_id: string, place: Point, at_ms: number): void {
    const { index, record } = this.#runner(runner_id)
    this.#heard_ms = Math.max(this.#heard_ms, at_ms)
    Object.assign(record, { place, place_ms: at_ms })
    if (at_ms - (this.#kept_ms[index] ?? 0) < this.#bounds.thin_ms) return
    const { positions_max } = this.#bounds
    const { at_ms: times, latitude, longitude, runner } = this.#positions
    if (times.length >= positions_max)
      throw new Mistake(`there are more than ${positions_max} positions in that time: ask for a shorter one`)
    this.#kept_ms[index] = at_ms
    times.push(at_ms)
    latitude.push(place.latitude)
    longitude.push(place.longitude)
    runner.push(index)
  }

  /** All of it, when there is no more to hear. A log that ends on the way of a booking ends the time: nobody knows the rest. */
  end(): Recorded {
    const { to_ms, until_ms } = this.#span
    for (const { record } of this.#runners.values()) this.#offline(record, to_ms)
    const is_over = [...this.#demand.values()].every(
      ({ ride }) => ride.delivered_ms > 0 || ride.cancelled_ms > 0,
    )
    return {
      span: is_over ? this.#span : { ...this.#span, until_ms: Math.min(until_ms, this.#heard_ms) },
      demand: this.#demand,
      runners: [...this.#runners.values()].map(({ record }) => record),
      states: new Map(this.#fold.idsOf('runner').map((id) => [id, this.#fold.find('runner', id)?.state])),
      deeds: this.#deeds,
      positions: this.#positions,
      samples: this.#samples,
      in_force: this.#in_force,
    }
  }

  readonly #rows: Rows = {
    'booking.requested': (event, { id, at_ms }, line) => {
      if (at_ms >= this.#span.from_ms && at_ms < this.#span.to_ms) this.#asked(event, id, line)
    },
    'booking.accepted': ({ runner_id }, { id, at_ms }) => this.#accepted(id, runner_id, at_ms),
    'booking.declined': ({ runner_id }, { id, at_ms }, line) => this.#quit(id, runner_id, at_ms, line),
    'booking.cancelled': ({ runner_id, cancelled_by }, { id, at_ms }, line) => {
      const own = runner_id !== '' && runner_id === cancelled_by
      if (own) this.#quit(id, runner_id, at_ms, line)
      if (this.#demand.has(id)) this.#order(line, own)
    },
    'booking.pet_picked_up': (_event, { id, at_ms }) => this.#pickedUp(id, at_ms),
    'booking.delivered': (_event, { id, at_ms }) => this.#delivered(id, at_ms),
    'booking.rated': ({ stars }, { id, at_ms }) => {
      const demand = this.#demand.get(id)
      if (demand) demand.rated = { stars, after_ms: at_ms - demand.ride.delivered_ms }
    },
    'payment.escrow_created': (_event, { id }) => this.#payable(id, true),
    'payment.failed': (_event, { id }) => this.#payable(id, false),
    'runner.online': ({ latitude, longitude }, { id, at_ms }) => {
      const { record } = this.#runner(id)
      this.#offline(record, at_ms)
      Object.assign(record, {
        online_since_ms: at_ms,
        free_ms: at_ms,
        place: { latitude, longitude },
        place_ms: at_ms,
      })
    },
    'runner.offline': (_event, { id, at_ms }) => this.#offline(this.#runner(id).record, at_ms),
    'runner.reserved': ({ booking_id }, { id, at_ms }) => this.#errand(id, booking_id, at_ms, true),
    'runner.released': ({ booking_id }, { id, at_ms }, line) => {
      this.#runner(id).record.free_ms = at_ms
      if (at_ms >= this.#span.from_ms && this.#held.has(booking_id)) this.#order(line)
      this.#errand(id, booking_id, at_ms, false)
    },
    'runner.rated': ({ booking_id }, { at_ms }, line) => {
      if (at_ms >= this.#span.from_ms && !this.#demand.has(booking_id)) this.#order(line)
    },
  }

  #decidedBy({ at_ms, command: { policy } }: Line): void {
    const newest = this.#in_force.at(-1)
    if (newest && newest.version >= policy) return
    // Which of them ruled before the time matters no more; shards come one after the other there.
    if (at_ms < this.#span.from_ms) this.#in_force.length = 0
    this.#in_force.push({ version: policy, from_ms: at_ms })
  }

  #keep(line: Line): void {
    const { type, to, count } = line.command
    const made_up = modelled.has(type)
    if (count === 0 || !(made_up || kept.has(type))) return
    if (to.actor === 'runner' || this.#demand.has(to.id)) this.#order(line, made_up)
  }

  #order({ at_ms, command, serial }: Line, made_up = false): void {
    const { id, to, type, body, by, policy: version } = command
    this.#deeds.push({
      at_ms,
      order: { at_ms, to, command: { ...body, type }, by, id, serial, version },
      modelled: made_up,
    })
  }

  #asked(event: EventOf<'booking.requested'>, id: string, line: Line): void {
    const { at_ms } = line
    const { bookings_max } = this.#bounds
    if (this.#demand.size >= bookings_max)
      throw new Mistake(`there are more than ${bookings_max} bookings in that time: ask for a shorter one`)
    const { pickup_address, dropoff_address, requirement, route_spec, scheduled_at, itinerary } = event
    const ride = rideOf(id, at_ms)
    tellRide(ride, event, at_ms)
    this.#demand.set(id, {
      ride,
      pickup: pointOf(pickup_address),
      dropoff: pointOf(dropoff_address),
      requirement,
      distance_km: route_spec.distance_km,
      scheduled_ms: scheduled_at === null ? 0 : Date.parse(scheduled_at),
      route_ms: itinerary && itinerary.duration_min * 60_000,
      quits: [],
      open_ms: at_ms,
      answer_ms: 0,
      rated: undefined,
      unpayable: false,
    })
    this.#order(line)
  }

  #accepted(id: string, runner_id: string, at_ms: number): void {
    const demand = this.#demand.get(id)
    if (!demand) return
    const { place, free_ms } = this.#runner(runner_id).record
    const { answers_ms, pickups_km } = this.#samples
    const answers = answers_ms.get(runner_id) ?? []
    answers_ms.set(runner_id, answers)
    demand.answer_ms = Math.max(0, at_ms - Math.max(demand.open_ms, free_ms))
    answers.push(demand.answer_ms)
    if (!place) return
    demand.ride.pickup_km = kmBetween(place, demand.pickup)
    pickups_km.push(demand.ride.pickup_km)
  }

  #quit(id: string, runner_id: string, at_ms: number, { command: { type, body } }: Line): void {
    const demand = this.#demand.get(id)
    if (!demand) return
    const since_ms = demand.ride.accepted_ms === 0 ? demand.open_ms : demand.ride.accepted_ms
    demand.quits.push({ runner_id, command: { ...body, type }, after_ms: Math.max(0, at_ms - since_ms) })
    demand.open_ms = at_ms
  }

  #pickedUp(id: string, at_ms: number): void {
    const demand = this.#demand.get(id)
    if (!demand || demand.scheduled_ms > 0 || demand.ride.pickup_km === undefined) return
    add(this.#samples.approaches, demand.ride.pickup_km, at_ms - demand.ride.accepted_ms)
  }

  #delivered(id: string, at_ms: number): void {
    const demand = this.#demand.get(id)
    if (demand) add(this.#samples.rides, demand.distance_km, at_ms - demand.ride.picked_up_ms)
  }

  /** What goes back because the booking was cancelled was no failure to pay. */
  #payable(id: string, good: boolean): void {
    const demand = this.#demand.get(id)
    if (demand && demand.ride.cancelled_ms === 0) demand.unpayable = !good
  }

  #errand(runner_id: string, booking_id: string, at_ms: number, begins: boolean): void {
    if (at_ms >= this.#span.from_ms) this.#deeds.push({ at_ms, runner_id, booking_id, begins })
    else if (begins) this.#held.add(booking_id)
    else this.#held.delete(booking_id)
  }

  #offline(record: RunnerRecord, at_ms: number): void {
    if (record.online_since_ms === 0) return
    const { from_ms, to_ms } = this.#span
    const least_ms = Math.max(from_ms, record.online_since_ms)
    record.online_ms += Math.max(0, Math.min(to_ms, at_ms) - least_ms)
    record.online_since_ms = 0
  }

  #runner(id: string) {
    const known = this.#runners.get(id)
    if (known) return known
    const record = { id, online_ms: 0, online_since_ms: 0, free_ms: 0, place: undefined, place_ms: 0 }
    const runner = { index: this.#runners.size, record }
    this.#runners.set(id, runner)
    return runner
  }
}

const add = (sum: { km: number; ms: number; count: number }, km: number, ms: number) => {
  sum.km += km
  sum.ms += Math.max(0, ms)
  sum.count += 1
}

const pointOf = ({ latitude, longitude }: Point): Point => ({ latitude, longitude })

/** Along the great circle. */
export const kmBetween = (from: Point, to: Point): number =>
  haversineKm(from.latitude, from.longitude, to.latitude, to.longitude)
