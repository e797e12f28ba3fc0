import { expect, test } from 'vitest'
import { events } from './catalogue.ts'
import type { EventRecord } from './frame.ts'
import { sampleOf } from './sample.ts'
import { hasTopic, public_events, publicEvent, reportText } from './topics.ts'

const id = '2d6e6f5a-7c1d-4f8a-9b7e-2d1a5c3e4f62'
const recordOf = (type: string, data: object): EventRecord => ({
  kind: 'any',
  id,
  seq: 1,
  type,
  version: 1,
  by: { id, role: 'owner' },
  cause: 'command-1',
  at_ms: 1_790_000_000_007,
  data,
})
const sampled = (type: keyof typeof events) => recordOf(type, sampleOf(events[type]) as object)
const fieldsOf = (type: keyof typeof events) =>
  Object.keys(publicEvent(sampled(type), 'x')?.message.data ?? {})

const held = ['booking_id', 'booking_number', 'runner_id', 'owner_id']
const paid = ['payment_id', 'booking_id', 'owner_id', 'runner_id']
const track = ['track_id', 'booking_id', 'runner_id', 'owner_id']

test.each([
  [
    'booking.requested',
    [
      'booking_id',
      'booking_number',
      'owner_id',
      'pet_type',
      'pet_name',
      'pickup_lat',
      'pickup_lng',
      'dropoff_lat',
      'dropoff_lng',
      'estimated_price_cents',
      'currency',
    ],
  ],
  ['booking.accepted', held],
  ['booking.declined', [...held, 'reason']],
  ['booking.pet_picked_up', [...held, 'picked_up_at']],
  ['booking.delivery_confirmed', [...held, 'delivered_at']],
  ['booking.completed', [...held, 'final_price_cents', 'currency']],
  ['booking.cancelled', [...held, 'cancelled_by', 'reason']],
  ['payment.escrow_created', [...paid, 'amount_cents', 'currency']],
  ['payment.escrow_held', [...paid, 'stripe_payment_id', 'amount_cents', 'currency']],
  [
    'payment.escrow_released',
    [...paid, 'amount_cents', 'currency', 'runner_payout_cents', 'platform_fee_cents'],
  ],
  ['payment.escrow_refunded', [...paid, 'amount_cents', 'currency', 'refund_reason']],
  ['payment.failed', [...paid, 'amount_cents', 'currency', 'reason']],
  ['tracking.started', [...track, 'started_at']],
  ['tracking.updated', [...track, 'latitude', 'longitude', 'speed_kmh']],
  ['tracking.completed', [...track, 'outcome', 'total_distance_km', 'completed_at']],
  ['runner.online', ['runner_id', 'latitude', 'longitude']],
  ['runner.offline', ['runner_id']],
] as const)('TP10 %s shows the fields of the catalogue and no others', (type, fields) => {
  expect(fieldsOf(type)).toEqual([...fields, 'occurred_at'])
})

test('TP10 the events with a topic are these, and all others stay inside', () => {
  expect([...public_events].sort()).toEqual([
    'booking.accepted',
    'booking.cancelled',
    'booking.completed',
    'booking.declined',
    'booking.delivery_confirmed',
    'booking.pet_picked_up',
    'booking.requested',
    'payment.escrow_created',
    'payment.escrow_held',
    'payment.escrow_refunded',
    'payment.escrow_released',
    'payment.failed',
    'runner.offline',
    'runner.online',
    'tracking.completed',
    'tracking.started',
    'tracking.updated',
  ])
  for (const type of Object.keys(events) as (keyof typeof events)[])
    expect(publicEvent(sampled(type), 'x') !== undefined).toBe(public_events.includes(type))
  expect(publicEvent(recordOf('toString', {}), 'x')).toBeUndefined()
})

test('TP11 an event goes out as a CloudEvent on the subject of what it is about', () => {
  expect(publicEvent(recordOf('runner.offline', { runner_id: id }), '3:14:1')).toEqual({
    stream: 'RUNNER_EVENTS',
    subject: `runner.events.${id}.offline`,
    message: {
      specversion: '1.0',
      id: '3:14:1',
      source: 'service-runner',
      type: 'runner.offline',
      time: '2026-09-21T14:13:20.007Z',
      datacontenttype: 'application/json',
      subject: id,
      data: { runner_id: id, occurred_at: '2026-09-21T14:13:20Z' },
    },
  })
  expect(publicEvent(sampled('tracking.updated'), 'x')).toMatchObject({
    stream: 'TRACKING_EVENTS',
    subject: `tracking.events.${id}.updated`,
  })
})

test('TP11 a booking that nobody held was cancelled without a runner', () => {
  const cancelled = { booking_number: 'ABCDEF', owner_id: id, runner_id: '', cancelled_by: id, reason: '' }
  expect(publicEvent(recordOf('booking.cancelled', cancelled), 'x')?.message.data).toMatchObject({
    runner_id: null,
  })
})

/** The schema's fields that are somebody's: their values are marked, and looked for. */
function marked(schema: object, mark: string): unknown {
  const { properties, items, personal } = schema as {
    properties?: Record<string, object>
    items?: object
    personal?: true
  }
  if (personal) return mark
  if (properties)
    return Object.fromEntries(Object.entries(properties).map(([key, of]) => [key, marked(of, mark)]))
  return items ? [marked(items, mark)] : sampleOf(schema)
}

test('TP12 nothing personal reaches a topic', () => {
  const mark = 'somebody-s-own-words'
  let seen = 0
  for (const type of public_events) {
    const data = marked(events[type as keyof typeof events], mark) as object
    if (JSON.stringify(data).includes(mark)) seen += 1
    expect(JSON.stringify(publicEvent(recordOf(type, data), 'x')), type).not.toContain(mark)
  }
  expect(seen).toBeGreaterThan(0)
})

const sealed = `~1.${id}.9.${'A'.repeat(50)}`

test.each([
  ['changed_mind', 'changed_mind'],
  ['other: my son is ill', ''],
  [sealed, ''],
  ['booking cancelled: changed_mind', 'booking cancelled: changed_mind'],
  [`booking cancelled: ${sealed}`, 'booking cancelled: '],
  ['booking cancelled: my son is ill', 'booking cancelled: '],
])('TP15 of a reason a topic shows what was chosen from a menu: %s', (reason, shown) => {
  const cancelled = { booking_number: 'A', owner_id: id, runner_id: '', cancelled_by: id, reason }
  expect(publicEvent(recordOf('booking.cancelled', cancelled), 'x')?.message.data).toMatchObject({
    reason: shown,
  })
  const refunded = { ...(sampleOf(events['payment.escrow_refunded']) as object), refund_reason: reason }
  expect(publicEvent(recordOf('payment.escrow_refunded', refunded), 'x')?.message.data).toMatchObject({
    refund_reason: shown,
  })
})

test('TP13 a report is sound JSON whatever its data holds', () => {
  const data = {
    reason: 'too "fast"\n',
    speed_kmh: -0.5,
    accuracy_m: Number.NaN,
    at: undefined,
    tags: ['a'],
  }
  const from = { actor: 'runner', id }
  const { text, subject } = reportText({ from, type: 'runner.fix_refused', key: 'a"b', at_ms: 61_005, data })
  expect(subject).toBe(`runner.events.${id}.fix_refused`)
  expect(JSON.parse(text)).toEqual({
    specversion: '1.0',
    id: 'a"b',
    source: 'service-runner',
    type: 'runner.fix_refused',
    time: '1970-01-01T00:01:01.005Z',
    datacontenttype: 'application/json',
    subject: id,
    data: {
      reason: 'too "fast"\n',
      speed_kmh: -0.5,
      accuracy_m: null,
      tags: ['a'],
      occurred_at: '1970-01-01T00:01:01Z',
    },
  })
  expect([hasTopic('runner.fix_refused'), hasTopic('pet.lost'), hasTopic('toString')]).toEqual([
    true,
    false,
    false,
  ])
  expect(() => reportText({ from, type: 'pet.lost', key: 'k', at_ms: 0, data: {} })).toThrow(
    'belongs to no topic',
  )
})
