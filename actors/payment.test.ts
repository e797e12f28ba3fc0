import { expect, test } from 'vitest'
import { firstPolicy } from '../protocols/policy.ts'
import { admin, owner, rival, runner } from './booking.given.ts'
import { given, noon_ms, self } from './given.ts'
import {
  create,
  created,
  day_ms,
  failed,
  held,
  intent_id,
  letsGo,
  looks,
  names,
  refunded,
  released,
  returned,
  seen,
  sums,
  tells,
  tellsPerson,
  wanted,
} from './payment.given.ts'
import { payment } from './payment.ts'
import { shares } from './payment_rules.ts'

const capture = { type: 'payment.capture', runner_id: runner.id } as const
const cancel = { type: 'payment.cancel', reason: 'booking cancelled: ill' } as const
const refund = { type: 'payment.refund', reason: 'a mistake' } as const
const capturing = [created, held, wanted]

test('PY1 a hold is asked for once, with the fee and the payout of its amount', () => {
  given(payment, [])
    .when(create)
    .yields([created])
    .asks([tells('pending', 10), looks(firstPolicy.hold_review_ms)])
    .effects([
      {
        type: 'stripe.create',
        data: {
          booking_id: self,
          hold: 1,
          amount_cents: 73_948,
          currency: 'MYR',
          payment_method: '',
          since_ms: noon_ms,
        },
      },
    ])
  for (const history of [[created], [created, held], [...capturing, released]])
    given(payment, history).when(create).yieldsNothing()
})

test('PY2 the fee is cut off to whole sen, and fee and payout are the amount', () => {
  expect(shares(150_000, 15)).toEqual({ platform_fee_cents: 22_500, runner_payout_cents: 127_500 })
  expect(shares(73_948, 15)).toEqual({ platform_fee_cents: 11_092, runner_payout_cents: 62_856 })
  for (let amount = 0; amount < 3_000; amount++) {
    const { platform_fee_cents: fee, runner_payout_cents: payout } = shares(amount, 15)
    expect([fee + payout, fee <= amount * 0.15 + 1e-9, Number.isInteger(fee)]).toEqual([amount, true, true])
  }
})

test('PY3 the provider’s word makes it held, whoever tells, and once', () => {
  given(payment, [created])
    .when(seen('requires_capture'))
    .yields([held])
    .asks([
      tells('held', 12),
      {
        to: { actor: 'payment', id: self },
        command: { type: 'payment.warn', hold: 1 },
        after_ms: 6 * day_ms,
      },
      looks(7 * day_ms + firstPolicy.hold_review_ms),
    ])
    .effects([tellsPerson(owner.id, 'payment_held')])
  const capture_before_ms = noon_ms + day_ms
  given(payment, [created])
    .when(seen('requires_capture', { capture_before_ms }))
    .yields([{ ...held, expires_ms: capture_before_ms }])
  given(payment, [created, held]).when(seen('requires_capture')).yieldsNothing()
})

test('PY4 an approval that is needed is told with its page, and may end either way', () => {
  const redirect_url = 'https://pay.example/approve'
  const waiting = {
    type: 'payment.action_required',
    ...names,
    hold: 1,
    stripe_payment_id: intent_id,
    redirect_url,
  } as const
  given(payment, [created])
    .when(seen('requires_action', { redirect_url }))
    .yields([waiting])
    .asks([tells('waiting', 11)])
    .effects([tellsPerson(owner.id, 'payment_needed')])
  given(payment, [created, waiting]).when(seen('requires_action', { redirect_url })).yieldsNothing()
  given(payment, [created, waiting]).when(seen('requires_capture')).yields([held])
  given(payment, [created, waiting])
    .when(seen('requires_payment_method', { failure: 'authentication_failed' }))
    .yields([failed('authentication_failed')])
})

test('PY5 a refusal fails the hold and ends its intent; the next try is a hold of its own', () => {
  const declined = seen('requires_payment_method', { failure: 'insufficient_funds' })
  given(payment, [created])
    .when(declined)
    .yields([failed('insufficient_funds')])
    .asks([tells('failed', 13)])
    .effects([letsGo(), tellsPerson(owner.id, 'payment_failed')])
  given(payment, [created, failed('x')])
    .when(create)
    .yields([{ ...created, hold: 2 }])
  given(payment, [created, failed('x')])
    .when(declined)
    .yieldsNothing()
  given(payment, [created])
    .when(seen('canceled'))
    .yields([failed('the hold was cancelled')])
  given(payment, [created]).when(seen('requires_confirmation')).yieldsNothing()
})

test('PY6 only a confirmed delivery captures, and only once', () => {
  given(payment, [created, held])
    .when(capture)
    .yields([wanted])
    .effects([
      {
        type: 'stripe.capture',
        data: { booking_id: self, hold: 1, stripe_payment_id: intent_id, amount_cents: 73_948 },
      },
    ])
  given(payment, capturing).when(capture).yieldsNothing()
  given(payment, capturing)
    .when(seen('succeeded'))
    .yields([released])
    .asks([tells('released', 13)])
    .effects([tellsPerson(runner.id, 'payment_released')])
  given(payment, [...capturing, released])
    .when(seen('succeeded'))
    .yieldsNothing()
  given(payment, [created, held]).when(seen('succeeded')).yieldsNothing()
})

test('PY7 a delivery that is confirmed without a hold captures the next one at once', () => {
  const due = { type: 'payment.capture_due', runner_id: runner.id } as const
  for (const history of [[created], [created, failed('x')]])
    given(payment, history).when(capture).yields([due])
  given(payment, [created, due]).when(capture).yieldsNothing()
  given(payment, [created, due])
    .when(seen('requires_capture'))
    .yields([{ ...held, runner_id: runner.id }, wanted])
})

test('PY8 a capture that is refused, or a hold that has lapsed, fails and can be tried again', () => {
  given(payment, capturing)
    .when(seen('requires_capture', { failure: 'expired_card' }))
    .yields([{ ...failed('expired_card'), runner_id: runner.id }])
  for (const history of [capturing, [created, held]])
    expect(given(payment, history).when(seen('canceled')).state).toMatchObject({
      status: 'failed',
      failure: 'the hold has lapsed',
    })
  const again = given(payment, [...capturing, { ...failed('x'), runner_id: runner.id }]).when(create)
  expect(again.state).toMatchObject({ status: 'pending', hold: 2, capture_due: true, aim: 'hold' })
})

test('PY9 a cancelled booking gives the hold back, whether it is there yet or not', () => {
  const { reason } = cancel
  given(payment, [created, held])
    .when(cancel)
    .yields([returned(reason)])
    .effects([letsGo()])
  given(payment, [created, held, returned(reason)])
    .when(seen('canceled'))
    .yields([refunded(reason)])
    .asks([tells('refunded', 13)])
    .effects([tellsPerson(owner.id, 'payment_refunded')])
  given(payment, [created])
    .when(cancel)
    .yields([returned(reason, '')])
    .effects([letsGo('')])
  given(payment, [created, returned(reason, '')])
    .when(seen('requires_capture'))
    .yieldsNothing()
  given(payment, [created, returned(reason, '')])
    .when(seen('canceled'))
    .yields([failed(reason)])
  for (const history of [[], [created, failed('x')], capturing, [...capturing, released]])
    given(payment, history).when(cancel).yieldsNothing()
})

test('PY10 an admin gives back what is held and nothing else', () => {
  given(payment, [created, held])
    .when(refund, admin)
    .yields([returned('a mistake')])
    .settles('wait')
  given(payment, [created, held, returned('a mistake')])
    .when(refund, admin)
    .yieldsNothing()
    .settles('wait')
  const over = [created, held, returned('a mistake'), refunded('a mistake')]
  given(payment, over).when(refund, admin).yieldsNothing().settles('done')
  given(payment, []).when(refund, admin).isRejected('payment.not_found')
  given(payment, capturing).when(refund, admin).isRejected('payment.capturing')
  for (const history of [[created], [created, failed('x')], [...capturing, released]])
    given(payment, history).when(refund, admin).isRejected('payment.not_held')
})

test('PY11 money on an intent that nobody wants goes back, once for each state of it', () => {
  const give = {
    type: 'stripe.refund',
    data: { booking_id: self, hold: 1, stripe_payment_id: intent_id },
  } as const
  const stray = (status: 'requires_capture' | 'succeeded') =>
    ({ type: 'payment.stray_found', hold: 1, stripe_payment_id: intent_id, status }) as const
  for (const status of ['requires_capture', 'succeeded'] as const) {
    given(payment, [created, failed('x')])
      .when(seen(status))
      .yields([stray(status)])
      .effects([give])
    given(payment, [created, failed('x'), stray(status)])
      .when(seen(status))
      .yieldsNothing()
    given(payment, [created, failed('x'), { ...created, hold: 2 }])
      .when(seen(status))
      .yields([stray(status)])
  }
  const returning = [created, held, returned('ill')]
  given(payment, returning)
    .when(seen('succeeded'))
    .yields([stray('succeeded')])
  given(payment, [...returning, stray('succeeded')])
    .when(seen('succeeded', { refunded_cents: sums.amount_cents }))
    .yields([refunded('ill')])
})

test('PY12 a hold that is not there yet is looked at ever more seldom, and given up in the end', () => {
  const review = (round: number) => ({ type: 'payment.review', hold: 1, round }) as const
  const look = {
    type: 'stripe.check',
    data: { booking_id: self, hold: 1, stripe_payment_id: '', since_ms: noon_ms },
  } as const
  given(payment, [created])
    .when(review(1))
    .asks([looks(2 * firstPolicy.hold_review_ms, 2)])
    .effects([look])
  given(payment, [created])
    .when(review(9))
    .asks([looks(3_600_000, 10)])
  for (const history of [
    [created, held],
    [created, failed('x')],
    [created, returned('x', '')],
  ])
    given(payment, history).when(review(1)).yieldsNothing()
  expect(given(payment, [created]).state.since_ms).toBe(noon_ms)
  const late = given(payment, [created], { policy: { ...firstPolicy, hold_pending_max_ms: 0 } })
  late.when(review(1)).yields([returned('it was not completed in time', '')])
  const ended = { ...held, expires_ms: noon_ms }
  given(payment, [created, ended])
    .when(review(1))
    .effects([{ ...look, data: { ...look.data, stripe_payment_id: intent_id } }])
})

test('PY13 both parties are asked to act before a hold lapses', () => {
  const warn = { type: 'payment.warn', hold: 1 } as const
  const assigned = { type: 'payment.runner_assigned', runner_id: runner.id } as const
  given(payment, [created, held, assigned])
    .when(warn)
    .effects([tellsPerson(owner.id, 'hold_expiring'), tellsPerson(runner.id, 'hold_expiring')])
  given(payment, [created, held])
    .when(warn)
    .effects([tellsPerson(owner.id, 'hold_expiring')])
  for (const history of [[created], capturing, [created, failed('x'), { ...created, hold: 2 }]])
    given(payment, history).when(warn).yieldsNothing()
})

test('PY14 a payment is shown to its owner, to the runner of the booking and to admins', () => {
  const query = { type: 'payment.view' } as const
  const assign = { type: 'payment.assign_runner', runner_id: runner.id } as const
  const assigned = { type: 'payment.runner_assigned', runner_id: runner.id } as const
  given(payment, [created]).when(assign).yields([assigned])
  given(payment, [created, assigned]).when(assign).yieldsNothing()
  const shown = given(payment, [created, held, assigned])
  expect(shown.answers(query, owner)).toMatchObject({ id: self, redirect_url: '' })
  for (const person of [runner, admin]) expect(shown.answers(query, person)).toEqual(shown.view())
  expect(shown.answers(query, rival)).toMatchObject({ rejected: 'payment.not_yours' })
  expect(given(payment, []).answers(query, admin)).toMatchObject({ rejected: 'payment.not_found' })
})

test('PY15 the view has every field that a client insists on', () => {
  expect(given(payment, [created]).view()).toEqual({
    id: self,
    booking_id: self,
    booking_number: names.booking_number,
    owner_id: owner.id,
    runner_id: null,
    escrow_status: 'pending',
    ...sums,
    payment_method: '',
    stripe_payment_id: '',
    escrow_held_at: null,
    escrow_released_at: null,
    refunded_at: null,
    refund_reason: '',
    failure_reason: '',
    version: 1,
    created_at: '2026-03-14T02:00:00Z',
    updated_at: '2026-03-14T02:00:00Z',
  })
  expect(given(payment, [...capturing, released]).view()).toMatchObject({
    escrow_status: 'released',
    runner_id: runner.id,
    stripe_payment_id: intent_id,
    escrow_held_at: '2026-03-14T02:00:00Z',
    escrow_released_at: '2026-03-14T02:00:00Z',
    version: 3,
  })
})

test('PY16 a word about a payment that nobody asked for changes nothing', () => {
  given(payment, []).when(seen('requires_capture')).yieldsNothing()
  given(payment, []).when(capture).yieldsNothing()
})

test('PY17 what becomes of a second intent of the same hold changes nothing about the first, and its money goes back', () => {
  const double = { stripe_payment_id: 'pi_2' }
  const stray = (status: 'requires_capture' | 'succeeded') =>
    ({ type: 'payment.stray_found', hold: 1, ...double, status }) as const
  const { reason } = cancel
  const returning = [created, held, returned(reason)]
  for (const history of [[created, held], capturing, [...capturing, released], returning]) {
    given(payment, history).when(seen('canceled', double)).yieldsNothing()
    given(payment, history)
      .when(seen('requires_payment_method', { ...double, failure: 'expired_card' }))
      .yieldsNothing()
    for (const status of ['requires_capture', 'succeeded'] as const)
      given(payment, history)
        .when(seen(status, double))
        .yields([stray(status)])
  }
  const waiting = {
    type: 'payment.action_required',
    ...names,
    hold: 1,
    stripe_payment_id: intent_id,
    redirect_url: 'https://pay.example/approve',
  } as const
  given(payment, [created, waiting]).when(seen('canceled', double)).yieldsNothing()
  given(payment, [created, waiting])
    .when(seen('requires_capture', double))
    .yields([{ ...held, ...double }])
})
