/** What the log and the topic of positions have of a time: demand, supply, and how it went. */
import type { Message } from '../../../protocols/actor.ts'
import type { Point } from '../../../protocols/ids.ts'
import type { Requirement } from '../../../protocols/runner.ts'
import type { Ride } from './rides.ts'
import type { Order } from './stage.ts'

/** A runner who took a booking and gave it up himself, so long after taking it. */
export interface Quit {
  readonly runner_id: string
  readonly command: Message
  readonly after_ms: number
}

/** A booking that was asked for in the time. */
export interface Demand {
  readonly ride: Ride
  readonly pickup: Point
  readonly dropoff: Point
  readonly requirement: Requirement
  readonly distance_km: number
  /** When it shall be picked up; 0: at once. */
  readonly scheduled_ms: number
  /** By the maps' route, where they were asked. */
  readonly route_ms: number | undefined
  readonly quits: Quit[]
  /** Since when it has been open to runners: the request, or the last runner who gave it up. */
  open_ms: number
  /** How long the last who took it thought about it. */
  answer_ms: number
  /** What its owner thought of the runner, and how long after the delivery he said so. */
  rated: { readonly stars: number; readonly after_ms: number } | undefined
  /** A payment that the owner never managed to make. */
  unpayable: boolean
}

/** What happened at its own time. */
export type Deed =
  /** `modelled`: it would have gone otherwise under another policy, so that a model makes up its own. */
  | { readonly at_ms: number; readonly order: Order; readonly modelled: boolean }
  /** A runner was reserved for a booking, or released from it: until then his positions are those of that trip. */
  | {
      readonly at_ms: number
      readonly runner_id: string
      readonly booking_id: string
      readonly begins: boolean
    }

export interface RunnerRecord {
  readonly id: string
  /** Of the time that is asked for. */
  online_ms: number
  /** Since when he is online; 0: he is not. */
  online_since_ms: number
  /** When he last became free to take a booking. */
  free_ms: number
  place: Point | undefined
  place_ms: number
}

/** Positions in their order, thinned: parallel lists, for there are millions. */
export interface Positions {
  readonly at_ms: number[]
  readonly latitude: number[]
  readonly longitude: number[]
  /** Index of the runner. */
  readonly runner: number[]
}

/** How long a runner took to answer, and how fast the ways were driven: what the model goes by. */
export interface Samples {
  readonly answers_ms: Map<string, number[]>
  readonly approaches: { km: number; ms: number; count: number }
  readonly rides: { km: number; ms: number; count: number }
  readonly pickups_km: number[]
}

/** Which version of the policy decided from when on. */
export interface InForce {
  readonly version: number
  readonly from_ms: number
}

export interface Span {
  readonly from_ms: number
  /** Bookings asked for before this count. */
  readonly to_ms: number
  /** How they went is followed until then. */
  readonly until_ms: number
}

export interface Recorded {
  readonly span: Span
  readonly demand: ReadonlyMap<string, Demand>
  readonly runners: readonly RunnerRecord[]
  /** States at the beginning. */
  readonly states: ReadonlyMap<string, unknown>
  readonly deeds: readonly Deed[]
  readonly positions: Positions
  readonly samples: Samples
  readonly in_force: readonly InForce[]
}
