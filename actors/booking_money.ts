/** What a booking does about its payment: asks for it, waits for it, and never lets go of money that is not settled. */
import type { Context, Decision, FollowUp, Reaction } from '../protocols/actor.ts'
import type { BookingEvent, bookingCommands, bookingSteps, MoneyStatus } from '../protocols/booking.ts'
import { limits } from '../protocols/limits.ts'
import { type Rejection, reject } from '../protocols/rejections.ts'
import type { MessageOf } from '../protocols/shape.ts'
import type { Booking } from './booking.ts'
import { notFound, wrongStatus } from './booking_rules.ts'

/** The booking's part of its payment, and what it starts from. */
export interface Purse {
  readonly money: MoneyStatus | ''
  /** Of the payment's last word. */
  readonly money_stage: number
  /** How often the payment was asked for. */
  readonly holds: number
  /** Counts the waits for money; `money_slow`: the present one took too long. */
  readonly waits: number
  readonly money_slow: boolean
  readonly confirmed: boolean
  readonly window_over: boolean
}

export const empty_purse: Purse = {
  money: '',
  money_stage: 0,
  holds: 0,
  waits: 0,
  money_slow: false,
  confirmed: false,
  window_over: false,
}

type Named = Pick<Booking, 'booking_number' | 'owner_id' | 'runner_id'>
const held = ({ booking_number, owner_id, runner_id }: Named) => ({ booking_number, owner_id, runner_id })

/** On the events that its payment has to hear of. */
export const paid = ({ money }: Purse) => (money ? ({ paid: true } as const) : {})

const isOpen = ({ money }: Purse) => money === 'pending' || money === 'waiting' || money === 'failed'

const open = ({ money }: Purse): Rejection => reject('booking.payment_open', `its payment is ${money}`)

const completed = (state: Booking, unpaid: boolean): BookingEvent => ({
  type: 'booking.completed',
  ...held(state),
  final_price_cents: state.estimated_price_cents,
  currency: state.currency,
  unpaid,
})

/** What the owner's word, or the end of the window, makes of a delivery whose payment is not open. */
function confirmed(state: Booking, delivered_ms: number): readonly BookingEvent[] {
  const confirmed = { type: 'booking.delivery_confirmed', ...held(state), delivered_ms } as const
  if (state.money === 'held') return [{ ...confirmed, paid: true, waits: state.waits + 1 }]
  return [confirmed, completed(state, true)]
}

/** The end of the window. An open payment postpones the confirmation until the money is held. */
export function endWindow(state: Booking, delivered_ms: number): readonly BookingEvent[] {
  if (!isOpen(state)) return confirmed(state, delivered_ms)
  return [{ type: 'booking.window_ended', owner_id: state.owner_id, delivered_ms }]
}

/** Rejects with `booking.payment_open` while the payment is pending or has failed. */
export function confirm(state: Booking, by: Context['by']): Decision<BookingEvent> {
  if (state.status === 'none') return notFound
  if (state.owner_id !== by.id) return reject('booking.not_yours', 'only its owner confirms it')
  if (state.status === 'completed') return []
  if (state.status !== 'delivered') return wrongStatus(state.status, 'completed')
  if (isOpen(state)) return open(state)
  return state.confirmed ? [] : confirmed(state, state.delivered_ms)
}

type Pay = MessageOf<typeof bookingCommands, 'booking.pay'>

/** Asks for a hold once; again only after the last one has failed. */
export function pay(state: Booking, { payment_method }: Pay, by: Context['by']): Decision<BookingEvent> {
  const { status, owner_id, money, runner_id } = state
  if (status === 'none') return notFound
  if (owner_id !== by.id) return reject('booking.not_yours', 'only its owner pays for it')
  if (money && money !== 'failed') return []
  if (status === 'cancelled' || status === 'completed')
    return reject('booking.wrong_status', `nothing is paid for a booking that is '${status}'`)
  if (state.holds >= limits.holds_per_payment_max)
    return reject('payment.too_many_tries', `at most ${limits.holds_per_payment_max} times`)
  return [
    {
      type: 'booking.payment_requested',
      ...held(state),
      runner_id,
      amount_cents: state.estimated_price_cents,
      currency: state.currency,
      payment_method,
      waits: state.waits + 1,
    },
  ]
}

type PaymentIs = MessageOf<typeof bookingSteps, 'booking.payment_is'>

/** Takes in how the payment stands, and what follows for a delivered booking. */
export function paymentIs(state: Booking, { money, stage }: PaymentIs): readonly BookingEvent[] {
  if (stage <= state.money_stage) return []
  const changed: BookingEvent = { type: 'booking.payment_changed', money, stage }
  if (state.status === 'cancelled' && (money === 'pending' || money === 'held'))
    return [{ ...changed, orphaned: true }]
  if (state.status !== 'delivered') return [changed]
  if (money === 'released') return [changed, completed(state, false)]
  const due = state.window_over && !state.confirmed
  if (money === 'held' && due) return [changed, ...confirmed({ ...state, money }, state.delivered_ms)]
  if (money !== 'refunded') return [changed]
  if (state.confirmed) return [changed, completed(state, true)]
  return due ? [changed, ...confirmed({ ...state, money }, state.delivered_ms)] : [changed]
}

const waitsForMoney = ({ status, money, confirmed }: Booking) =>
  money === 'pending' || (money === 'held' && confirmed && status === 'delivered')

/** Whoever waits hears how things stand after `money_wait_ms`, and may ask again. */
export const endMoneyWait = (state: Booking, waits: number): readonly BookingEvent[] =>
  waitsForMoney(state) && state.waits === waits && !state.money_slow
    ? [{ type: 'booking.money_delayed', waits }]
    : []

export function settlePay({ money, money_slow }: Purse): 'wait' | 'done' {
  return money === 'pending' && !money_slow ? 'wait' : 'done'
}

export function settleConfirm(state: Booking): 'wait' | 'done' | Rejection {
  if (state.status !== 'delivered') return 'done'
  if (isOpen(state)) return open(state)
  return waitsForMoney(state) && !state.money_slow ? 'wait' : 'done'
}

export const toPayment = (id: string, command: FollowUp['command']): FollowUp => ({
  to: { actor: 'payment', id },
  command,
})

const moneyWait = (id: string, waits: number): FollowUp => ({
  to: { actor: 'booking', id },
  command: { type: 'booking.end_money_wait', waits },
  after_ms: limits.money_wait_ms,
})

type Requested = Extract<BookingEvent, { type: 'booking.payment_requested' }>

export const paymentRequested = (
  { type: _type, waits, ...order }: Requested,
  { id }: Pick<Context, 'id'>,
): Reaction => ({
  follow_ups: [toPayment(id, { type: 'payment.create', ...order }), moneyWait(id, waits)],
})

type Confirmed = Extract<BookingEvent, { type: 'booking.delivery_confirmed' }>

export const deliveryConfirmed = (
  { runner_id, paid, waits = 0 }: Confirmed,
  { id }: Pick<Context, 'id'>,
): Reaction =>
  paid ? { follow_ups: [toPayment(id, { type: 'payment.capture', runner_id }), moneyWait(id, waits)] } : {}
