import { expect, test } from 'vitest'
import { decodeRecord } from '../protocols/codec.ts'
import { isClaim } from '../protocols/frame.ts'
import { limits } from '../protocols/limits.ts'
import { shardOf } from '../protocols/shard.ts'
import { SteppedEnv } from './clock.ts'
import { idAt, isSettled, memoryStores, somebody, stand, stateOf, until } from './counter.given.ts'

const id = idAt(1)
const shard = shardOf(id, 2)
/** An id of the other shard. */
const far =
  Array.from({ length: 50 }, (_, index) => idAt(index)).find((each) => shardOf(each, 2) !== shard) ?? ''
const near =
  Array.from({ length: 50 }, (_, index) => idAt(index + 2)).find((each) => shardOf(each, 2) === shard) ?? ''

const framesOf = (stores: ReturnType<typeof memoryStores>, of = shard) =>
  stores.journal.log
    .of(of)
    .map(({ bytes }) => decodeRecord(bytes))
    .filter((record) => !isClaim(record))

test('EN2 nothing leaves before it is durable: no answer, no refusal, no read of newer state', async () => {
  const here = await stand()
  here.stores.journal.fail(shard, 'hang')
  const answer = here.send(id, { add: 5 })
  await here.env.settle()
  const refused = here.send(id, { add: -9 })
  const read = stateOf(here, id)
  expect(await isSettled(here.env, answer)).toBe(false)
  expect(await isSettled(here.env, refused)).toBe(false)
  expect(await isSettled(here.env, read)).toBe(false)
  here.stores.journal.release()
  expect(await until(here.env, answer)).toMatchObject({ ok: true, view: { state: 5 } })
  expect(await until(here.env, refused)).toMatchObject({ ok: false })
  expect(await read).toBe(5)
})

test('EN2 what depends on nothing new is answered at once', async () => {
  const here = await stand()
  here.stores.journal.fail(shard, 'hang')
  const answer = here.send(id, { add: 5 })
  await here.env.settle()
  expect(await isSettled(here.env, here.send(near, { add: -1 }))).toBe(true)
  expect(await isSettled(here.env, answer)).toBe(false)
})

test('EN3 while a frame is on its way the next one fills: many commands, two appends', async () => {
  const here = await stand()
  here.stores.journal.fail(shard, 'hang')
  const first = here.send(id, { add: 1 })
  await here.env.settle()
  const others = Array.from({ length: 100 }, () => here.send(id, { add: 1 }))
  await here.env.settle()
  here.stores.journal.release()
  await until(here.env, Promise.all([first, ...others]))
  expect(framesOf(here.stores).map((frame) => !isClaim(frame) && frame.events.length)).toEqual([1, 100])
})

test('EN4 a command id is carried out once, and answered again', async () => {
  const here = await stand()
  const once = { id: idAt(77) }
  expect(await until(here.env, here.send(id, { add: 2 }, once))).toMatchObject({ view: { state: 2 } })
  expect(await until(here.env, here.send(id, { add: 2 }, once))).toMatchObject({ view: { state: 2 } })
  expect(await until(here.env, here.send(id, { add: 3 }, once))).toMatchObject({
    rejection: { rejected: 'request.key_reused' },
  })
  here.env.jump(limits.key_life_ms + 1)
  expect(await until(here.env, here.send(id, { add: 2 }, once))).toMatchObject({
    rejection: { rejected: 'request.key_expired' },
  })
})

test('EN5 an unknown outcome is read from the log: stored means acked', async () => {
  const here = await stand()
  here.stores.journal.fail(shard, 'lose_ack')
  expect(await until(here.env, here.send(id, { add: 1 }))).toMatchObject({ ok: true })
  expect(framesOf(here.stores)).toHaveLength(1)
})

test('EN5 not stored means sent again, under the same id', async () => {
  const here = await stand()
  here.stores.journal.fail(shard, 'refuse', 'refuse')
  expect(await until(here.env, here.send(id, { add: 1 }))).toMatchObject({ ok: true })
  expect(framesOf(here.stores)).toHaveLength(1)
})

test('EN5 while the log cannot be read nothing is answered, and then everything is', async () => {
  const here = await stand()
  here.stores.journal.stop()
  const answers = [here.send(id, { add: 1 }), here.send(id, { add: 1 })]
  await here.env.advance(5_000)
  expect(await isSettled(here.env, Promise.race(answers))).toBe(false)
  here.stores.journal.start()
  expect(await until(here.env, Promise.all(answers))).toMatchObject([{ ok: true }, { ok: true }])
  expect(await stateOf(here, id)).toBe(2)
})

test('EN6 a newer owner deposes the older one, who answers `moved` and writes nothing more', async () => {
  const stores = memoryStores()
  const old = await stand({ stores })
  await until(old.env, old.send(id, { add: 1 }))
  const young = await stand({ stores, env: old.env })
  const late = old.send(id, { add: 10 })
  expect(await until(old.env, late)).toMatchObject({ rejection: { rejected: 'moved' } })
  expect(await until(old.env, old.send(id, { add: 1 }))).toMatchObject({ rejection: { rejected: 'moved' } })
  expect(await until(young.env, young.send(id, { add: 1 }))).toMatchObject({ view: { state: 2 } })
  expect(old.board.states().shards).toBe('moved')
})

test('EN7 a restart gives the same states, keys and serial numbers, from the log alone', async () => {
  const stores = memoryStores()
  const before = await stand({ stores })
  const once = { id: idAt(77) }
  await until(before.env, before.send(id, { add: 2 }, once))
  await until(before.env, before.send(far, { add: 7 }))
  const after = await stand({ stores, env: before.env })
  expect(await stateOf(after, id)).toBe(2)
  expect(await stateOf(after, far)).toBe(7)
  expect(await until(after.env, after.send(id, { add: 2 }, once))).toMatchObject({ view: { state: 2 } })
  expect(after.thread.owned.map((each) => each.residents.births)).toEqual(
    before.thread.owned.map((each) => each.residents.births),
  )
})

test('EN7 a restart from a snapshot replays only what came after it', async () => {
  const stores = memoryStores()
  const before = await stand({ stores })
  await until(before.env, before.send(id, { add: 2 }, { id: idAt(77) }))
  await before.env.advance(2 * limits.snapshot_interval_ms)
  expect((await stores.snapshots.cuts(shard)).map(({ n }) => n)).toEqual([1])
  await until(before.env, before.send(id, { add: 3 }))
  stores.journal.log.of(shard).splice(0, 1) // Without the claim before the cut the log alone would not do.
  const after = await stand({ stores, env: before.env })
  expect(await stateOf(after, id)).toBe(5)
  expect(await until(after.env, after.send(id, { add: 2 }, { id: idAt(77) }))).toMatchObject({
    view: { state: 5 },
  })
})

test('EN8 a step to another shard arrives once, though both sides die in between', async () => {
  const stores = memoryStores()
  const before = await stand({ stores })
  stores.journal.fail(shardOf(far, 2), 'hang')
  await until(before.env, before.send(id, { add: 4, tell: far }))
  await before.env.settle()
  const middle = await stand({ stores, env: before.env })
  stores.journal.release()
  await middle.env.advance(10_000)
  expect(await stateOf(middle, far)).toBe(4)
  const after = await stand({ stores, env: before.env })
  await after.env.advance(10_000)
  expect(await stateOf(after, far)).toBe(4)
})

test('EN8 a follow-up in the same shard is part of the same frame', async () => {
  const here = await stand()
  await until(here.env, here.send(id, { add: 4, tell: near }))
  expect(framesOf(here.stores)).toHaveLength(1)
  expect(await stateOf(here, near)).toBe(4)
})

test('EN9 a timer fires once, also after a restart and when it is overdue by then', async () => {
  const stores = memoryStores()
  const before = await stand({ stores })
  await until(before.env, before.send(id, { add: 1, later_ms: 60_000 }))
  await before.env.advance(50_000)
  expect(await stateOf(before, id)).toBe(1)
  const after = await stand({ stores, env: before.env })
  await after.env.advance(20_000)
  expect(await stateOf(after, id)).toBe(2)
  const again = await stand({ stores, env: before.env })
  await again.env.advance(200_000)
  expect(await stateOf(again, id)).toBe(2)
})

test('EN10 an effect is called after its frame, tried until it succeeds, and not again after that', async () => {
  const calls: string[] = []
  const stores = memoryStores()
  const here = await stand({
    stores,
    run: async (_effect, effect_id, attempt) => {
      calls.push(`${effect_id} ${attempt}`)
      if (attempt < 3) throw new Error('the provider is away')
      return undefined
    },
  })
  stores.journal.fail(shard, 'hang')
  const answer = here.send(id, { add: 1, effect: true })
  await here.env.settle()
  expect(calls).toEqual([])
  stores.journal.release()
  await until(here.env, answer)
  await here.env.advance(20_000)
  expect(calls).toEqual([`${shard}:1:0:e0 1`, `${shard}:1:0:e0 2`, `${shard}:1:0:e0 3`])
  await until(here.env, here.send(id, { add: 1 })) // Its frame names the effect as settled.
  const after = await stand({ stores, env: here.env })
  await after.env.advance(20_000)
  expect(after.effects).toEqual([])
})

test('EN11 a full mailbox refuses at once and says when to come again', async () => {
  const here = await stand()
  here.stores.journal.stop()
  const first = here.send(id, { add: 1 })
  await here.env.settle()
  const flood = Array.from({ length: 600 }, () => here.send(id, { add: 1 }))
  here.stores.journal.start()
  const answers = await until(here.env, Promise.all([first, ...flood]))
  const refused = answers.filter((answer) => !answer.ok)
  expect(refused[0]).toMatchObject({ rejection: { rejected: 'overloaded', retry_after_ms: 250 } })
  expect(await stateOf(here, id)).toBe(601 - refused.length)
})

test('EN12 a command whose deadline is over is not begun', async () => {
  const here = await stand()
  const answer = here.send(id, { add: 1 }, { deadline_ms: here.env.now_ms() })
  expect(await until(here.env, answer)).toMatchObject({ rejection: { rejected: 'deadline' } })
  expect(await stateOf(here, id)).toBe(0)
})

test('EN13 a throw in decide refuses the command and leaves the state; the third one goes to the dead letters', async () => {
  const here = await stand()
  await until(here.env, here.send(id, { add: 1 }))
  for (let time = 0; time < 3; time++) {
    const poison = { id: idAt(66), command: { type: 'counter.crash' } }
    expect(await until(here.env, here.send(id, { add: 0 }, poison))).toMatchObject({
      rejection: { rejected: 'command.poisoned' },
    })
  }
  expect(here.stores.topics.letters.map(({ shard: of }) => of)).toEqual([shard])
  expect(await stateOf(here, id)).toBe(1)
})

test('EN14 a throw in evolve, or a broken invariant, quarantines that actor; its shard lives', async () => {
  const here = await stand()
  for (const [index, broken] of [
    { type: 'counter.break' },
    { type: 'counter.add', add: 2_000_000 },
  ].entries()) {
    const target = index === 0 ? id : far
    await until(here.env, here.send(target, { add: 1 }))
    const answer = await until(here.env, here.send(target, { add: 0 }, { command: broken }))
    expect(answer).toMatchObject({ rejection: { rejected: 'actor.quarantined' } })
    expect(await until(here.env, here.send(target, { add: 1 }))).toMatchObject({
      rejection: { rejected: 'actor.quarantined' },
    })
  }
  expect(await until(here.env, here.send(near, { add: 1 }))).toMatchObject({ ok: true })
  expect(framesOf(here.stores).every((frame) => isClaim(frame) || frame.events.length === 1)).toBe(true)
})

test('EN15 signals of one linger become one command, and are acked when it is durable', async () => {
  const here = await stand()
  const acked: unknown[] = []
  const shown: unknown[] = []
  here.thread.watch({ actor: 'counter', id }, ({ message }) => shown.push(message.type))
  const tick = () =>
    here.thread.signal(
      { to: { actor: 'counter', id }, signal: { type: 'counter.ticked' }, by: somebody },
      (refused) => acked.push(refused),
    )
  tick()
  tick()
  tick()
  expect(shown).toEqual(['counter.ticked', 'counter.ticked', 'counter.ticked'])
  await here.env.advance(limits.gather_linger_ms + 10)
  expect(acked).toEqual([undefined, undefined, undefined])
  expect(await stateOf(here, id)).toBe(3)
})

test('EN16 a sleeper is woken by the next message, with the state that it had', async () => {
  const here = await stand({ resident_max: 3, shards: 1 })
  const all = Array.from({ length: 10 }, (_, index) => idAt(index))
  for (const [index, each] of all.entries()) await until(here.env, here.send(each, { add: index + 1 }))
  await here.env.advance(2 * limits.snapshot_interval_ms)
  expect(here.thread.owned[0]?.residents.size).toBe(3)
  for (const [index, each] of all.entries()) expect(await stateOf(here, each)).toBe(index + 1)
  for (const each of all) await until(here.env, here.send(each, { add: 1 }))
  const after = await stand({ resident_max: 3, shards: 1, stores: here.stores, env: here.env })
  for (const [index, each] of all.entries()) expect(await stateOf(after, each)).toBe(index + 2)
})

test('EN16 asking for ids that nobody has heard of fills no memory', async () => {
  const here = await stand()
  for (let index = 0; index < 50; index++) expect(await stateOf(here, idAt(1_000 + index))).toBe(0)
  await until(here.env, here.send(idAt(2_000), { add: -1 }))
  expect(here.thread.owned.map(({ residents }) => residents.size)).toEqual([0, 0])
})

test('EN17 an answer that needs a later event waits for it, and no longer than its deadline', async () => {
  const here = await stand()
  const waiting = here.send(id, { add: 1, until: 3 })
  await here.env.advance(100)
  expect(await isSettled(here.env, waiting)).toBe(false)
  await until(here.env, here.send(id, { add: 2 }))
  expect(await until(here.env, waiting)).toMatchObject({ view: { state: 3 } })
  const late = here.send(id, { add: 1, until: 99 })
  expect(await until(here.env, late)).toMatchObject({ rejection: { rejected: 'deadline' } })
})

test('EN18 who watches an actor is shown its durable events in order', async () => {
  const here = await stand()
  const seen: number[] = []
  const stop = here.thread.watch({ actor: 'counter', id }, ({ seq }) => seen.push(seq))
  here.stores.journal.fail(shard, 'hang')
  const answer = here.send(id, { add: 1 })
  await here.env.settle()
  expect(seen).toEqual([])
  here.stores.journal.release()
  await until(here.env, answer)
  await until(here.env, here.send(id, { add: 1 }))
  stop()
  await until(here.env, here.send(id, { add: 1 }))
  expect(seen).toEqual([1, 2])
})

test('EN19 a drain finishes what was accepted, saves it, and then refuses', async () => {
  const here = await stand()
  const answers = Array.from({ length: 50 }, () => here.send(id, { add: 1 }))
  const drained = here.thread.drain()
  await until(here.env, drained)
  expect((await Promise.all(answers)).every((answer) => answer.ok)).toBe(true)
  expect((await here.stores.snapshots.cuts(shard))[0]?.n).toBe(framesOf(here.stores).length)
  expect(await until(here.env, here.send(id, { add: 1 }))).toMatchObject({
    rejection: { rejected: 'unavailable' },
  })
})

test('RT11 what a sender learned for a command is carried out and recorded with it, and is no part of what a repeat must equal', async () => {
  const here = await stand()
  const twice = { id: 'learned-1', learned: { add: 7 } }
  expect(await until(here.env, here.send(id, { add: 0, until: 1 }, twice))).toMatchObject({
    view: { state: 7 },
  })
  const again = here.send(id, { add: 0, until: 1 }, { ...twice, learned: { add: 9 } })
  expect(await until(here.env, again)).toMatchObject({ ok: true, view: { state: 7 } })
  const other = here.send(id, { add: 0, until: 2 }, twice)
  expect(await until(here.env, other)).toMatchObject({
    ok: false,
    rejection: { rejected: 'request.key_reused' },
  })
  const bodies = framesOf(here.stores).flatMap((frame) =>
    isClaim(frame) ? [] : frame.commands.map(({ body }) => body),
  )
  expect(bodies).toEqual([{ add: 7, until: 1 }])
})

test('EN33 a cut at rest holds no event that the log does not', async () => {
  const here = await stand({ shards: 1 })
  await until(here.env, here.send(id, { add: 1 }))
  const [owned] = here.thread.owned
  if (!owned) throw new Error('the shard is not open')
  await until(here.env, owned.drain())
  here.stores.journal.fail(0, 'hang')
  const late = here.send(id, { add: 10 }, { lane: 'control' })
  await here.env.settle()
  const closed = owned.close()
  expect(await isSettled(here.env, closed)).toBe(false)
  expect(await here.stores.snapshots.cuts(0)).toEqual([])
  here.stores.journal.release()
  await until(here.env, Promise.all([late, closed]))
  expect((await here.stores.snapshots.cuts(0))[0]?.n).toBe(2)
  expect(await stateOf(await stand({ env: here.env, stores: here.stores, shards: 1 }), id)).toBe(11)
})

test('EN34 a claim that comes after a later one makes nobody the owner, and breaks no log', async () => {
  const stores = memoryStores()
  const first = await stand({ shards: 1, stores })
  await until(first.env, first.send(id, { add: 1 }))
  stores.journal.fail(0, 'hang')
  const overtaken = stand({ shards: 1, stores, env: new SteppedEnv({ seed: 2 }) })
  await first.env.settle()
  for (const add of [10, 100]) {
    const other = await stand({ shards: 1, stores, env: new SteppedEnv({ seed: add }) })
    await until(other.env, other.send(id, { add }))
  }
  stores.journal.release()
  const here = await overtaken
  expect(await until(here.env, here.send(id, { add: 1_000 }))).toMatchObject({ view: { state: 1_111 } })
  const epochs = stores.journal.log.of(0).map(({ bytes }) => decodeRecord(bytes).epoch)
  expect(epochs).toEqual([1, 1, 2, 2, 3, 3, 2, 3, 4, 4])
  expect(await stateOf(await stand({ shards: 1, stores, env: new SteppedEnv({ seed: 3 }) }), id)).toBe(1_111)
})
