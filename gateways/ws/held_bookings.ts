// Which bookings a runner holds when he connects. A few look-ups at a time, so that a storm of reconnects spares the database.
import { limits } from '../../protocols/limits.ts'
import type { Doors } from '../doors.ts'

interface Asked {
  readonly runner_id: string
  readonly found: (booking_ids: readonly string[]) => void
}

export class HeldBookings {
  readonly #doors: Doors
  readonly #waiting: Asked[] = []
  #running = 0

  constructor(doors: Doors) {
    this.#doors = doors
  }

  /** Calls back once with the ids, or never when the queue is full or the lists cannot be read: the pushes are a courtesy. */
  find(runner_id: string, found: (booking_ids: readonly string[]) => void): void {
    if (this.#waiting.length >= limits.held_queue_max) return
    this.#waiting.push({ runner_id, found })
    this.#next()
  }

  #next(): void {
    if (this.#running >= limits.held_lookups_max) return
    const asked = this.#waiting.shift()
    if (!asked) return
    this.#running += 1
    this.#look(asked).finally(() => {
      this.#running -= 1
      this.#next()
    })
  }

  async #look({ runner_id, found }: Asked): Promise<void> {
    try {
      const page = await this.#doors.lists.bookings({
        runner_id,
        statuses: ['accepted', 'in_progress', 'delivered'],
        page: 1,
        limit: limits.held_bookings_max,
      })
      found(
        page.items.flatMap((booking) =>
          'id' in booking && typeof booking.id === 'string' ? [booking.id] : [],
        ),
      )
    } catch (fault) {
      this.#doors.env.log('warn', 'the bookings of a runner could not be listed', {
        fault: fault instanceof Error ? fault.message : String(fault),
      })
    }
  }
}
