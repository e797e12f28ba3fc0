/** How runners chose in truth, which a model's runners do alike: how deep in the product's order those stood who took a booking, and who let one pass that nobody took. */
import { limits } from '../../../protocols/limits.ts'
import { Agenda } from './agenda.ts'
import { percentile } from './figures.ts'
import { Fleet } from './fleet.ts'
import type { Habits } from './habits.ts'
import { pass } from './passage.ts'
import type { Deed, Demand, Recorded } from './recorded.ts'
import { kmBetween } from './recording.ts'
import { Stage, type StageParts } from './stage.ts'

export interface Depth {
  /** 0: the first of those who could have taken it; 1: the last. */
  readonly share: number
  /** Among all within this distance. */
  readonly radius_km: number
}

export interface Choices {
  depthOf(booking_id: string): Depth
  /** Runners whom the product could tell of a booking that nobody took. */
  passedBy(booking_id: string): ReadonlySet<string>
  readonly known: number
  readonly firsts: number
  readonly median: number
  /** Bookings that nobody took. */
  readonly passed: number
}

const nobody: ReadonlySet<string> = new Set()

interface TruthParts extends StageParts {
  readonly recorded: Recorded
  readonly habits: Habits
}

/** The record alone played through the actors, every command as it was, with a search where each who took a booking heard of it. */
export class Truth {
  readonly #parts: TruthParts
  readonly #stage: Stage
  readonly #fleet: Fleet
  readonly #agenda = new Agenda()
  readonly #found = new Map<string, Depth>()
  readonly #passed = new Map<string, Set<string>>()
  /** Those that nobody took, while they are open. */
  readonly #open = new Set<Demand>()

  constructor(parts: TruthParts) {
    const { recorded, habits, policyFor } = parts
    this.#parts = parts
    this.#stage = new Stage(parts)
    this.#fleet = new Fleet(recorded, { stage: this.#stage, policyFor, approach_kmh: habits.approach_kmh })
  }

  play(): Choices {
    const { recorded, habits } = this.#parts
    for (const demand of recorded.demand.values()) this.#plan(demand)
    this.#fleet.begin(recorded.span.from_ms)
    pass(recorded, this.#agenda, {
      deed: (deed) => this.#repeat(deed),
      move: (index, place, at_ms) => this.#fleet.told(index, place, at_ms),
      after: () => {},
    })
    const shares = [...this.#found.values()].map(({ share }) => share)
    const median = percentile(shares, 0.5) ?? 0
    return {
      depthOf: (booking_id) => this.#found.get(booking_id) ?? { share: median, radius_km: habits.reach_km },
      known: shares.length,
      firsts: shares.filter((share) => share === 0).length,
      median,
      passedBy: (booking_id) => this.#passed.get(booking_id) ?? nobody,
      passed: this.#passed.size,
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
      if (event.type === 'runner.online' || event.type === 'runner.released') this.#freed(of.id, order.at_ms)
    }
  }

  #plan(demand: Demand): void {
    const { runner_id, accepted_ms } = demand.ride
    const heard_ms = accepted_ms - demand.answer_ms
    if (runner_id !== '') return this.#agenda.add(heard_ms, () => this.#look(demand, runner_id, heard_ms))
    this.#passed.set(demand.ride.id, new Set())
    this.#agenda.add(demand.open_ms, () => {
      this.#open.add(demand)
      this.#pass(demand, demand.open_ms)
    })
  }

  /** As often as a model looks, those are noted who could take it. */
  #pass(demand: Demand, at_ms: number): void {
    const { cancelled_ms } = demand.ride
    if (cancelled_ms > 0 && cancelled_ms <= at_ms) return void this.#open.delete(demand)
    this.#note(demand, at_ms)
    const end_ms = cancelled_ms > 0 ? cancelled_ms : Number.POSITIVE_INFINITY
    const next_ms = Math.min(at_ms + limits.whatif_look_ms, end_ms)
    this.#agenda.add(next_ms, () => this.#pass(demand, next_ms))
  }

  #note({ ride, pickup, requirement }: Demand, at_ms: number): void {
    const passed = this.#passed.get(ride.id)
    for (const { id } of this.#fleet.near(pickup, requirement, this.#parts.habits.far_km, at_ms))
      passed?.add(id)
  }

  #freed(runner_id: string, at_ms: number): void {
    const place = this.#open.size > 0 ? this.#fleet.placeOf(runner_id, at_ms) : undefined
    if (!place) return
    for (const demand of this.#open)
      if (kmBetween(place, demand.pickup) <= this.#parts.habits.far_km) this.#note(demand, at_ms)
  }

  /** One who is found nowhere, since his phone was silent, tells nothing. */
  #look({ ride, pickup, requirement }: Demand, runner_id: string, at_ms: number): void {
    for (const radius_km of [limits.announce_radius_km, this.#parts.habits.far_km]) {
      const near = this.#fleet.near(pickup, requirement, radius_km, at_ms)
      const place = near.findIndex(({ id }) => id === runner_id)
      if (place < 0) continue
      const share = near.length === 1 ? 0 : place / (near.length - 1)
      this.#found.set(ride.id, { share, radius_km })
      return
    }
  }
}
