/** The public topics: which events anybody may read, where, and as which CloudEvents 1.0 JSON. */
import type { Static } from 'typebox'
import type { bookingEvents } from './booking.ts'
import type { Event } from './catalogue.ts'
import type { EventRecord } from './frame.ts'
import { menu_reasons } from './ids.ts'
import { replaceSealed } from './personal.ts'
import { wireTime } from './times.ts'

export const topic_streams = ['BOOKING_EVENTS', 'PAYMENT_EVENTS', 'TRACKING_EVENTS', 'RUNNER_EVENTS'] as const
export type TopicStream = (typeof topic_streams)[number]

/** An event in the JSON form of CloudEvents 1.0; `subject` is the id of the booking or runner that it is about. */
export interface CloudEvent {
  readonly specversion: '1.0'
  readonly id: string
  readonly source: string
  readonly type: string
  readonly time: string
  readonly datacontenttype: 'application/json'
  readonly subject: string
  readonly data: object
}

export interface PublicMessage {
  readonly stream: TopicStream
  /** Of the NATS message: `booking.events.<id>.accepted`. */
  readonly subject: string
  readonly message: CloudEvent
}

interface Domain {
  readonly stream: TopicStream
  readonly source: string
  readonly prefix: string
}

const domains: Readonly<Record<string, Domain>> = {
  booking: { stream: 'BOOKING_EVENTS', source: 'service-booking', prefix: 'booking.events' },
  payment: { stream: 'PAYMENT_EVENTS', source: 'service-payment', prefix: 'payment.events' },
  tracking: { stream: 'TRACKING_EVENTS', source: 'service-tracking', prefix: 'tracking.events' },
  runner: { stream: 'RUNNER_EVENTS', source: 'service-runner', prefix: 'runner.events' },
}

type Data<Type extends Event['type']> = Omit<Extract<Event, { type: Type }>, 'type'>
type Held = Static<(typeof bookingEvents)['booking.accepted']>

const held = (record: EventRecord) => {
  const { booking_number, runner_id, owner_id } = record.data as Held
  return { booking_id: record.id, booking_number, runner_id, owner_id }
}

interface PaidFor {
  readonly owner_id: string
  readonly runner_id: string
}

/** A payment has the id of its booking. */
const paidFor = (id: string, { owner_id, runner_id }: PaidFor) => ({
  payment_id: id,
  booking_id: id,
  owner_id,
  runner_id: runner_id === '' ? null : runner_id,
})

interface Sum {
  readonly amount_cents: number
  readonly currency: string
}

const sumOf = ({ amount_cents, currency }: Sum) => ({ amount_cents, currency })

/** What is sealed stays inside: its place is empty. */
const unsealed = (text: string): string => replaceSealed(text, () => '')

/** Of a reason the words that somebody chose from a menu, and our own; whatever he said himself stays inside. */
function publicReason(reason: string): string {
  const [head, said] = reason.startsWith(cancelled_because)
    ? [cancelled_because, reason.slice(cancelled_because.length)]
    : ['', reason]
  return head + (public_reasons.has(said) ? said : '')
}

const cancelled_because = 'booking cancelled: '
const public_reasons: ReadonlySet<string> = new Set([
  ...menu_reasons,
  'booking cancelled',
  'it was not completed in time',
])

/** What each public event shows: the fields of the catalogue, and those that its readers missed (contract 6.3). An event without a row is not public. */
const shown: { readonly [Type in Event['type']]?: (record: EventRecord, data: Data<Type>) => object } = {
  'booking.requested': ({ id }, data) => ({
    booking_id: id,
    booking_number: data.booking_number,
    owner_id: data.owner_id,
    pet_type: data.pet_spec.pet_type,
    pet_name: data.pet_spec.name,
    pickup_lat: data.pickup_address.latitude,
    pickup_lng: data.pickup_address.longitude,
    dropoff_lat: data.dropoff_address.latitude,
    dropoff_lng: data.dropoff_address.longitude,
    estimated_price_cents: data.estimated_price_cents,
    currency: data.currency,
  }),
  'booking.accepted': held,
  'booking.declined': (record, { reason }) => ({ ...held(record), reason }),
  'booking.pet_picked_up': (record) => ({ ...held(record), picked_up_at: wireTime(record.at_ms) }),
  'booking.delivery_confirmed': (record, { delivered_ms }) => ({
    ...held(record),
    delivered_at: wireTime(delivered_ms),
  }),
  'booking.completed': (record, { final_price_cents, currency }) => ({
    ...held(record),
    final_price_cents,
    currency,
  }),
  'booking.cancelled': ({ id }, data) => ({
    booking_id: id,
    booking_number: data.booking_number,
    runner_id: data.runner_id === '' ? null : data.runner_id,
    owner_id: data.owner_id,
    cancelled_by: data.cancelled_by,
    reason: publicReason(data.reason),
  }),
  'payment.escrow_created': ({ id }, data) => ({ ...paidFor(id, data), ...sumOf(data) }),
  'payment.escrow_held': ({ id }, data) => ({
    ...paidFor(id, data),
    stripe_payment_id: data.stripe_payment_id,
    ...sumOf(data),
  }),
  'payment.escrow_released': ({ id }, data) => ({
    ...paidFor(id, data),
    ...sumOf(data),
    runner_payout_cents: data.runner_payout_cents,
    platform_fee_cents: data.platform_fee_cents,
  }),
  'payment.escrow_refunded': ({ id }, data) => ({
    ...paidFor(id, data),
    ...sumOf(data),
    refund_reason: publicReason(data.refund_reason),
  }),
  'payment.failed': ({ id }, data) => ({
    ...paidFor(id, data),
    ...sumOf(data),
    reason: unsealed(data.reason),
  }),
  'tracking.started': ({ id, at_ms }, { track_id, runner_id, owner_id }) => ({
    track_id,
    booking_id: id,
    runner_id,
    owner_id,
    started_at: wireTime(at_ms),
  }),
  'tracking.updated': ({ id }, { track_id, runner_id, owner_id, latitude, longitude, speed_kmh }) => ({
    track_id,
    booking_id: id,
    runner_id,
    owner_id,
    latitude,
    longitude,
    speed_kmh,
  }),
  'tracking.completed': ({ id, at_ms }, { track_id, runner_id, owner_id, outcome, total_distance_km }) => ({
    track_id,
    booking_id: id,
    runner_id,
    owner_id,
    outcome,
    total_distance_km,
    completed_at: wireTime(at_ms),
  }),
  'runner.online': ({ id }, { latitude, longitude }) => ({ runner_id: id, latitude, longitude }),
  'runner.offline': ({ id }) => ({ runner_id: id }),
}

/** Names of the events that go to the public topics. */
export const public_events: readonly string[] = Object.keys(shown)

/** The event as the public sees it, or undefined. `id` names it (`eventId`); record data must be of the current version. */
export function publicEvent(record: EventRecord, id: string): PublicMessage | undefined {
  const { type } = record
  const show = Object.hasOwn(shown, type)
    ? (shown as Readonly<Record<string, (record: EventRecord, data: object) => object>>)[type]
    : undefined
  const domain = domainOf(type)
  if (!show || !domain) return undefined
  return {
    stream: domain.stream,
    subject: `${domain.prefix}.${record.id}.${suffixOf(type)}`,
    message: {
      specversion: '1.0',
      id,
      source: domain.source,
      type,
      time: withMilliseconds(record.at_ms),
      datacontenttype: 'application/json',
      subject: record.id,
      data: { ...show(record, record.data), occurred_at: wireTime(record.at_ms) },
    },
  }
}

/** A signal's report for a topic: the same shape as `publicEvent` gives, already as text, for there are many. */
export interface ReportText {
  readonly stream: TopicStream
  readonly subject: string
  readonly text: string
}

interface ReportLike {
  readonly from: Readonly<{ actor: string; id: string }>
  readonly type: string
  readonly key: string
  readonly at_ms: number
  readonly data: object
}

/** The CloudEvent of a report, as JSON text; its data gets `occurred_at`. Throws for a type that belongs to no topic. */
export function reportText({ from, type, key, at_ms, data }: ReportLike): ReportText {
  const domain = domainOf(type)
  if (!domain) throw new Error(`a report of type ${type} belongs to no topic`)
  const subject = `${domain.prefix}.${from.id}.${suffixOf(type)}`
  const occurred_at = wireTime(at_ms)
  const text =
    `{"specversion":"1.0","id":${JSON.stringify(key)},"source":"${domain.source}","type":"${type}",` +
    `"time":"${withMilliseconds(at_ms, occurred_at)}","datacontenttype":"application/json","subject":"${from.id}",` +
    `"data":{${fieldsText(data)}"occurred_at":"${occurred_at}"}}`
  return { stream: domain.stream, subject, text }
}

/** Each field with a comma after it: half the time of a copy that holds one more, and of going through them by hand. */
function fieldsText(data: object): string {
  const text = JSON.stringify(data)
  return text === '{}' ? '' : `${text.slice(1, -1)},`
}

/** The stream that messages of a type go to. */
export const streamOf = (type: string): TopicStream | undefined => domainOf(type)?.stream

const domainOf = (type: string): Domain | undefined => {
  const name = type.slice(0, type.indexOf('.'))
  return Object.hasOwn(domains, name) ? domains[name] : undefined
}

/** Whether messages of a type have a topic to go to. */
export const hasTopic = (type: string): boolean => domainOf(type) !== undefined

const suffixOf = (type: string) => type.slice(type.indexOf('.') + 1)

const withMilliseconds = (at_ms: number, wire_time = wireTime(at_ms)) =>
  `${wire_time.slice(0, -1)}.${String(Math.floor(at_ms) % 1_000).padStart(3, '0')}Z`
