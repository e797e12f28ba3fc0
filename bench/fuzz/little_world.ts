// A few bookings and their end, on memory twins and a stepped clock: the same log each time, to change bytes of.
import { behaviours } from '../../actors/behaviours.ts'
import { memoryStores, stand, until } from '../../engine/counter.given.ts'
import type { ActorRow } from '../../engine/ports.ts'
import type { Message, Principal } from '../../protocols/actor.ts'
import type { RecordedLog, RecordedShard } from './recorded.ts'

const shards = 2
const owner: Principal = { id: '11111111-1111-4111-8111-111111111111', role: 'owner' }
const runner: Principal = { id: '22222222-2222-4222-8222-222222222222', role: 'runner' }
const place = { latitude: 1.4927, longitude: 103.7414 }
const address = {
  line1: '1 Jalan Satu',
  line2: '',
  city: 'Johor Bahru',
  state: 'Johor',
  postal_code: '',
  country: 'MY',
  ...place,
}
const pet_spec = {
  pet_type: 'cat',
  breed: '',
  name: 'Comel',
  weight_kg: 4,
  age_months: 0,
  vaccinations: [],
  special_needs: '',
  photo_url: '',
}
const vehicle = { vehicle_type: 'car', vehicle_plate: 'JQK 1', vehicle_model: 'Myvi', vehicle_year: 2022 }
const crate = {
  size: 'medium',
  pet_types: ['cat'],
  max_weight_kg: 20,
  ventilated: true,
  temperature_controlled: false,
}
const order = {
  type: 'booking.request',
  pet_spec,
  pickup_address: address,
  dropoff_address: address,
  notes: 'shy',
}
const bookings = Array.from({ length: 4 }, (_, index) => `77777777-7777-4777-8777-77777777777${index}`)

/** What each side does with a booking, in order; the last booking is left as it is after the first step. */
const moves: readonly (readonly [Principal, object & Message])[] = [
  [runner, { type: 'booking.accept' }],
  [owner, { type: 'booking.note', note: 'ring twice' } as Message],
  [runner, { type: 'booking.pick_up' }],
  [runner, { type: 'booking.deliver' }],
  [owner, { type: 'booking.confirm' }],
  [owner, { type: 'booking.rate', stars: 5, comment: 'good' } as Message],
]

/** The log and the newest cut of each shard after a few bookings have come to their end. */
export async function playLittleWorld(): Promise<RecordedLog> {
  const stores = memoryStores()
  const here = await stand({ shards, stores, behaviours })
  const tell = async (actor: string, id: string, by: Principal, command: Message) => {
    const answer = await until(
      here.env,
      here.thread.submit({
        id: here.env.uuid(),
        to: { actor, id },
        command,
        by,
        deadline_ms: here.env.now_ms() + 20_000,
        lane: 'command',
      }),
    )
    if (!answer.ok)
      throw new Error(`${command.type}: ${answer.rejection.rejected} ${answer.rejection.detail}`)
  }
  const profile = { full_name: 'Ravi', phone: '+60123456789', ...vehicle }
  await tell('runner', runner.id, runner, { type: 'runner.register', ...profile } as Message)
  await tell('runner', runner.id, runner, { type: 'runner.add_crate', ...crate } as Message)
  await tell('runner', runner.id, runner, { type: 'runner.go_online', ...place } as Message)
  for (const [index, id] of bookings.entries()) {
    await tell('booking', id, owner, order)
    for (const [by, command] of index === bookings.length - 1 ? [] : moves)
      await tell('booking', id, by, command)
  }
  await here.env.advance(60_000)
  await until(here.env, here.thread.drain(), 60_000)
  return {
    shards,
    parts: await Promise.all(Array.from({ length: shards }, (_, shard) => partOf(stores, shard))),
  }
}

async function partOf(
  { journal, snapshots }: ReturnType<typeof memoryStores>,
  shard: number,
): Promise<RecordedShard> {
  const [cut] = await snapshots.cuts(shard)
  if (!cut) throw new Error(`shard ${shard} was not cut`)
  const actors: ActorRow[] = []
  for await (const batch of snapshots.load(shard, cut.n)) actors.push(...batch)
  return { shard, entries: [...journal.log.of(shard)], cut, actors }
}

/** Ids that the little world knows. */
export const known_ids: readonly string[] = [owner.id, runner.id, ...bookings]
