import { expect, test } from 'vitest'
import type { BookingEvent } from '../protocols/booking.ts'
import { limits } from '../protocols/limits.ts'
import { firstPolicy } from '../protocols/policy.ts'
import {
  accepted,
  booking_number,
  cancelled,
  completed,
  confirmed,
  declined,
  delivered,
  done,
  driving,
  owner,
  pending,
  release,
  requested,
  rival,
  runner,
  taken,
  toTrip,
} from './booking.given.ts'
import { booking } from './booking.ts'
import { given, noon_ms, self } from './given.ts'

const pay = { type: 'booking.pay', payment_method: '' } as const
const confirm = { type: 'booking.confirm' } as const
const names = { booking_number, owner_id: owner.id }
const asked = (waits = 1, runner_id = ''): BookingEvent => ({
  type: 'booking.payment_requested',
  ...names,
  runner_id,
  amount_cents: 73_948,
  currency: 'MYR',
  payment_method: '',
  waits,
})
type Money = Extract<BookingEvent, { type: 'booking.payment_changed' }>['money']
const money = (state: Money, stage = 12): BookingEvent => ({
  type: 'booking.payment_changed',
  money: state,
  stage,
})
const word = (state: Money, stage = 12) => ({ type: 'booking.payment_is', money: state, stage }) as const
const toPayment = (command: object) => ({ to: { actor: 'payment', id: self }, command })
const waits = (number: number) => ({
  to: { actor: 'booking', id: self },
  command: { type: 'booking.end_money_wait', waits: number },
  after_ms: limits.money_wait_ms,
})
const paidDone = [...done, asked(), money('held')]
const paidConfirmed: BookingEvent = { ...confirmed, paid: true, waits: 2 } as BookingEvent
const paidCompleted: BookingEvent = { ...completed, unpaid: false } as BookingEvent

test('PY20 its owner pays for a booking at its own price, once until a try has failed', () => {
  const {
    type: _type,
    waits: _waits,
    ...order
  } = asked() as Extract<BookingEvent, { type: 'booking.payment_requested' }>
  given(booking, [requested])
    .when(pay, owner)
    .yields([asked()])
    .asks([toPayment({ type: 'payment.create', ...order }) as never, waits(1) as never])
    .settles('wait')
  given(booking, [requested, asked()]).when(pay, owner).yieldsNothing().settles('wait')
  for (const state of ['waiting', 'held', 'refunded'] as const)
    given(booking, [requested, asked(), money(state)])
      .when(pay, owner)
      .yieldsNothing()
      .settles('done')
  given(booking, [requested, asked(), money('failed')])
    .when(pay, owner)
    .yields([asked(2)])
  given(booking, [requested]).when(pay, rival).isRejected('booking.not_yours')
  given(booking, []).when(pay, owner).isRejected('booking.not_found')
  for (const history of [
    [requested, cancelled(owner, '', 0)],
    [...done, confirmed, completed],
  ])
    given(booking, history).when(pay, owner).isRejected('booking.wrong_status')
  const often = Array.from({ length: limits.holds_per_payment_max }, (_, index) => [
    asked(index + 1),
    money('failed', 10 * index + 13),
  ]).flat()
  given(booking, [requested, ...often])
    .when(pay, owner)
    .isRejected('payment.too_many_tries')
})

test('PY21 a confirmed delivery captures what is held, and waits for it', () => {
  given(booking, paidDone)
    .when(confirm, owner)
    .yields([paidConfirmed])
    .asks([toPayment({ type: 'payment.capture', runner_id: runner.id }) as never, waits(2) as never])
    .settles('wait')
  given(booking, [...paidDone, paidConfirmed])
    .when(confirm, owner)
    .yieldsNothing()
    .settles('wait')
  given(booking, [...paidDone, paidConfirmed])
    .when(word('released', 13))
    .yields([money('released', 13), paidCompleted])
  given(booking, [...paidDone, paidConfirmed, money('released', 13), paidCompleted])
    .when(confirm, owner)
    .yieldsNothing()
    .settles('done')
  given(booking, paidDone).when({ type: 'booking.end_window', delivered_ms: noon_ms }).yields([paidConfirmed])
  given(booking, [...paidDone, paidConfirmed])
    .when({ type: 'booking.end_window', delivered_ms: noon_ms })
    .yieldsNothing()
})

test('PY22 an answer that waits for slow money says how things stand after five seconds', () => {
  const end = (number: number) => ({ type: 'booking.end_money_wait', waits: number }) as const
  const late = (number: number): BookingEvent => ({ type: 'booking.money_delayed', waits: number })
  given(booking, [...paidDone, paidConfirmed])
    .when(end(2))
    .yields([late(2)])
  given(booking, [...paidDone, paidConfirmed, late(2)]).settles(confirm, owner, 'done')
  given(booking, [requested, asked()])
    .when(end(1))
    .yields([late(1)])
  given(booking, [requested, asked(), late(1)]).settles(pay, owner, 'done')
  given(booking, [...paidDone, paidConfirmed])
    .when(end(1))
    .yieldsNothing()
  given(booking, paidDone).when(end(1)).yieldsNothing()
})

test('PY23 an open or failed payment refuses the confirmation', () => {
  for (const state of ['pending', 'waiting', 'failed'] as const) {
    given(booking, [...done, asked(), money(state)])
      .when(confirm, owner)
      .isRejected('booking.payment_open')
    given(booking, [...paidDone, paidConfirmed, money(state, 20)])
      .when(confirm, owner)
      .isRejected('booking.payment_open')
  }
  given(booking, [...paidDone, paidConfirmed, money('failed', 13)]).settles(
    confirm,
    owner,
    'booking.payment_open',
  )
})

test('PY24 a window that ends over an open payment confirms as soon as the money is held', () => {
  const over: BookingEvent = { type: 'booking.window_ended', owner_id: owner.id, delivered_ms: noon_ms }
  const open = [...done, asked(), money('failed', 13)]
  given(booking, open)
    .when({ type: 'booking.end_window', delivered_ms: noon_ms })
    .yields([over])
    .effects([
      { type: 'push.send', data: { user_id: owner.id, template: 'payment_needed', booking_id: self } },
    ])
  given(booking, [...open, over, asked(2, runner.id)])
    .when(word('held', 22))
    .yields([money('held', 22), { ...confirmed, paid: true, waits: 3 } as BookingEvent])
  given(booking, driving.concat(asked()), { policy: { ...firstPolicy, confirmation_window_ms: 0 } })
    .when({ type: 'booking.deliver' }, runner)
    .yields([delivered, over])
  given(booking, driving.concat(asked(), money('held')), {
    policy: { ...firstPolicy, confirmation_window_ms: 0 },
  })
    .when({ type: 'booking.deliver' }, runner)
    .yields([delivered, paidConfirmed])
})

test('PY25 what was given back counts as unpaid', () => {
  given(booking, [...done, asked(), money('refunded', 13)])
    .when(confirm, owner)
    .yields([confirmed, completed])
  given(booking, [...paidDone, paidConfirmed])
    .when(word('refunded', 13))
    .yields([money('refunded', 13), completed])
})

test('PY26 the payment of a booking hears who carries it, and that it was cancelled', () => {
  const paid = { paid: true } as const
  given(booking, [requested, asked(), pending])
    .when({ type: 'booking.assign', runner_id: runner.id, attempt: 1 })
    .yields([{ ...accepted, ...paid } as BookingEvent])
    .asks([
      toTrip({ type: 'trip.start', runner_id: runner.id, owner_id: owner.id }),
      toPayment({ type: 'payment.assign_runner', runner_id: runner.id }) as never,
    ])
  given(booking, [...taken, asked(1, runner.id)])
    .when({ type: 'booking.decline', reason: 'too_far' }, runner)
    .yields([{ ...declined, ...paid } as BookingEvent])
    .asks([
      toTrip({ type: 'trip.end', outcome: 'cancelled' }),
      release('declined'),
      toPayment({ type: 'payment.assign_runner', runner_id: '' }) as never,
    ])
  const gone = { ...cancelled(owner, '', 0), ...paid } as BookingEvent
  const cancel = toPayment({ type: 'payment.cancel', reason: 'booking cancelled: ill' }) as never
  given(booking, [requested, asked()])
    .when({ type: 'booking.cancel', reason: 'ill' }, owner)
    .yields([gone])
    .asks([cancel])
  given(booking, [requested, asked(), gone])
    .when(word('held'))
    .yields([{ ...money('held'), orphaned: true } as BookingEvent])
    .asks([toPayment({ type: 'payment.cancel', reason: 'booking cancelled' }) as never])
})

test('PY27 an older word about the payment never undoes a newer one', () => {
  given(booking, [...taken, asked(), money('held', 12)])
    .when(word('waiting', 11))
    .yieldsNothing()
  const { state } = given(booking, taken.concat(asked(), money('failed', 13))).when(word('held', 22))
  expect(state.money).toBe('held')
})
