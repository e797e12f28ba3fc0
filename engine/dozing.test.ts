/** What a recovery leaves packed, and who is served first. */
import { expect, test } from 'vitest'
import type { Behaviour, Self } from '../protocols/actor.ts'
import { packState } from '../protocols/codec.ts'
import { limits } from '../protocols/limits.ts'
import { shardOf } from '../protocols/shard.ts'
import { counter, idAt, memoryStores, type Stand, stand, stateOf, until } from './counter.given.ts'
import type { ActorRow, Snapshots } from './ports.ts'
import { aboutActor } from './shard_row.ts'

/** A counter that stands on the Earth, at its own count, while it is above zero. */
const standing: Behaviour = {
  ...counter,
  places: true,
  place: ({ state }: Self) =>
    (state as number) > 0 ? { latitude: (state as number) / 100, longitude: 103, bits: 1 } : undefined,
  match: ({ state }: Self) => (state as number) > 0,
}

const everywhere = { kind: 'counter', latitude: 0, longitude: 103, radius_km: 500, limit: 10, bits: 1 }

/** Snapshots whose pages pass through `page` on their way to the reader. */
function watched(
  inner: Snapshots,
  page: (shard: number, rows: readonly ActorRow[]) => Promise<readonly ActorRow[]>,
): Snapshots {
  return {
    save: (cut) => inner.save(cut),
    cuts: (shard) => inner.cuts(shard),
    wake: (shard, kind, id) => inner.wake(shard, kind, id),
    drop: (cut) => inner.drop(cut),
    async *load(shard, n) {
      for await (const rows of inner.load(shard, n)) yield await page(shard, rows)
    },
  }
}

/** Ten counters, each at its index plus one, in a snapshot and at rest. */
async function drained(
  stores = memoryStores(),
  shards = 1,
  behaviour = standing,
): Promise<{ here: Stand; ids: string[] }> {
  const here = await stand({ stores, shards, behaviours: [behaviour] })
  const ids = Array.from({ length: 10 }, (_, index) => idAt(index))
  for (const [index, id] of ids.entries()) await until(here.env, here.send(id, { add: index + 1 }))
  await until(here.env, here.thread.drain())
  return { here, ids }
}

test('EN29 who was not spoken to since a recovery stays packed, and is found and answers as if he were not', async () => {
  const { here, ids } = await drained()
  const after = await stand({ env: here.env, stores: here.stores, shards: 1, behaviours: [standing] })
  const residents = after.thread.owned[0]?.residents
  expect([residents?.size, [...(residents?.awake() ?? [])].length]).toEqual([10, 0])
  expect(after.thread.nearHere({ ...everywhere, limit: 2 }).map(({ id }) => id)).toEqual(ids.slice(0, 2))
  expect(await stateOf(after, ids[4] ?? '')).toBe(5)
  await until(after.env, after.send(ids[0] ?? '', { add: 19 }))
  expect(after.thread.nearHere({ ...everywhere, limit: 1 })).toMatchObject([{ id: ids[1] }])
  expect([...(residents?.awake() ?? [])].length).toBe(3)
})

test('EN29 an actor whose packed state cannot be is quarantined when it is spoken to; its shard lives', async () => {
  const { here, ids } = await drained()
  const [impossible = '', sound = ''] = ids
  const page = async (_shard: number, rows: readonly ActorRow[]) =>
    rows.map((row) =>
      row.id === impossible ? { ...row, state: packState(2_000_000, aboutActor(row)) } : row,
    )
  const stores = { ...here.stores, snapshots: watched(here.stores.snapshots, page) }
  const after = await stand({ env: here.env, stores, shards: 1 })
  // Nothing happens to it that could break it now.
  expect(await until(after.env, after.send(impossible, { add: 0 }))).toMatchObject({
    rejection: { rejected: 'actor.quarantined' },
  })
  expect(await until(after.env, after.send(sound, { add: 1 }))).toMatchObject({ view: { state: 3 } })
  expect(here.stores.topics.letters).toHaveLength(1)
})

test('EN30 where more are recovered than may be resident, those who doze fall asleep first, and wake', async () => {
  const { here, ids } = await drained(memoryStores(), 1, counter)
  const after = await stand({ env: here.env, stores: here.stores, shards: 1, resident_max: 10 })
  for (const index of [20, 21, 22]) await until(after.env, after.send(idAt(index), { add: 1 }))
  await after.env.advance(2 * limits.snapshot_interval_ms)
  expect(after.thread.owned[0]?.residents.size).toBe(10)
  const awake = [...(after.thread.owned[0]?.residents.awake() ?? [])].map(({ address }) => address.id)
  expect(awake).toEqual([20, 21, 22].map(idAt))
  for (const [index, id] of ids.entries()) expect(await stateOf(after, id)).toBe(index + 1)
})

test('EN31 after an older cut the next one holds everybody: nothing is read from the one that was passed over', async () => {
  const stores = memoryStores()
  const { here, ids } = await drained(stores)
  // Another store's cut, such as a restored backup may hold: no frame of the log is like it.
  const [newest] = await stores.snapshots.cuts(0)
  if (!newest) throw new Error('a cut was saved')
  const wrong = ids
    .map((id) => ({ kind: 'counter', id, seq: 1 }))
    .map((row) => ({ ...row, state: packState(70, aboutActor(row)) }))
  await stores.snapshots.save({ ...newest, n: newest.n + 1, log_seq: newest.log_seq + 1, actors: wrong })
  const second = await stand({ env: here.env, stores, shards: 1 })
  for (const index of [20, 21, 22]) await until(second.env, second.send(idAt(index), { add: 1 }))
  await second.env.advance(2 * limits.snapshot_interval_ms)
  await until(second.env, second.thread.drain())
  const third = await stand({ env: here.env, stores, shards: 1 })
  for (const [index, id] of ids.entries()) expect(await stateOf(third, id)).toBe(index + 1)
})

test('EN32 the first shards take commands while others are still being read', async () => {
  const shards = 4 * limits.shards_recovered_at_once
  const { here, ids } = await drained(memoryStores(), shards)
  const last = shards - 1
  const held: (() => void)[] = []
  const page = async (shard: number, rows: readonly ActorRow[]) => {
    if (shard === last) await new Promise<void>((resolve) => held.push(resolve))
    return rows
  }
  const stores = { ...here.stores, snapshots: watched(here.stores.snapshots, page) }
  const after = await stand({ env: here.env, stores, shards, opens: false })
  const opening = after.thread.open()
  await here.env.settle()
  expect(held.length).toBe(1)
  for (const [index, id] of ids.entries()) {
    const answer = await until(after.env, after.send(id, { add: 1 }))
    if (shardOf(id, shards) === last) expect(answer).toMatchObject({ rejection: { rejected: 'unavailable' } })
    else expect(answer).toMatchObject({ view: { state: index + 2 } })
  }
  expect(new Set(ids.map((id) => shardOf(id, shards))).size).toBeGreaterThan(2)
  held[0]?.()
  await until(after.env, opening)
  expect(after.thread.owned.length).toBe(shards)
})
