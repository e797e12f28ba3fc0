// Sections 3 and 8 of the product's description, step by step: a cat goes from Johor Bahru to Kuala Lumpur.
import { distanceKm } from '../../actors/geo.ts'
import { FeedClient } from '../../gateways/client/feed_client.ts'
import type { RunnerClient } from '../../gateways/client/runner_client.ts'
import { towns } from '../city/roads.ts'
import { money, pay } from './money.ts'
import { ringgit } from './narrator.ts'
import { type Booking, idOf, orderOf, Person, phoneOf, readyRunner } from './people.ts'
import { awaited, heard, type Stage } from './stage.ts'

interface Cast {
  readonly stage: Stage
  readonly owner: Person
  readonly runner: Person
  readonly phone: RunnerClient
}

/** A place far from the last one is believed once two more fixes agree with it (rule PF8). */
const fixes_per_town = 3

/** Plays the whole journey. Rejects with `Unexpected` at the first thing that is otherwise. */
export async function playJourney(stage: Stage): Promise<void> {
  const { told } = stage
  told.step('The owner registers')
  const owner = await Person.arrive(stage, 'Aisyah', 'owner')
  told.step('The runner registers, adds car and crate, and goes online in Johor Bahru')
  const runner = await readyRunner(stage, 'Ravi')
  const phone = await phoneOf(stage, runner)
  try {
    const cast = { stage, owner, runner, phone }
    const booking = await request(cast)
    await acceptAndDrive(cast, booking)
    await deliver(cast, booking)
    await look(cast, booking)
  } finally {
    phone.close()
  }
}

async function request({ stage, owner, runner, phone }: Cast): Promise<Booking> {
  const { told } = stage
  told.step('The owner books: pet specification, vaccinations, route; the price is quoted')
  const offered = awaited(stage, phone.events, 'booking.open')
  const booking = await owner.call(201, 'POST', '/api/v1/bookings', orderOf(stage))
  const { quote, itinerary } = booking
  told.say(
    'note',
    `${booking.booking_number}: ${ringgit(booking.estimated_price_cents)} by the ${quote.strategy} strategy of policy ${quote.policy_version}, ${quote.distance_km.toFixed(3)} km straight${booking.high_tier ? ', a high-tier job' : ''}`,
  )
  if (itinerary)
    told.say(
      'note',
      `itinerary: ${itinerary.distance_km.toFixed(1)} km, ${itinerary.duration_min} min (${itinerary.source})`,
    )
  told.expect('the price', booking.estimated_price_cents, 73_948)
  await heard(stage, booking.id, 'booking.requested')
  told.expect('the booking that is offered', idOf((await offered).booking), booking.id)
  told.say('socket', `booking.open  ${runner.name}'s phone shows the job`)
  const near = await owner.call<readonly { readonly id: string }[]>(
    200,
    'GET',
    `/api/v1/bookings/${booking.id}/runners`,
  )
  told.say('note', `${near.length} runner${near.length === 1 ? '' : 's'} could carry the cat`)
  told.expect('whether a runner was found', near.length > 0, true)
  await money(stage, owner, booking.id, 'unpaid')
  told.step('The owner pays, and the fare is held in escrow')
  await pay(stage, owner, booking.id)
  return booking
}

async function acceptAndDrive({ stage, owner, runner, phone }: Cast, { id }: Booking): Promise<void> {
  const { told, url, env } = stage
  told.step('The runner accepts, and tracking starts')
  const accepted = await runner.call(200, 'POST', `/api/v1/bookings/${id}/accept`)
  told.expect('the runner', [accepted.status, accepted.runner_id], ['accepted', runner.id])
  await heard(stage, id, 'booking.accepted', 'tracking.started')
  await money(stage, owner, id, 'held')

  const feed = new FeedClient({
    base_url: url.replace(/^http/, 'ws'),
    booking_id: id,
    token: owner.http.token,
    env,
  })
  try {
    told.step('The owner watches, the runner picks the cat up')
    await feed.connect()
    told.say('socket', `/ws/tracking/${id}  ${owner.name} watches`)
    const changed = awaited(stage, feed.events, 'status', ({ new_status }) => new_status === 'in_progress')
    const picked = await runner.call(200, 'POST', `/api/v1/bookings/${id}/pickup`)
    told.expect('the status', picked.status, 'in_progress')
    const { old_status, new_status } = await changed
    told.say('feed', `${old_status} -> ${new_status}`)
    await heard(stage, id, 'booking.pet_picked_up')
    await money(stage, owner, id, 'held')

    told.step(
      `The drive, in fast motion: ${towns.length} towns, each far one told by ${fixes_per_town} fixes`,
    )
    for (const [index, town] of towns.entries()) await arriveIn(stage, { phone, feed }, town, index === 0)
    await heard(stage, id, 'tracking.updated')
    await money(stage, owner, id, 'held')
  } finally {
    feed.close()
  }
}

interface Sockets {
  readonly phone: RunnerClient
  readonly feed: FeedClient
}

async function arriveIn(
  stage: Stage,
  { phone, feed }: Sockets,
  town: (typeof towns)[number],
  near: boolean,
): Promise<void> {
  const { told, env } = stage
  const { name, latitude, longitude } = town
  const seen = awaited(stage, feed.events, 'position', (position) => position.latitude === latitude)
  const fixes = near ? 1 : fixes_per_town
  for (let fix = 0; fix < fixes; fix++)
    phone.report({
      latitude,
      longitude,
      at_ms: env.now_ms(),
      accuracy_m: 5,
      speed_kmh: 90,
      heading_degrees: 320,
    })
  const { seq } = await seen
  await phone.drained()
  told.say('feed', `${name.padEnd(16)} ${latitude}, ${longitude}  frame ${seq}`)
}

async function deliver({ stage, owner, runner }: Cast, { id }: Booking): Promise<void> {
  const { told } = stage
  told.step('The runner delivers, and the trip ends')
  const delivered = await runner.call(200, 'POST', `/api/v1/bookings/${id}/deliver`)
  told.expect('the status', delivered.status, 'delivered')
  await heard(stage, id, 'tracking.completed')
  await money(stage, owner, id, 'held')

  told.step('The owner confirms, the money is captured, and the booking is completed')
  const completed = await owner.call(200, 'POST', `/api/v1/bookings/${id}/confirm`)
  told.expect('the booking', [completed.status, completed.final_price_cents], ['completed', 73_948])
  await heard(stage, id, 'booking.delivery_confirmed', 'payment.escrow_released', 'booking.completed')
  const paid = await money(stage, owner, id, 'released')
  told.expect('fee and payout', [paid?.platform_fee_cents, paid?.runner_payout_cents], [11_092, 62_856])

  told.step('The owner rates the runner')
  await owner.call(200, 'POST', `/api/v1/bookings/${id}/rate`, { stars: 5, comment: 'she slept all the way' })
}

interface Change {
  readonly from_status: string
  readonly to_status: string
  readonly changed_by_role: string
  readonly changed_by: string
  readonly frame: { readonly shard: number; readonly n: number }
  readonly created_at: string
}

async function look({ stage, owner, runner }: Cast, { id }: Booking): Promise<void> {
  const { told, topics } = stage
  told.step('What is left')
  const booking = await owner.call(200, 'GET', `/api/v1/bookings/${id}`)
  told.say(
    'note',
    `${booking.booking_number} is ${booking.status}: ${ringgit(booking.final_price_cents ?? 0)}`,
  )
  told.expect('the booking', [booking.status, booking.runner_id], ['completed', runner.id])
  await money(stage, runner, id, 'released')
  await way(stage, owner, id)
  await audit(stage, owner, id)
  const types = topics.about(id, 'booking.').map(({ type }) => type.slice('booking.'.length))
  told.expect('the events on booking.events', types, [
    'requested',
    'accepted',
    'pet_picked_up',
    'delivery_confirmed',
    'completed',
  ])
}

async function way({ told }: Stage, owner: Person, id: string): Promise<void> {
  const { total_distance_km } = await owner.call<{ readonly total_distance_km: number }>(
    200,
    'GET',
    `/api/v1/tracking/${id}`,
  )
  const path = `/api/v1/tracking/${id}/route`
  const route = await owner.call<{ readonly coordinates: readonly (readonly [number, number])[] }>(
    200,
    'GET',
    path,
  )
  const points = route.coordinates.map(([longitude, latitude]) => ({ longitude, latitude }))
  const km = points.reduce((sum, point, index) => sum + distanceKm(points[index - 1] ?? point, point), 0)
  told.say(
    'note',
    `GeoJSON: a line of ${points.length} places, ${km.toFixed(3)} km; the trip says ${total_distance_km.toFixed(3)} km`,
  )
  told.expect('the places of the GeoJSON line', points.length, towns.length)
  told.expect('whether both lengths agree', Math.abs(km - total_distance_km) < 0.01, true)
}

async function audit({ told }: Stage, owner: Person, id: string): Promise<void> {
  const changes = await owner.call<readonly Change[]>(200, 'GET', `/api/v1/bookings/${id}/history`)
  for (const { from_status, to_status, changed_by_role, changed_by, frame, created_at } of changes)
    told.say(
      'note',
      `audit: ${(from_status || '-').padEnd(12)} -> ${to_status.padEnd(12)} by ${changed_by_role} ${changed_by}, frame ${frame.shard}/${frame.n}, ${created_at}`,
    )
  told.expect(
    'the audit rows',
    changes.map(({ to_status }) => to_status),
    ['requested', 'accepted', 'in_progress', 'delivered', 'completed'],
  )
}
