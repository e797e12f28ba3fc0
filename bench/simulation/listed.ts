/** The list of bookings as the database has it: a fold of the events that were projected, made when somebody asks. */
import { type Booking, booking } from '../../actors/booking.ts'
import type { MemoryProjections } from '../../engine/memory_projections.ts'
import { behaviourOf } from '../../protocols/actor.ts'
import type { BookingFilter, Page } from '../../protocols/lists.ts'

const behaviour = behaviourOf(booking)

export class Listed {
  readonly #projections: Pick<MemoryProjections, 'events'>
  readonly #states = new Map<string, Booking>()
  #taken = 0

  constructor(projections: Pick<MemoryProjections, 'events'>) {
    this.#projections = projections
  }

  /** Of one owner, newest first. */
  bookings({ owner_id, page, limit }: BookingFilter): Page<object> {
    this.#take()
    const his = [...this.#states].filter(([, state]) => state.owner_id === owner_id).reverse()
    const shown = his.slice((page - 1) * limit, page * limit)
    const items = shown.map(([id, state]) => behaviour.view({ state, volatile: behaviour.volatile }, id))
    return { items, total: his.length }
  }

  #take(): void {
    const { events } = this.#projections
    for (const { kind, id, type, data, by, at_ms } of events.slice(this.#taken)) {
      if (kind !== behaviour.name) continue
      const before = this.#states.get(id) ?? behaviour.initial
      this.#states.set(id, behaviour.evolve(before, { type, ...data }, { id, by, at_ms }) as Booking)
    }
    this.#taken = events.length
  }
}
