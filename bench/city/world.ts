import { systemEnv } from '../../engine/system_env.ts'
import type { ClientEnv } from '../../gateways/client/link.ts'
import type { Ledger } from './ledger.ts'
import { Random } from './random.ts'
import {
  anyCrossing,
  type Crossing,
  crossingNear,
  crossingPlace,
  type Place,
  type Town,
  towns,
} from './roads.ts'
import { Wheel } from './wheel.ts'

/** A booking as the people of the city know it. Times are of `performance.now()`. */
export interface Trip {
  readonly id: string
  readonly owner_id: string
  readonly plan: Plan
  /** When a command that ends the trip was first sent: fixes acked after that may have met a trip that is over. */
  ended_ms: number
  /** When each live fix left its phone, by its place: the feed shows the place, and so tells how late it is. */
  readonly sent: Map<string, number>
  /** The newest time that the feed has shown, device clock. */
  shown_ms: number
  is_backwards: boolean
}

/** Where an animal is to go. A long way leads along the expressway from the centre of one town to that of another. */
export interface Plan {
  readonly pet: string
  readonly town: Town
  readonly from: Crossing
  readonly to: Crossing
  readonly to_town: Town
  readonly pickup: Place
  readonly dropoff: Place
}

export interface Person {
  readonly id: string
}

/** What the typed clients stand on. Their jitter is not part of anybody's decisions. */
export const environment: ClientEnv = systemEnv('error')

const centre: Crossing = { east: 0, north: 0 }
const blocks_min = 1
const blocks_max = 3
const long_share = 0.06
/** Of the owners, at most: a long trip outlasts a run. */
const long_owners_share = 0.1
const runners_per_town = 60
const sent_max = 64

export interface Population {
  readonly seed: number
  readonly runners: number
  readonly owners: number
  readonly is_clean: boolean
}

/** What all people of a city share: time, chance, the ledger, and what they could tell each other in the street. */
export class World {
  readonly ledger: Ledger
  readonly random: Random
  readonly wheel = new Wheel()
  readonly towns: readonly Town[]
  readonly trips = new Map<string, Trip>()
  /** How likely a runner who sees a booking near by goes for it, so that about four do. */
  readonly eagerness: number
  /** Nobody begins anything while it is set. */
  is_paused = false
  /** Nobody begins anything ever again. */
  is_closing = false
  /** Nobody waits for anything any more. */
  is_closed = false
  /** Commands that have no answer yet. */
  in_flight = 0
  readonly is_clean: boolean
  #pets = 0
  #long_left: number

  /** With `is_clean` no phone reports what the engine would rightly refuse. */
  constructor({ seed, runners, owners, is_clean }: Population, ledger: Ledger) {
    this.ledger = ledger
    this.is_clean = is_clean
    this.#long_left = Math.ceil(owners * long_owners_share)
    this.random = new Random(seed)
    const count = Math.min(towns.length, Math.max(2, Math.round(runners / runners_per_town)))
    this.towns = Array.from(
      { length: count },
      (_, index) => towns[Math.round((index * (towns.length - 1)) / (count - 1))] ?? this.random.pick(towns),
    )
    this.eagerness = Math.min(1, 4 / Math.max(1, (runners / count) * 0.18))
  }

  /** Resolves after about `ms`, on the common wheel. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.wheel.after(ms, resolve))
  }

  plan(random: Random): Plan {
    const town = random.pick(this.towns)
    const pet = `Pet ${++this.#pets}`
    if (this.#long_left === 0 || !random.chance(long_share)) {
      const from = anyCrossing(random)
      const to = crossingNear(random, from, random.whole(blocks_min, blocks_max))
      const [pickup, dropoff] = [crossingPlace(town, from), crossingPlace(town, to)]
      return { pet, town, from, to, to_town: town, pickup, dropoff }
    }
    this.#long_left -= 1
    const to_town = random.pick(towns.filter((other) => other !== town))
    return { pet, town, from: centre, to: centre, to_town, pickup: town, dropoff: to_town }
  }

  begin(id: string, owner_id: string, plan: Plan): Trip {
    const trip: Trip = {
      id,
      owner_id,
      plan,
      ended_ms: Number.POSITIVE_INFINITY,
      sent: new Map(),
      shown_ms: 0,
      is_backwards: false,
    }
    this.trips.set(id, trip)
    return trip
  }
}

export const placeKey = ({ latitude, longitude }: Place): string => `${latitude},${longitude}`

/** Notes when a live fix of a trip left; the oldest notes go first. */
export function noteSent(trip: Trip, place: Place): void {
  trip.sent.set(placeKey(place), performance.now())
  if (trip.sent.size <= sent_max) return
  const [oldest] = trip.sent.keys()
  if (oldest !== undefined) trip.sent.delete(oldest)
}

/** Takes a feed's frame: how late it is, and whether it is older than one before it. */
export function noteShown(trip: Trip, place: Place, at_ms: number, ledger: Ledger): void {
  ledger.frames += 1
  const key = placeKey(place)
  const sent_ms = trip.sent.get(key)
  if (sent_ms !== undefined) {
    trip.sent.delete(key)
    ledger.feed_us.recordValue(Math.max(1, Math.round((performance.now() - sent_ms) * 1_000)))
  }
  if (at_ms < trip.shown_ms && !trip.is_backwards) {
    trip.is_backwards = true
    ledger.backwards += 1
  }
  trip.shown_ms = Math.max(trip.shown_ms, at_ms)
}
