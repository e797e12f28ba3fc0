/** A model's runners: where each would be, and who would be told of a booking. */
import { Grid } from '../../../engine/grid.ts'
import type { Near, NearQuery } from '../../../engine/host.ts'
import { candidatesOf, ordered } from '../../../engine/ranking.ts'
import type { Point } from '../../../protocols/ids.ts'
import { limits } from '../../../protocols/limits.ts'
import { bitsFor, type Requirement } from '../../../protocols/runner.ts'
import type { Recorded } from './recorded.ts'
import { kmBetween } from './recording.ts'
import type { PolicyFor, Stage } from './stage.ts'

/** A way that a runner drives in the model: to a pickup, where he may have to wait, and on with the animal. */
export interface Leg {
  readonly booking_id: string
  readonly begins_ms: number
  readonly from: Point
  readonly pickup: Point
  readonly arrives_ms: number
  readonly picks_up_ms: number
  readonly dropoff: Point
  readonly ends_ms: number
}

interface Member {
  readonly id: string
  place: Point | undefined
  moved_ms: number
  /** He is where he was recorded. */
  follows: boolean
  legs: readonly Leg[]
  /** Bookings that he held in truth at this moment. */
  readonly errands: Set<string>
  fixes: number
}

interface FleetParts {
  readonly stage: Stage
  readonly policyFor: PolicyFor
  readonly approach_kmh: number
}

/** Of all the model's devices: none of them ever starts anew. */
const boot = '00000000-0000-4000-8000-000000000000'

export class Fleet {
  readonly #parts: FleetParts
  readonly #grid = new Grid()
  readonly #members: readonly Member[]
  readonly #by_id: ReadonlyMap<string, Member>

  constructor({ runners, states }: Recorded, parts: FleetParts) {
    this.#parts = parts
    this.#members = runners.map(({ id }) => ({
      id,
      place: undefined,
      moved_ms: 0,
      follows: true,
      legs: [],
      errands: new Set(),
      fixes: 0,
    }))
    this.#by_id = new Map(this.#members.map((member) => [member.id, member]))
    for (const [id, state] of states) parts.stage.enter({ actor: 'runner', id }, state)
  }

  /** All who are online at the beginning stand where they went online until their devices say otherwise. */
  begin(at_ms: number): void {
    for (const { id } of this.#members) this.replace(id, at_ms)
  }

  /** A recorded position of the runner with this index. */
  told(index: number, recorded: Point, at_ms: number): void {
    const member = this.#members[index]
    if (!member) return
    const leg = legAt(member, at_ms)
    member.place = leg ? this.#driven(member, leg, recorded, at_ms) : this.#idle(member, recorded, at_ms)
    member.moved_ms = at_ms
    this.#hear(member, at_ms)
  }

  /** He has gone online: he is where he says. */
  settle(id: string, at_ms: number): void {
    const member = this.#by_id.get(id)
    const place = this.#grid.position(id)
    if (member && place && !legAt(member, at_ms))
      Object.assign(member, { place, moved_ms: at_ms, follows: true })
  }

  /** Whether he is where he was in truth. */
  follows(id: string): boolean {
    return this.#by_id.get(id)?.follows ?? false
  }

  errand(id: string, booking_id: string, begins: boolean): void {
    const errands = this.#by_id.get(id)?.errands
    if (begins) errands?.add(booking_id)
    else errands?.delete(booking_id)
  }

  placeOf(id: string, at_ms: number): Point | undefined {
    const member = this.#by_id.get(id)
    const leg = member && legAt(member, at_ms)
    return leg ? along(leg, at_ms) : member?.place
  }

  /** Where and when he is done with all that he drives already; from here and now when there is nothing. */
  doneAt(id: string, at_ms: number): { readonly from: Point | undefined; readonly begins_ms: number } {
    const last = this.#by_id.get(id)?.legs.at(-1)
    if (last && last.ends_ms > at_ms) return { from: last.dropoff, begins_ms: last.ends_ms }
    return { from: this.placeOf(id, at_ms), begins_ms: at_ms }
  }

  /** `as_in_truth`: it is the trip that he drove then, from where he was. */
  drive(id: string, leg: Leg, as_in_truth: boolean): void {
    const member = this.#by_id.get(id)
    if (member) Object.assign(member, { legs: [...member.legs, leg], follows: as_in_truth })
  }

  /** A leg is over, or will not be driven to its end: he stands where it has brought him. */
  leave(id: string, booking_id: string, at_ms: number): void {
    const member = this.#by_id.get(id)
    const leg = member?.legs.find((one) => one.booking_id === booking_id)
    if (!member || !leg) return
    if (at_ms >= leg.begins_ms) Object.assign(member, { place: along(leg, at_ms), moved_ms: at_ms })
    member.legs = member.legs.filter((one) => one !== leg)
    this.#hear(member, at_ms)
  }

  /** After anything has happened to the actor: its place in the grid, and what it offers there. */
  replace(id: string, at_ms: number): void {
    const { stage, policyFor } = this.#parts
    const player = stage.self({ actor: 'runner', id })
    const placed = player?.behaviour.place(player.self, policyFor(at_ms))
    if (!placed) return this.#grid.remove(id)
    this.#grid.place(id, placed.latitude, placed.longitude, placed.bits)
    const member = this.#by_id.get(id)
    if (member) member.place ??= { latitude: placed.latitude, longitude: placed.longitude }
  }

  /** Those whom the product would tell of an open booking, in its order: the announcement's search, with that radius. */
  near(pickup: Point, requirement: Requirement, radius_km: number, at_ms: number): readonly Near[] {
    const { stage, policyFor } = this.#parts
    const policy = policyFor(at_ms)
    const criteria = { requirement, only_free: true }
    const query: NearQuery = {
      kind: 'runner',
      ...pickup,
      radius_km,
      limit: limits.announce_runners_max,
      bits: bitsFor(requirement),
      criteria,
      ranked: true,
    }
    const { limit, bits } = candidatesOf(query)
    const askOf = (id: string) => stage.self({ actor: 'runner', id })
    const matches = (id: string) => {
      const player = askOf(id)
      return player?.behaviour.match(player.self, criteria, { id, at_ms, policy }) ?? false
    }
    const found = this.#grid.near(pickup.latitude, pickup.longitude, radius_km, limit, bits, matches)
    const ranked = found.map(({ id, distance_km }): Near => {
      const player = askOf(id)
      const rank = player?.behaviour.rank(player.self, { distance_km, criteria }, { id, at_ms, policy })
      return { id, distance_km, age_ms: 0, view: {}, ...(rank ? { rank } : {}) }
    })
    return ordered(ranked, query)
  }

  /** On the very trip that he drove in truth he is where he was. */
  #driven(member: Member, leg: Leg, recorded: Point, at_ms: number): Point {
    member.follows = member.errands.has(leg.booking_id)
    return member.follows ? recorded : along(leg, at_ms)
  }

  /** One who was on a trip that is not his here waits where he is; then he drives back to where he was recorded. */
  #idle(member: Member, recorded: Point, at_ms: number): Point {
    const { place, follows, moved_ms, errands } = member
    if (!place) return recorded
    member.follows = false
    if (errands.size > 0) return place
    const left_km = kmBetween(place, recorded)
    const way_km = (this.#parts.approach_kmh * (at_ms - moved_ms)) / 3_600_000
    member.follows = follows || way_km >= left_km
    return member.follows ? recorded : between(place, recorded, way_km / left_km)
  }

  #hear(member: Member, at_ms: number): void {
    const { id, place } = member
    if (!place) return
    member.fixes += 1
    const fixes = [{ seq: member.fixes, ...place, at_ms }]
    const signal = { type: 'runner.moved', boot, lane: 'live', via: 'socket', fixes }
    this.#parts.stage.signal({ actor: 'runner', id }, signal, at_ms)
    this.replace(id, at_ms)
  }
}

const legAt = ({ legs }: Member, at_ms: number): Leg | undefined =>
  legs.find(({ begins_ms, ends_ms }) => begins_ms <= at_ms && at_ms < ends_ms)

/** Straight lines: the times have the detours in them. */
function along({ begins_ms, from, pickup, arrives_ms, picks_up_ms, dropoff, ends_ms }: Leg, at_ms: number) {
  if (at_ms >= ends_ms) return dropoff
  if (at_ms >= picks_up_ms) return between(pickup, dropoff, (at_ms - picks_up_ms) / (ends_ms - picks_up_ms))
  if (at_ms >= arrives_ms) return pickup
  return between(from, pickup, (at_ms - begins_ms) / (arrives_ms - begins_ms))
}

const between = (from: Point, to: Point, share: number): Point => ({
  latitude: from.latitude + (to.latitude - from.latitude) * share,
  longitude: from.longitude + (to.longitude - from.longitude) * share,
})
