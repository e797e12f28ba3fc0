import { limits } from '../../protocols/limits.ts'
import { drive, hasArrived, isReachable, observe, placeOf, type Vehicle, vehicleOn } from './movement.ts'
import type { Phone } from './phone.ts'
import type { Random } from './random.ts'
import {
  anyCrossing,
  crossingAt,
  crossingNear,
  expressway,
  metresBetween,
  type Road,
  roadOf,
  streets,
  type Town,
} from './roads.ts'
import type { Trip, World } from './world.ts'

const sight_m = 320
const near_m = 150
const decline_share = 0.04
const reasons = ['too_far', 'cannot_transport', 'already_busy', 'pickup_issue', 'other'] as const

type Phase = 'offline' | 'idle' | 'wooing' | 'to_pickup' | 'to_dropoff' | 'busy'

/** One runner: drives, reports, takes bookings near by, and carries animals. */
export class Runner {
  readonly #world: World
  readonly #phone: Phone
  readonly #random: Random
  readonly #vehicle: Vehicle
  #town: Town
  #phase: Phase = 'offline'
  #trip: Trip | undefined

  constructor(world: World, phone: Phone, town: Town) {
    this.#world = world
    this.#phone = phone
    this.#random = world.random.fork()
    this.#town = town
    this.#vehicle = vehicleOn(this.#wander(), Date.now())
    phone.onOpen = (booking_id) => this.#hear(booking_id)
    phone.onGone = (booking_id) => this.#forget(booking_id)
  }

  /** Comes online some time within `within_ms`, and lives until the city closes. */
  begin(within_ms: number): void {
    this.#world.wheel.after(this.#random.between(0, within_ms), () => {
      void this.#goOnline()
      this.#tick()
    })
  }

  async #goOnline(): Promise<void> {
    const { latitude, longitude } = placeOf(this.#vehicle)
    const done = await this.#phone.command('go_online', { type: 'runner.go_online', latitude, longitude })
    if (done) this.#phase = 'idle'
    else this.#later(5_000, () => void this.#goOnline())
  }

  #tick(): void {
    if (this.#world.is_closing) return
    if (!this.#world.is_paused) this.#advance()
    this.#later(this.#cadence() * this.#random.between(0.95, 1.05), () => this.#tick())
  }

  #advance(): void {
    const now_ms = Date.now()
    drive(this.#vehicle, this.#random, now_ms)
    if (this.#phase !== 'offline') this.#report(now_ms)
    if (hasArrived(this.#vehicle)) this.#arrive()
    this.#mishap()
  }

  #report(now_ms: number): void {
    const { speed_mps } = this.#vehicle
    const place = placeOf(this.#vehicle)
    const fix = observe(place, speed_mps, this.#random, now_ms, this.#world.is_clean)
    this.#phone.report(fix, this.#trip, isReachable(this.#vehicle))
  }

  /** As the engine advises. */
  #cadence(): number {
    const { cadence } = limits
    if (this.#trip && this.#phase !== 'wooing') {
      const left_m = this.#vehicle.road.length_m - this.#vehicle.along_m
      return this.#phase === 'to_pickup' && left_m < near_m ? cadence.near_pickup_ms : cadence.on_trip_ms
    }
    return hasArrived(this.#vehicle) ? cadence.still_ms : cadence.moving_ms
  }

  #arrive(): void {
    if (this.#phase === 'to_pickup') void this.#pickUp()
    else if (this.#phase === 'to_dropoff') void this.#deliver()
    else if (this.#phase === 'idle' && this.#random.chance(0.5)) this.#take(this.#wander())
  }

  /** Phones lose their connection now and then, and very seldom start again. */
  #mishap(): void {
    if (this.#random.chance(0.004)) this.#phone.drop()
    else if (this.#random.chance(0.0008)) this.#phone.reboot()
  }

  /** A booking near by is open. */
  #hear(booking_id: string): void {
    if (this.#phase !== 'idle' || this.#world.is_paused || !this.#random.chance(this.#world.eagerness)) return
    this.#phase = 'wooing'
    this.#later(this.#random.between(200, 2_500), () => void this.#woo(booking_id))
  }

  async #woo(booking_id: string): Promise<void> {
    const trip = this.#world.trips.get(booking_id)
    const is_near = trip && metresBetween(placeOf(this.#vehicle), trip.plan.pickup) < sight_m
    const can = is_near && !this.#world.is_paused && !this.#world.is_closing
    if (!can || !(await this.#phone.command('accept', { type: 'booking.accept', booking_id }))) {
      this.#phase = 'idle'
      return
    }
    this.#trip = trip
    this.#phone.take(trip)
    if (trip.ended_ms !== Number.POSITIVE_INFINITY) return this.#rest()
    this.#phase = 'to_pickup'
    this.#take(this.#wayTo(trip))
    if (this.#random.chance(decline_share))
      this.#later(this.#random.between(1_000, 4_000), () => void this.#decline(trip))
  }

  async #decline(trip: Trip): Promise<void> {
    if (this.#phase !== 'to_pickup' || this.#trip !== trip || this.#world.is_paused) return
    this.#phase = 'busy'
    const reason = this.#random.pick(reasons)
    // A declined trip begins again with another runner: only fixes of before it are surely its own.
    this.#phone.leave(trip)
    await this.#phone.command('decline', { type: 'booking.decline', booking_id: trip.id, reason })
    this.#rest()
  }

  async #pickUp(): Promise<void> {
    const trip = this.#trip
    if (!trip || this.#world.is_paused) return
    this.#phase = 'busy'
    if (!(await this.#phone.command('pick_up', { type: 'booking.pick_up', booking_id: trip.id })))
      return this.#rest()
    this.#phase = 'to_dropoff'
    this.#take(this.#wayOf(trip))
  }

  async #deliver(): Promise<void> {
    const trip = this.#trip
    if (!trip || this.#world.is_paused) return
    this.#phase = 'busy'
    trip.ended_ms = Math.min(trip.ended_ms, performance.now())
    await this.#phone.command('deliver', { type: 'booking.deliver', booking_id: trip.id })
    this.#town = trip.plan.to_town
    this.#rest()
  }

  /** The booking was cancelled, or is not his any more. */
  #forget(booking_id: string): void {
    if (this.#trip?.id === booking_id && this.#phase === 'to_pickup') this.#rest()
  }

  #rest(): void {
    this.#trip = undefined
    this.#phase = 'idle'
    this.#take(this.#wander())
  }

  #take(road: Road): void {
    this.#vehicle.road = road
    this.#vehicle.along_m = 0
  }

  #wander(): Road {
    const from =
      this.#phase === 'offline' ? anyCrossing(this.#random) : crossingAt(this.#town, placeOf(this.#vehicle))
    const road = streets(this.#random, this.#town, from, crossingNear(this.#random, from, 3))
    return this.#phase === 'offline' ? road : this.#from(road)
  }

  #wayTo({ plan }: Trip): Road {
    const from = crossingAt(this.#town, placeOf(this.#vehicle))
    return this.#from(streets(this.#random, this.#town, from, plan.from))
  }

  #wayOf({ plan }: Trip): Road {
    if (plan.to_town !== plan.town) return this.#from(expressway(plan.town, plan.to_town))
    return this.#from(streets(this.#random, plan.town, plan.from, plan.to))
  }

  /** The road, from where he is now. */
  #from(road: Road): Road {
    const { latitude, longitude } = placeOf(this.#vehicle)
    return roadOf([{ latitude, longitude }, ...road.points], road.speed_kmh, road.gaps)
  }

  #later(ms: number, call: () => void): void {
    this.#world.wheel.after(ms, call)
  }
}
