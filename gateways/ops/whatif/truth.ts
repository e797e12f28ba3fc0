/** How deep in the product's order those stood who took the bookings in truth: a model's runners choose alike. */
import { limits } from '../../../protocols/limits.ts'
import { Agenda } from './agenda.ts'
import { percentile } from './figures.ts'
import { Fleet } from './fleet.ts'
import type { Habits } from './habits.ts'
import { pass } from './passage.ts'
import type { Deed, Demand, Recorded } from './recorded.ts'
import { Stage, type StageParts } from './stage.ts'

export interface Depth {
  /** 0: the first of those who could have taken it; 1: the last. */
  readonly share: number
  /** Among all within this distance. */
  readonly radius_km: number
}

export interface Depths {
  of(booking_id: string): Depth
  readonly known: number
  readonly firsts: number
  readonly median: number
}

interface TruthParts extends StageParts {
  readonly recorded: Recorded
  readonly habits: Habits
}

/** The record alone played through the actors, every command as it was, with a search where each who took a booking heard of it. */
export class Truth {
  readonly #parts: TruthParts
  readonly #stage: Stage
  readonly #fleet: Fleet
  readonly #found = new Map<string, Depth>()

  constructor(parts: TruthParts) {
    const { recorded, habits, policyFor } = parts
    this.#parts = parts
    this.#stage = new Stage(parts)
    this.#fleet = new Fleet(recorded, { stage: this.#stage, policyFor, approach_kmh: habits.approach_kmh })
  }

  play(): Depths {
    const { recorded } = this.#parts
    const agenda = new Agenda()
    for (const demand of recorded.demand.values()) {
      const { runner_id, accepted_ms } = demand.ride
      const heard_ms = accepted_ms - demand.answer_ms
      if (runner_id !== '') agenda.add(heard_ms, () => this.#look(demand, runner_id, heard_ms))
    }
    this.#fleet.begin(recorded.span.from_ms)
    pass(recorded, agenda, {
      deed: (deed) => this.#repeat(deed),
      move: (index, place, at_ms) => this.#fleet.told(index, place, at_ms),
      after: () => {},
    })
    const shares = [...this.#found.values()].map(({ share }) => share)
    const median = percentile(shares, 0.5) ?? 0
    return {
      of: (booking_id) =>
        this.#found.get(booking_id) ?? { share: median, radius_km: limits.announce_radius_km },
      known: shares.length,
      firsts: shares.filter((share) => share === 0).length,
      median,
    }
  }

  #repeat(deed: Deed): void {
    if (!('order' in deed)) return
    const { order } = deed
    const came = this.#stage.tell(order)
    if ('rejected' in came) return
    for (const { of, event } of came) {
      if (of.actor !== 'runner') continue
      this.#fleet.replace(of.id, order.at_ms)
      if (event.type === 'runner.online') this.#fleet.settle(of.id, order.at_ms)
    }
  }

  /** One who is found nowhere, since his phone was silent, tells nothing. */
  #look({ ride, pickup, requirement }: Demand, runner_id: string, at_ms: number): void {
    for (const radius_km of [limits.announce_radius_km, this.#parts.habits.reach_km]) {
      const near = this.#fleet.near(pickup, requirement, radius_km, at_ms)
      const place = near.findIndex(({ id }) => id === runner_id)
      if (place < 0) continue
      const share = near.length === 1 ? 0 : place / (near.length - 1)
      this.#found.set(ride.id, { share, radius_km })
      return
    }
  }
}
