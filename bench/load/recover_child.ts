// Fills stores as an engine would, and waits to be killed: runners and trips in a snapshot, events in the log behind it.
import { behaviours } from '../../actors/behaviours.ts'
import type { Answer, ShardHost } from '../../engine/host.ts'
import type { Drivers, Projections } from '../../engine/ports.ts'
import { systemEnv } from '../../engine/system_env.ts'
import type { Thread } from '../../engine/thread.ts'
import { openJournal } from '../../persistence/journal.ts'
import { connectNats } from '../../persistence/nats.ts'
import { openSql } from '../../persistence/pg.ts'
import { openProjections } from '../../persistence/projections.ts'
import { openSnapshots } from '../../persistence/snapshots.ts'
import type { Message, Principal } from '../../protocols/actor.ts'
import { shardOf } from '../../protocols/shard.ts'
import { Random } from '../city/random.ts'
import { driversAround, shards, threadOn } from '../thread.ts'

export interface RecoverOrder {
  readonly nats_url: string
  readonly database_url: string
  readonly runners: number
  readonly trips: number
  readonly events: number
}

export type RecoverWord =
  | { readonly type: 'note'; readonly line: string }
  /** All is on disk; these runners, one of each shard, may be commanded by whoever recovers them. */
  | { readonly type: 'filled'; readonly runner_ids: readonly string[] }
  | { readonly type: 'failed'; readonly why: string }

const clients = 512
const tries_max = 5
const service: Principal = { id: '00000000-0000-4000-8000-000000000000', role: 'service' }
const say = (word: RecoverWord) => process.send?.(word)
const env = systemEnv('error')
let serial = 0

/** The lists are not what is measured: the places of the trips are left out, and nothing later depends on them. */
const withoutPlaces = (projections: Projections): Projections => ({
  watermark: (shard) => projections.watermark(shard),
  project: (frames) =>
    projections.project(
      frames.map(({ seq, frame }) => ({
        seq,
        frame: { ...frame, events: frame.events.filter(({ type }) => type !== 'trip.waypoints') },
      })),
    ),
})

/** The lists hold everything, as they do of an engine that has run for a while. */
async function caughtUp(thread: Thread): Promise<void> {
  while (thread.lag.projections > 0) await new Promise((resolve) => setTimeout(resolve, 50))
}

async function must(
  host: ShardHost,
  actor: string,
  id: string,
  by: Principal,
  command: Message,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    const envelope = { id: `fill-${serial++}`, to: { actor, id }, command, by, lane: 'command' } as const
    const answer: Answer = await host.submit({ ...envelope, deadline_ms: Date.now() + 60_000 })
    if (answer.ok) return
    const { rejected, detail } = answer.rejection
    // On a busy machine one of the steps behind a command may come too late, and then nothing has happened.
    if (tries === tries_max || !/expired|overloaded/.test(`${rejected} ${detail}`))
      throw new Error(`${command.type}: ${rejected} ${detail}`)
  }
}

async function forEach(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const client = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: clients }, client))
}

interface People {
  readonly runners: readonly string[]
  readonly bookings: readonly string[]
}

const at = (index: number, of: number) => ({
  latitude: 1.5 + (index / of) * 1.6,
  longitude: 103.7 - (index / of) * 2 + (index % 40) * 0.004,
})

async function people(host: ShardHost, { runners, bookings }: People, owner_id: string): Promise<void> {
  const profile = {
    full_name: 'Bench Runner',
    phone: '+60123456789',
    vehicle_type: 'car',
    vehicle_plate: 'JQR 1234',
    vehicle_model: 'Myvi',
    vehicle_year: 2022,
    air_conditioned: true,
  }
  await forEach(runners.length, async (index) => {
    const id = runners[index] ?? ''
    const by: Principal = { id, role: 'runner' }
    await must(host, 'runner', id, by, { type: 'runner.register', ...profile } as Message)
    await must(host, 'runner', id, by, { type: 'runner.go_online', ...at(index, runners.length) } as Message)
  })
  say({ type: 'note', line: `${runners.length} runners are online` })
  const owner: Principal = { id: owner_id, role: 'owner' }
  await forEach(bookings.length, (index) =>
    book(host, bookings[index] ?? '', runners[index] ?? '', at(index, runners.length), owner),
  )
  say({ type: 'note', line: `${bookings.length} trips are under way` })
}

type Place = ReturnType<typeof at>

async function book(host: ShardHost, id: string, runner_id: string, place: Place, owner: Principal) {
  const by: Principal = { id: runner_id, role: 'runner' }
  const crate = {
    size: 'large',
    pet_types: ['cat'],
    max_weight_kg: 40,
    width_cm: 0,
    height_cm: 0,
    depth_cm: 0,
    ventilated: true,
    temperature_controlled: true,
  }
  await must(host, 'runner', runner_id, by, { type: 'runner.add_crate', ...crate } as Message)
  const address = { line1: 'Jalan 1', line2: '', city: 'JB', state: 'Johor', postal_code: '', country: 'MY' }
  const pet_spec = {
    pet_type: 'cat',
    breed: '',
    name: 'Miu',
    weight_kg: 4,
    age_months: 20,
    vaccinations: [],
    special_needs: '',
    photo_url: '',
  }
  await must(host, 'booking', id, owner, {
    type: 'booking.request',
    pet_spec,
    pickup_address: { ...address, ...place },
    dropoff_address: { ...address, ...place, latitude: place.latitude + 0.05 },
    scheduled_at: null,
    notes: '',
  } as Message)
  await must(host, 'booking', id, by, { type: 'booking.accept' })
}

/** Waypoints for all trips in turn, one event each. */
async function drive(host: ShardHost, { runners, bookings }: People, events: number, boot: string) {
  const start_ms = Date.now()
  await forEach(events, async (index) => {
    const trip = index % bookings.length
    const seq = Math.floor(index / bookings.length) + 1
    const { latitude, longitude } = at(trip, runners.length)
    const waypoint = {
      boot,
      seq,
      latitude: latitude + seq * 0.0003,
      longitude,
      speed_kmh: 40,
      heading_degrees: 0,
      at_ms: start_ms + seq * 3_000,
      live: true,
    }
    const runner_id = runners[trip] ?? ''
    await must(host, 'trip', bookings[trip] ?? '', service, {
      type: 'trip.record',
      runner_id,
      waypoints: [waypoint],
    } as Message)
  })
  say({ type: 'note', line: `${events} events are in the log behind the snapshot` })
}

async function fill(order: RecoverOrder): Promise<readonly string[]> {
  const link = await connectNats({ url: order.nats_url, name: 'bench-fill', env })
  const sql = openSql({ url: order.database_url, max: 4, application_name: 'bench-fill' })
  const drivers: Drivers = {
    ...driversAround(await openJournal(link)),
    snapshots: openSnapshots(sql),
    projections: withoutPlaces(openProjections(sql)),
  }
  const random = new Random(11)
  const runners = Array.from({ length: order.runners }, () => random.uuid())
  const bookings = Array.from({ length: order.trips }, () => random.uuid())
  const before = threadOn(drivers, behaviours)
  await before.open()
  await people(before, { runners, bookings }, random.uuid())
  await caughtUp(before)
  await before.drain()
  say({ type: 'note', line: 'the snapshot is cut' })
  // From here on no cut is ever finished: what follows is only in the log.
  const { cuts, load, wake, drop } = bound(drivers.snapshots)
  const snapshots = { cuts, load, wake, drop, save: () => new Promise<void>(() => {}) }
  const after = threadOn({ ...drivers, snapshots }, behaviours)
  await after.open()
  await drive(after, { runners, bookings }, order.events, random.uuid())
  await caughtUp(after)
  const ofShard = (shard: number) => runners.find((id) => shardOf(id, shards) === shard) ?? ''
  return Array.from({ length: shards }, (_, shard) => ofShard(shard))
}

const bound = (snapshots: Drivers['snapshots']) => ({
  cuts: snapshots.cuts.bind(snapshots),
  load: snapshots.load.bind(snapshots),
  wake: snapshots.wake.bind(snapshots),
  drop: snapshots.drop.bind(snapshots),
})

process.on('message', (order: RecoverOrder) => {
  fill(order).then(
    (runner_ids) => say({ type: 'filled', runner_ids }),
    (cause: unknown) =>
      say({ type: 'failed', why: cause instanceof Error ? String(cause.stack) : String(cause) }),
  )
})
process.on('disconnect', () => process.exit(0))
