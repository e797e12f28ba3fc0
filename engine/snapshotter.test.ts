import { expect, test } from 'vitest'
import { limits } from '../protocols/limits.ts'
import { idAt, memoryStores, stand, until } from './counter.given.ts'
import { Fault, type Snapshots } from './ports.ts'

/** The twin, which takes no cut while it is down. */
function fallible() {
  const twins = memoryStores()
  const store = twins.snapshots
  const given = { down: false, lies: false, tries: 0 }
  const snapshots: Snapshots = {
    save: async (cut) => {
      given.tries += 1
      if (given.down) throw new Fault('the database is away', { retry: !given.lies })
      await store.save(cut)
    },
    cuts: async (shard) => {
      const cuts = await store.cuts(shard)
      return given.lies ? cuts.map((cut) => ({ ...cut, epoch: cut.epoch + 1_000 })) : cuts
    },
    load: (shard, n) => store.load(shard, n),
    wake: (shard, kind, id) => store.wake(shard, kind, id),
    drop: (cut) => store.drop(cut),
  }
  return Object.assign(given, { stores: { ...twins, snapshots } })
}

const { snapshot_interval_ms: interval_ms, snapshot_retry_first_ms: first_ms } = limits

test('EN44 a cut that failed is tried again after a second, then ever more seldom, and at least once an interval', async () => {
  const given = fallible()
  const here = await stand({ shards: 1, stores: given.stores })
  await until(here.env, here.send(idAt(1), { add: 1 }))
  given.down = true
  await here.env.advance(interval_ms)
  while (given.tries === 0) await here.env.advance(100)
  const waits: number[] = []
  for (let passed_ms = 0; waits.length < 8; passed_ms += 100) {
    const { tries } = given
    await here.env.advance(100)
    if (given.tries === tries) continue
    waits.push(Math.round(passed_ms / first_ms) * first_ms)
    passed_ms = 0
  }
  const wanted = [1, 2, 4, 8, 16].map((times) => times * first_ms)
  expect(waits).toEqual([...wanted, interval_ms, interval_ms, interval_ms])
})

test('EN44 a full shard takes new actors again a second after a cut failed once', async () => {
  const given = fallible()
  const here = await stand({ shards: 1, stores: given.stores, resident_max: 2 })
  for (const index of [1, 2, 3, 4]) await until(here.env, here.send(idAt(index), { add: 1 }))
  given.down = true
  await here.env.advance(interval_ms)
  while (given.tries === 0) await here.env.advance(100)
  expect(await until(here.env, here.send(idAt(5), { add: 1 }))).toMatchObject({
    rejection: { rejected: 'overloaded' },
  })
  given.down = false
  await here.env.advance(first_ms + 200)
  expect(await until(here.env, here.send(idAt(5), { add: 1 }))).toMatchObject({ view: { state: 1 } })
})

test('EN44 when a false cut was dropped the next one is saved a second later, however long it was in the way', async () => {
  const given = fallible()
  const here = await stand({ shards: 1, stores: given.stores })
  await until(here.env, here.send(idAt(1), { add: 1 }))
  await here.env.advance(interval_ms)
  await until(here.env, here.send(idAt(1), { add: 1 }))
  given.down = true
  for (let tries = given.tries + 7; given.tries < tries; ) await here.env.advance(100)
  given.lies = true
  const { tries } = given
  while (given.tries === tries) await here.env.advance(100)
  Object.assign(given, { down: false, lies: false })
  await here.env.advance(first_ms + 200)
  expect(given.tries).toBe(tries + 2)
  expect((await given.stores.snapshots.cuts(0))[0]?.n).toBe(2)
})
