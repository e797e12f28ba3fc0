import { expect, test } from 'vitest'
import { limits } from '../protocols/limits.ts'
import { Activation } from './activation.ts'
import { Admission } from './admission.ts'
import { SteppedEnv } from './clock.ts'
import { counter, idAt, isSettled, memoryStores, somebody, stand, stateOf, until } from './counter.given.ts'
import { workOf } from './executor.ts'
import { MemorySnapshots } from './memory_snapshots.ts'
import { type Cut, Fault } from './ports.ts'

const [id, other] = [idAt(1), idAt(3)]
const shards = 1
const silent = { rejection: { rejected: 'unavailable', retry_after_ms: limits.silent_retry_ms } }
const late = { rejection: { rejected: 'deadline', retry_after_ms: limits.silent_retry_ms } }

test('OU1 while the log is silent commands are refused at once with a time to try again, and readiness says so', async () => {
  const here = await stand({ shards })
  await until(here.env, here.send(other, { add: 4 }))
  here.stores.journal.stop()
  const waiting = here.send(id, { add: 1 })
  await here.env.advance(limits.log_patience_ms + 100)
  expect(await isSettled(here.env, waiting)).toBe(false)
  expect(await until(here.env, here.send(id, { add: 1 }), 0)).toMatchObject(silent)
  expect(here.board.states().shards).toBe('failed')
  here.stores.journal.start()
  expect(await until(here.env, waiting)).toMatchObject({ ok: true })
  await here.env.advance(100)
  expect(here.board.states().shards).toBe('ready')
  expect(await until(here.env, here.send(id, { add: 1 }))).toMatchObject({ view: { state: 2 } })
})

test('OU1 who waits for a silent log is told at his deadline; what was taken in becomes durable, and a repeat is answered', async () => {
  const here = await stand({ shards })
  here.stores.journal.stop()
  const once = { id: idAt(77) }
  const begun = here.send(id, { add: 1 }, once)
  await here.env.advance(500)
  const queued = here.send(id, { add: 5 }, { id: idAt(78) })
  expect(await until(here.env, begun)).toMatchObject(late)
  expect(await until(here.env, queued)).toMatchObject(late)
  here.stores.journal.start()
  await here.env.advance(10_000)
  expect(await until(here.env, here.send(id, { add: 1 }, once))).toMatchObject({ view: { state: 1 } })
  expect(await stateOf(here, id)).toBe(1)
  expect(here.stores.topics.letters).toEqual([])
})

test('OU1 a silent log costs a line a frame, not a line a try', async () => {
  const here = await stand({ shards })
  here.stores.journal.fail(0, ...Array.from({ length: 20 }, () => 'refuse' as const))
  expect(await until(here.env, here.send(id, { add: 1 }), 60_000)).toMatchObject({
    rejection: late.rejection,
  })
  const lines = here.env.lines.filter(({ what }) => what === 'the outcome of a frame is unknown')
  expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
  expect(lines.length).toBeGreaterThan(5)
})

test('OU2 effects that fail keep no more than a bound of them under way, and all are carried out in the end', async () => {
  const count = limits.effects_resting_max + 500
  let down = true
  const tried = new Set<string>()
  const done = new Set<string>()
  const here = await stand({
    shards,
    run: async (_effect, effect_id) => {
      tried.add(effect_id)
      if (down) throw new Fault('the store is away', { retry: true })
      done.add(effect_id)
      return undefined
    },
  })
  for (let sent = 0; sent < count; sent += 100)
    await until(
      here.env,
      Promise.all(
        Array.from({ length: 100 }, (_, index) => here.send(idAt(index), { add: 1, effect: true })),
      ),
    )
  expect(tried.size).toBeLessThanOrEqual(limits.effects_resting_max + limits.effects_in_flight_max)
  down = false
  await here.env.advance(4 * limits.effect_retry_max_ms)
  expect(done.size).toBe(count)
})

/** A database that is away as long as it is told to be. */
class AwaySnapshots extends MemorySnapshots {
  away = false
  override save(cut: Cut): Promise<void> {
    return this.away ? Promise.reject(new Fault('away', { retry: true })) : super.save(cut)
  }
}

test('OU3 while nothing can be saved new actors are bounded, and those in memory go on', async () => {
  const snapshots = new AwaySnapshots()
  const here = await stand({ shards, resident_max: 5, stores: { ...memoryStores(), snapshots } })
  snapshots.away = true
  for (let index = 0; index < 10; index++) await until(here.env, here.send(idAt(index), { add: 1 }))
  await here.env.advance(2 * limits.snapshot_interval_ms)
  expect(await until(here.env, here.send(idAt(50), { add: 1 }))).toMatchObject({
    rejection: { rejected: 'overloaded', retry_after_ms: limits.silent_retry_ms },
  })
  expect(await until(here.env, here.send(idAt(3), { add: 1 }))).toMatchObject({ view: { state: 2 } })
  snapshots.away = false
  await here.env.advance(2 * limits.snapshot_interval_ms)
  expect(await until(here.env, here.send(idAt(50), { add: 1 }))).toMatchObject({ ok: true })
})

test('OU3 a shard that owes too much takes no more commands, but finishes what was begun', () => {
  const env = new SteppedEnv()
  const admission = new Admission({
    env,
    committer: { silent_ms: 0 },
    mailbox: { takeLate: () => [] },
    gate: { lose: () => {} },
    outbox: { size: limits.outbox_pending_max },
    residents: { crowded: false },
    snapshotter: { failing: false },
    silent: () => {},
  })
  const given = (lane: 'control' | 'command') => {
    const envelope = {
      id,
      to: { actor: 'counter', id },
      command: { type: 'counter.add' },
      by: somebody,
      lane,
    }
    const work = workOf({ ...envelope, deadline_ms: 1 }, () => {})
    return admission.refusal(new Activation(counter, id), work)
  }
  expect(given('command')).toMatchObject({ rejected: 'overloaded' })
  expect(given('control')).toBeUndefined()
})
