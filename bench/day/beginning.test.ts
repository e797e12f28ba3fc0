import { expect, test } from 'vitest'
import { behaviours } from '../../actors/behaviours.ts'
import { memoryStores, type Stand, stand, until } from '../../engine/counter.given.ts'
import type { Message, Principal } from '../../protocols/actor.ts'
import { decodeRecord } from '../../protocols/codec.ts'
import { limits } from '../../protocols/limits.ts'
import type { Rejection } from '../../protocols/rejections.ts'
import { shardOf } from '../../protocols/shard.ts'

const owner: Principal = { id: '11111111-1111-4111-8111-111111111111', role: 'owner' }
const runner: Principal = { id: '22222222-2222-4222-8222-222222222222', role: 'runner' }
const boot = '33333333-3333-4333-8333-333333333333'
const shards = 2
/** In another shard than its runner: the way from one to the other is what takes time. */
const booking_id =
  Array.from(
    { length: 16 },
    (_, index) => `44444444-4444-4444-8444-${index.toString().padStart(12, '0')}`,
  ).find((id) => shardOf(id, shards) !== shardOf(runner.id, shards)) ?? ''
const place = { latitude: 1.4927, longitude: 103.7414 }
const address = {
  line1: '1',
  line2: '',
  city: 'JB',
  state: 'Johor',
  postal_code: '',
  country: 'MY',
  ...place,
}
const pet = { pet_type: 'cat', breed: '', name: 'Comel', weight_kg: 4, age_months: 0 }
const pet_spec = { ...pet, vaccinations: [], special_needs: '', photo_url: '' }
const crate = { size: 'medium', pet_types: ['cat'], max_weight_kg: 20, ventilated: true }
const vehicle = { vehicle_type: 'car', vehicle_plate: 'JQK 1', vehicle_model: 'Myvi', vehicle_year: 2022 }

const tell = (here: Stand, actor: string, id: string, by: Principal, command: object & Message) =>
  here.thread.submit({
    id: here.env.uuid(),
    to: { actor, id },
    command,
    by,
    deadline_ms: here.env.now_ms() + 20_000,
    lane: 'command',
  })

async function town() {
  const stores = memoryStores()
  const here = await stand({ shards, stores, behaviours })
  const steps: readonly (readonly [string, string, Principal, object & Message])[] = [
    [
      'runner',
      runner.id,
      runner,
      { type: 'runner.register', full_name: 'R', phone: '', ...vehicle } as Message,
    ],
    [
      'runner',
      runner.id,
      runner,
      { type: 'runner.add_crate', ...crate, temperature_controlled: false } as Message,
    ],
    ['runner', runner.id, runner, { type: 'runner.go_online', ...place } as Message],
    [
      'booking',
      booking_id,
      owner,
      {
        type: 'booking.request',
        pet_spec,
        pickup_address: address,
        dropoff_address: address,
        notes: '',
      } as Message,
    ],
  ]
  for (const step of steps) expect(await until(here.env, tell(here, ...step))).toMatchObject({ ok: true })
  return { here, stores }
}

/** What the runner's device hears of a fix. */
const fixed = (here: Stand, seq: number, lane: 'live' | 'backlog', at_ms: number) =>
  new Promise<Rejection | undefined>((resolve) => {
    const signal = { type: 'runner.moved', boot, lane, via: 'socket', fixes: [{ seq, ...place, at_ms }] }
    here.thread.signal({ to: { actor: 'runner', id: runner.id }, signal, by: runner }, resolve)
  })

test('TR18 a fix that comes while its runner is reserved and his trip has not begun is asked for again, and recorded then', async () => {
  const { here, stores } = await town()
  stores.journal.fail(shardOf(runner.id, shards), 'hang')
  const accepted = tell(here, 'booking', booking_id, runner, { type: 'booking.accept' })
  for (let ms = 0; stores.journal.hanging === 0 && ms < 1_000; ms++) await here.env.advance(1)
  const at_ms = here.env.now_ms()
  const early = fixed(here, 1, 'live', at_ms)
  await here.env.settle()
  stores.journal.release()
  expect(await until(here.env, early)).toMatchObject({
    rejected: 'trip.not_active',
    retry_after_ms: limits.trip_begin_retry_ms,
  })
  expect(await until(here.env, accepted)).toMatchObject({ ok: true })
  expect(await until(here.env, fixed(here, 1, 'backlog', at_ms))).toBeUndefined()
  expect(await until(here.env, fixed(here, 1, 'backlog', at_ms))).toBeUndefined()
  const entries = stores.journal.log.of(shardOf(booking_id, shards)).map(({ bytes }) => decodeRecord(bytes))
  const recorded = entries
    .flatMap((entry) => ('events' in entry ? entry.events : []))
    .filter(({ type }) => type === 'trip.waypoints')
  expect(recorded).toHaveLength(1)
})
