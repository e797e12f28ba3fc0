/** What is read from the projections rather than from an actor. Objects are in their wire shape (contract). */
export interface BookingFilter {
  /** Bookings of this owner. */
  readonly owner_id?: string
  /** Bookings that this runner holds or held. */
  readonly runner_id?: string
  /** Also every requested booking, which any runner may take. Only together with `runner_id`. */
  readonly with_open?: boolean
  /** Only these; absent means all. */
  readonly statuses?: readonly string[]
  /** From 1. */
  readonly page: number
  readonly limit: number
}

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly total: number
}

export interface WaypointView {
  readonly id: string
  readonly latitude: number
  readonly longitude: number
  readonly speed_kmh: number
  readonly heading_degrees: number
  readonly recorded_at: string
}

export interface PaymentFilter {
  /** Payments of this owner, or to this runner. */
  readonly owner_id?: string
  readonly runner_id?: string
  readonly statuses?: readonly string[]
  readonly page: number
  readonly limit: number
}

export interface Lists {
  /** Newest first. */
  payments(filter: PaymentFilter): Promise<Page<object>>
  /** Newest first. */
  bookings(filter: BookingFilter): Promise<Page<object>>
  /** Every place of a booking's present trip, in time order. */
  waypoints(booking_id: string): Promise<readonly WaypointView[]>
}
