import type { Trip } from './world.ts'

/** The fixes of a phone that are on their way and surely belong to a trip, by number. */
export class Flying {
  readonly #trips = new Map<number, Trip>()
  readonly #left = new WeakSet<Trip>()

  /** He is on this trip, perhaps again. */
  take(trip: Trip): void {
    this.#left.delete(trip)
  }

  /** He is leaving it: what flies is not surely of it any more, nor what he sends until he takes it again. */
  leave(trip: Trip): void {
    this.#left.add(trip)
    for (const [seq, of] of this.#trips) if (of === trip) this.#trips.delete(seq)
  }

  sent(seq: number, trip: Trip | undefined): void {
    if (trip && !this.#left.has(trip)) this.#trips.set(seq, trip)
  }

  /** The trip that the fix is now recorded on. Only what was acked before anybody ended the trip surely is. */
  acked(seq: number): Trip | undefined {
    const trip = this.#trips.get(seq)
    this.#trips.delete(seq)
    return trip?.ended_ms === Number.POSITIVE_INFINITY ? trip : undefined
  }

  /** The phone has started again. */
  clear(): void {
    this.#trips.clear()
  }
}
