// The open bookings near a runner who has just come online. One look at the lists a second serves all runners of a thread.
import { limits } from '../../protocols/limits.ts'
import type { Doors } from '../doors.ts'

/** Nobody: the filter wants a runner, and no booking is his. */
const nobody = '00000000-0000-0000-0000-000000000000'
const earth_radius_km = 6_371.0088

interface Open {
  readonly booking: object
  readonly latitude: number
  readonly longitude: number
}

export class OpenBookings {
  readonly #doors: Doors
  #asked_ms = Number.NEGATIVE_INFINITY
  #found: Promise<readonly Open[]> = Promise.resolve([])

  constructor(doors: Doors) {
    this.#doors = doors
  }

  /** The nearest open bookings within the announcement's radius, nearest first, in their wire shape. Never rejects. */
  async near(latitude: number, longitude: number): Promise<readonly object[]> {
    const now_ms = this.#doors.env.monotonic_ms()
    if (now_ms - this.#asked_ms > limits.open_bookings_fresh_ms) {
      this.#asked_ms = now_ms
      this.#found = this.#look()
    }
    const open = await this.#found
    return open
      .map((each) => ({ booking: each.booking, km: distance_km(each, { latitude, longitude }) }))
      .filter(({ km }) => km <= limits.announce_radius_km)
      .sort((a, b) => a.km - b.km)
      .slice(0, limits.open_bookings_shown_max)
      .map(({ booking }) => booking)
  }

  async #look(): Promise<readonly Open[]> {
    try {
      const page = await this.#doors.lists.bookings({
        runner_id: nobody,
        with_open: true,
        statuses: ['requested'],
        page: 1,
        limit: limits.open_bookings_max,
      })
      return page.items.flatMap((booking) => {
        const place = placeOf(booking)
        return place ? [{ booking, ...place }] : []
      })
    } catch (fault) {
      this.#doors.env.log('warn', 'the open bookings could not be listed', {
        fault: fault instanceof Error ? fault.message : String(fault),
      })
      return []
    }
  }
}

interface Place {
  readonly latitude: number
  readonly longitude: number
}

function placeOf(booking: object): Place | undefined {
  if (!('pickup_address' in booking)) return undefined
  const { latitude, longitude } = booking.pickup_address as Partial<Place>
  return typeof latitude === 'number' && typeof longitude === 'number' ? { latitude, longitude } : undefined
}

/** Great-circle distance, haversine. */
function distance_km(from: Place, to: Place): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180
  const half = (a: number, b: number) => Math.sin(radians(b - a) / 2) ** 2
  const chord =
    half(from.latitude, to.latitude) +
    Math.cos(radians(from.latitude)) * Math.cos(radians(to.latitude)) * half(from.longitude, to.longitude)
  return 2 * earth_radius_km * Math.asin(Math.min(1, Math.sqrt(chord)))
}
