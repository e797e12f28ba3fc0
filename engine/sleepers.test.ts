/** Sleepers whose rows in the snapshots are not what was saved. */
import { expect, test } from 'vitest'
import { limits } from '../protocols/limits.ts'
import type { SteppedEnv } from './clock.ts'
import { idAt, memoryStores, type Stand, type Stores, stand, stateOf, until } from './counter.given.ts'
import type { ActorRow, Snapshots } from './ports.ts'

const ids = Array.from({ length: 10 }, (_, index) => idAt(index))
const [first = ''] = ids

interface Slept {
  readonly here: Stand
  readonly env: SteppedEnv
  readonly stores: Stores
  /** Changes what the store says of an actor. */
  row: (row: ActorRow | undefined) => ActorRow | undefined
}

/** One shard in which every counter has 1 and then 5 more, each of which was cut, and only one is awake. */
async function slept(): Promise<Slept> {
  const twins = memoryStores()
  const store = twins.snapshots
  const given: { row: Slept['row'] } = { row: (row) => row }
  const snapshots: Snapshots = {
    save: (cut) => store.save(cut),
    cuts: (shard) => store.cuts(shard),
    load: (shard, n) => store.load(shard, n),
    wake: async (shard, kind, id) => given.row(await store.wake(shard, kind, id)),
    drop: (cut) => store.drop(cut),
  }
  const stores = { ...twins, snapshots }
  const here = await stand({ shards: 1, resident_max: 1, stores })
  for (const add of [1, 5]) {
    for (const id of ids) await until(here.env, here.send(id, { add }))
    await here.env.advance(2 * limits.snapshot_interval_ms)
  }
  expect(here.thread.owned[0]?.residents.size).toBe(1)
  return Object.assign(given, { here, env: here.env, stores })
}

const warnings = ({ env }: Slept) => env.lines.filter(({ what }) => what.includes('read from the log'))

test('EN43 a sleeper whose newest row went with a cut that was dropped has all its events', async () => {
  const given = await slept()
  const [newest] = await given.stores.snapshots.cuts(0)
  if (!newest) throw new Error('a cut was saved')
  await given.stores.snapshots.drop(newest)
  for (const id of ids) expect(await stateOf(given.here, id)).toBe(6)
  expect(await until(given.env, given.here.send(first, { add: 1 }))).toMatchObject({ view: { state: 7 } })
  const all = async () => {
    for (const id of ids) expect(await stateOf(given.here, id)).toBe(id === first ? 7 : 6)
    // A cut comes when something has changed, and puts the others to sleep.
    await until(given.env, given.here.send(idAt(99), { add: 1 }))
    await given.env.advance(2 * limits.snapshot_interval_ms)
    return warnings(given).length
  }
  expect(await all()).toBeGreaterThan(0)
  // Who was awake when the cut went falls asleep later. From then on cuts hold everybody, and the log is left alone.
  const told = await all()
  expect(await all()).toBe(told)
})

test('EN43 a sleeper whose row is gone or cannot be read has all its events', async () => {
  const damages: readonly Slept['row'][] = [
    () => undefined,
    (row) => row && { ...row, state: row.state.subarray(1) },
    (row) => row && { ...row, seq: row.seq - 1 },
  ]
  for (const row of damages) {
    const given = await slept()
    given.row = row
    for (const id of ids) expect(await stateOf(given.here, id)).toBe(6)
    given.row = (sound) => sound
    await given.env.advance(2 * limits.snapshot_interval_ms)
    const told = warnings(given).length
    for (const id of ids) expect(await stateOf(given.here, id)).toBe(6)
    expect(warnings(given)).toHaveLength(told)
    expect(told).toBeGreaterThan(0)
  }
})

test('EN43 a sleeper of whom the log does not have all events is refused, and nobody is made in its place', async () => {
  const given = await slept()
  given.row = () => undefined
  const { journal } = given.stores
  const read = journal.read.bind(journal)
  journal.read = (shard, after_seq, until_seq) => read(shard, after_seq, Math.min(until_seq, 1))
  expect(await until(given.env, given.here.send(first, { add: 1 }))).toMatchObject({
    ok: false,
    rejection: { rejected: 'overloaded' },
  })
  journal.read = read
  expect(await until(given.env, given.here.send(first, { add: 1 }))).toMatchObject({ view: { state: 7 } })
})
