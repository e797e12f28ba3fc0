import { expect, test } from 'vitest'
import { decodeRecord } from '../protocols/codec.ts'
import { limits } from '../protocols/limits.ts'
import { SteppedEnv } from './clock.ts'
import { idAt, memoryStores, type Stand, type Stores, stand, stateOf, until } from './counter.given.ts'
import { dropFalse } from './cuts.ts'
import type { MemoryLog } from './memory_journal.ts'
import { MemorySnapshots } from './memory_snapshots.ts'
import type { ActorRow, Cut } from './ports.ts'

/** A shard with three counters, the first of them saved at its end. */
async function played(): Promise<{ env: SteppedEnv; stores: Stores }> {
  const stores = memoryStores()
  const here = await stand({ shards: 1, stores })
  for (const index of [0, 1, 2, 0]) await until(here.env, here.send(idAt(index), { add: 5 }))
  await until(here.env, here.thread.drain())
  return { env: here.env, stores }
}

/** The same cut in another store, after `change` had it in its hands. */
async function savedAgain(stores: Stores, change: (cut: Cut) => Cut): Promise<MemorySnapshots> {
  const [head] = await stores.snapshots.cuts(0)
  if (!head) throw new Error('the shard was not cut')
  const actors: ActorRow[] = []
  for await (const batch of stores.snapshots.load(0, head.n)) actors.push(...batch)
  const snapshots = new MemorySnapshots()
  await snapshots.save(change({ ...head, actors }))
  return snapshots
}

const flipped = (bytes: Uint8Array, at: number) =>
  bytes.map((byte, index) => (index === at ? byte ^ 4 : byte))
const replayedOf = ({ env }: Stand) =>
  env.lines.filter(({ what }) => what.includes('is open')).at(-1)?.fields.replayed

test('FZ2 a snapshot that is not what was saved is passed over, and the log gives the state', async () => {
  const { env, stores } = await played()
  const damages: readonly ((cut: Cut) => Cut)[] = [
    (cut) => ({ ...cut, shard_row: flipped(cut.shard_row, 3) }),
    (cut) => ({ ...cut, at_ms: cut.at_ms + 1 }),
    (cut) => ({ ...cut, actors: cut.actors.map((row) => ({ ...row, state: flipped(row.state, 0) })) }),
    (cut) => ({ ...cut, actors: cut.actors.map((row) => ({ ...row, seq: row.seq + 1 })) }),
    (cut) => ({
      ...cut,
      actors: cut.actors.map((row, index, all) => ({ ...row, id: (all[index - 1] ?? all.at(-1) ?? row).id })),
    }),
  ]
  for (const change of [(cut: Cut) => cut, ...damages]) {
    const snapshots = await savedAgain(stores, change)
    const here = await stand({ shards: 1, stores: { ...stores, snapshots }, env, resident_max: 1 })
    expect(replayedOf(here)).toBe(damages.includes(change) ? 4 : 0)
    expect(await stateOf(here, idAt(0))).toBe(10)
    expect(await stateOf(here, idAt(2))).toBe(5)
  }
})

test('SN12 a snapshot of which an actor is missing, or is older than the cut, is passed over', async () => {
  const { env, stores } = await played()
  const before = await stand({ shards: 1, stores, env })
  const older = await stores.snapshots.wake(0, 'counter', idAt(0))
  await until(env, before.send(idAt(0), { add: 5 }))
  await until(env, before.thread.drain())
  const damages: readonly ((cut: Cut) => Cut)[] = [
    (cut) => ({ ...cut, actors: cut.actors.slice(1) }),
    (cut) => ({ ...cut, actors: cut.actors.map((row) => (row.id === older?.id ? older : row)) }),
  ]
  for (const change of [(cut: Cut) => cut, ...damages]) {
    const snapshots = await savedAgain(stores, change)
    const here = await stand({ shards: 1, stores: { ...stores, snapshots }, env })
    expect(replayedOf(here)).toBe(damages.includes(change) ? 5 : 0)
    expect(await Promise.all([0, 1, 2].map((index) => stateOf(here, idAt(index))))).toEqual([15, 5, 5])
  }
})

const far = 1_000
/** How a cut may say that it is ahead of the log. */
const ahead: readonly ((cut: Cut) => Cut)[] = [
  (cut) => ({ ...cut, n: cut.n + far }),
  (cut) => ({ ...cut, n: cut.n + far, log_seq: cut.log_seq + far }),
  (cut) => ({ ...cut, epoch: cut.epoch + far }),
]

test('SN15 a cut of a frame or an epoch that the log never had is passed over, and keeps no true one out', async () => {
  for (const change of ahead) {
    const { env, stores } = await played()
    const snapshots = await savedAgain(stores, change)
    const here = await stand({ shards: 1, stores: { ...stores, snapshots }, env })
    expect(replayedOf(here)).toBe(4)
    expect(await snapshots.cuts(0)).toEqual([])
    await until(env, here.send(idAt(1), { add: 1 }))
    await until(env, here.thread.drain())
    expect((await snapshots.cuts(0)).map(({ n }) => n)).toEqual([5])
    const after = await stand({ shards: 1, stores: { ...stores, snapshots }, env })
    expect(replayedOf(after)).toBe(0)
    expect(await stateOf(after, idAt(1))).toBe(6)
  }
})

test('SN15 an owner drops the false cut that refuses his own, but nobody who was deposed drops one', async () => {
  const { env, stores } = await played()
  const owner = await stand({ shards: 1, stores, env })
  const { snapshots } = stores
  const forge = async () => {
    const [head] = await snapshots.cuts(0)
    if (head) await snapshots.save({ ...head, epoch: head.epoch + far, n: head.n + far, actors: [] })
  }
  await forge()
  for (const add of [1, 2]) {
    await until(env, owner.send(idAt(0), { add }))
    await env.advance(2 * limits.snapshot_interval_ms)
  }
  expect((await snapshots.cuts(0))[0]).toMatchObject({ n: 6, epoch: 2 })
  const true_cuts = await snapshots.cuts(0)
  await forge()
  const forged = await snapshots.cuts(0)
  await dropFalse({ shard: 0, env, ...stores }, 'the former owner')
  expect(await snapshots.cuts(0)).toEqual(forged)
  const newest = decodeRecord(stores.journal.log.of(0).at(-1)?.bytes ?? new Uint8Array())
  await dropFalse({ shard: 0, env, ...stores }, newest.writer)
  expect(await snapshots.cuts(0)).toEqual(true_cuts.slice(0, forged.length - 1))
})

test('EN36 a cut at rest behind a claim is of the newest frame, and the next start goes by it', async () => {
  const { env, stores } = await played()
  const snapshots = new MemorySnapshots()
  await stand({ shards: 1, stores: { ...stores, snapshots }, env })
  await env.advance(2 * limits.snapshot_interval_ms)
  expect(await snapshots.cuts(0)).toMatchObject([{ n: 4, epoch: 1 }])
  const after = await stand({ shards: 1, stores: { ...stores, snapshots }, env })
  expect(replayedOf(after)).toBe(0)
  expect(await stateOf(after, idAt(0))).toBe(10)
})

/** Whether a shard opens on a log of which one entry is changed. */
async function opens(
  log: MemoryLog,
  at: number,
  change: (bytes: Uint8Array) => Uint8Array,
): Promise<boolean> {
  const stores = memoryStores()
  const entries = log.of(0)
  const place = at < 0 ? entries.length + at : at
  for (const [index, entry] of entries.entries())
    stores.journal.log.of(0).push(index === place ? { ...entry, bytes: change(entry.bytes) } : entry)
  stores.journal.log.last_seq = log.last_seq
  return stand({ shards: 1, stores, env: new SteppedEnv() }).then(
    () => true,
    () => false,
  )
}

test('FZ3 a log with another byte anywhere, its newest entry included, opens no shard', async () => {
  const { stores } = await played()
  const { log } = stores.journal
  expect(await opens(log, 0, (bytes) => bytes)).toBe(true)
  for (const [index, { bytes }] of log.of(0).entries())
    for (const at of [4, bytes.length - 1])
      expect([index, at, await opens(log, index, (given) => flipped(given, at))]).toEqual([index, at, false])
})
