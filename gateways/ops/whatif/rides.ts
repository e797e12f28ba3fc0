/** How bookings went: the same account of them, whether their events were recorded or modelled. */
import type { Message } from '../../../protocols/actor.ts'
import type { Event } from '../../../protocols/catalogue.ts'

/** Times are milliseconds since the epoch, 0: it never came to that. */
export interface Ride {
  readonly id: string
  asked_ms: number
  /** The rules did not take the booking. */
  refused: boolean
  high_tier: boolean
  price_cents: number
  /** Who holds it, or held it when it ended. */
  runner_id: string
  /** From where he was when he took it to the pickup, along the great circle; undefined where nobody knows. */
  pickup_km: number | undefined
  accepted_ms: number
  picked_up_ms: number
  delivered_ms: number
  cancelled_ms: number
  /** Its owner paid, and the payment did not fail. */
  paid: boolean
  platform_fee_cents: number
  runner_payout_cents: number
}

export const rideOf = (id: string, asked_ms: number): Ride => ({
  id,
  asked_ms,
  refused: false,
  high_tier: false,
  price_cents: 0,
  runner_id: '',
  pickup_km: undefined,
  accepted_ms: 0,
  picked_up_ms: 0,
  delivered_ms: 0,
  cancelled_ms: 0,
  paid: false,
  platform_fee_cents: 0,
  runner_payout_cents: 0,
})

type Rows = { readonly [Type in Event['type']]?: (ride: Ride, event: EventOf<Type>, at_ms: number) => void }
export type EventOf<Type extends Event['type']> = Extract<Event, { type: Type }>

const open = (ride: Ride) =>
  Object.assign(ride, { runner_id: '', accepted_ms: 0, picked_up_ms: 0, pickup_km: undefined })

const rows: Rows = {
  'booking.requested': (ride, { requirement, estimated_price_cents }) => {
    ride.high_tier = requirement.high_tier === true
    ride.price_cents = estimated_price_cents
  },
  'booking.accepted': (ride, { runner_id }, at_ms) => {
    ride.runner_id = runner_id
    ride.accepted_ms = at_ms
  },
  'booking.declined': open,
  'booking.pet_picked_up': (ride, _event, at_ms) => {
    ride.picked_up_ms = at_ms
  },
  'booking.delivered': (ride, _event, at_ms) => {
    ride.delivered_ms = at_ms
  },
  'booking.cancelled': (ride, _event, at_ms) => {
    ride.cancelled_ms = at_ms
  },
  'payment.escrow_created': (ride, { platform_fee_cents, runner_payout_cents }) => {
    Object.assign(ride, { paid: true, platform_fee_cents, runner_payout_cents })
  },
  'payment.failed': (ride) => {
    Object.assign(ride, { paid: false, platform_fee_cents: 0, runner_payout_cents: 0 })
  },
}

/** Takes an event of the booking, or of its payment, into the account. */
export function tellRide(ride: Ride, event: Message, at_ms: number): void {
  const row = rows[event.type as Event['type']] as
    | ((ride: Ride, event: Message, at_ms: number) => void)
    | undefined
  row?.(ride, event, at_ms)
}
