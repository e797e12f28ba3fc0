import { expect, test } from 'vitest'
import { limits } from '../protocols/limits.ts'
import { Board, boardBytes } from './board.ts'
import { SteppedEnv } from './clock.ts'
import { HeldUpEnv, idAt, isSettled, memoryStores, somebody, stand, until } from './counter.given.ts'
import { Keys } from './keys.ts'
import { Fault } from './ports.ts'
import { ShardClock } from './shard_clock.ts'
import { Timers } from './timers.ts'

test('EN22 what is derived from the log follows it without a gap, also after its driver was away', async () => {
  const here = await stand({ shards: 1 })
  const { project } = here.stores.projections
  here.stores.projections.project = async () => {
    throw new Fault('the database is away', { retry: true })
  }
  for (let index = 0; index < 20; index++) await until(here.env, here.send(idAt(index), { add: 1 }))
  expect((await here.stores.projections.watermark(0)).n).toBe(0)
  here.stores.projections.project = project.bind(here.stores.projections)
  await here.env.advance(20_000)
  expect((await here.stores.projections.watermark(0)).n).toBe(here.thread.owned[0]?.durable_n)
  expect(here.thread.lag).toEqual({ projections: 0, topics: 0 })
})

test('EN22 after a restart the lists go on where they were left, read from the log', async () => {
  const stores = memoryStores()
  const before = await stand({ shards: 1, stores })
  const { project } = stores.projections
  stores.projections.project = async () => {
    throw new Fault('the database is away', { retry: true })
  }
  for (let index = 0; index < 20; index++) await until(before.env, before.send(idAt(index), { add: 1 }))
  stores.projections.project = project.bind(stores.projections)
  const after = await stand({ shards: 1, stores, env: before.env })
  await after.env.advance(20_000)
  expect((await stores.projections.watermark(0)).n).toBe(after.thread.owned[0]?.durable_n)
})

test('EN42 durable frames stay in memory while somebody lacks them, and no longer', async () => {
  const here = await stand({ shards: 1 })
  const kept = () => here.thread.owned[0]?.waiting.tail_bytes
  const { project } = here.stores.projections
  here.stores.projections.project = async () => {
    throw new Fault('the database is away', { retry: true })
  }
  for (let index = 0; index < 20; index++) await until(here.env, here.send(idAt(index), { add: 1 }))
  await here.env.advance(1_000)
  expect(here.thread.lag).toMatchObject({ topics: 0 })
  expect(kept()).toBeGreaterThan(20 * 512)
  const { read } = here.stores.journal
  here.stores.journal.read = () => {
    throw new Fault('all of it is in memory', { retry: false })
  }
  here.stores.projections.project = project.bind(here.stores.projections)
  await here.env.advance(20_000)
  expect(here.thread.lag).toEqual({ projections: 0, topics: 0 })
  expect(kept()).toBe(0)
  here.stores.journal.read = read
})

test('EN23 a list waits for what its reader was told, and at most a second', async () => {
  const env = new SteppedEnv()
  const memory = new SharedArrayBuffer(boardBytes(2, 1))
  const board = new Board(env, memory, 2, 1)
  const other = new Board(env, memory, 2, 1)
  for (const shard of [0, 1]) board.shardIs(shard, 'ready')
  board.note(somebody.id, 1, 5)
  const waiting = other.caughtUp(somebody.id)
  await env.advance(100)
  expect(await isSettled(env, waiting)).toBe(false)
  board.projected(1, 5)
  await env.advance(10)
  expect(await until(env, waiting)).toBe(true)
  board.note(somebody.id, 0, 9)
  const late = other.caughtUp(somebody.id)
  await env.advance(limits.read_your_writes_ms + 10)
  expect(await isSettled(env, late)).toBe(true)
  expect(await late).toBe(false)
})

test('EN37 a list after a restart waits for all that anybody may have been told before it', async () => {
  const env = new SteppedEnv()
  const board = new Board(env, new SharedArrayBuffer(boardBytes(1, 1)), 1, 1)
  expect(await until(env, board.caughtUp(somebody.id))).toBe(false)
  board.recovered(0, 7)
  board.shardIs(0, 'ready')
  board.projected(0, 6)
  const waiting = board.caughtUp(somebody.id)
  await env.advance(10)
  expect(await isSettled(env, waiting)).toBe(false)
  board.projected(0, 7)
  expect(await until(env, waiting)).toBe(true)
  board.shardIs(0, 'moved')
  expect(await until(env, board.caughtUp(somebody.id))).toBe(false)
  const { board: opened, thread } = await stand({ env })
  await until(env, thread.drain())
  expect(await until(env, opened.caughtUp(somebody.id))).toBe(true)
})

test('EN37 a list after a restart waits for what the log holds and the lists do not', async () => {
  const stores = memoryStores()
  const before = await stand({ shards: 1, stores })
  const { project } = stores.projections
  stores.projections.project = async () => {
    throw new Fault('the database is away', { retry: true })
  }
  await until(before.env, before.send(idAt(1), { add: 1 }))
  const { board, env } = await stand({ shards: 1, stores, env: before.env })
  expect(await until(env, board.caughtUp(somebody.id))).toBe(false)
  stores.projections.project = project.bind(stores.projections)
  await env.advance(20_000)
  expect(await until(env, board.caughtUp(somebody.id))).toBe(true)
})

test('EN37 who was woken is told of with a frame that lists must have', async () => {
  const here = await stand({ resident_max: 3, shards: 1 })
  const all = Array.from({ length: 10 }, (_, index) => idAt(index))
  for (const each of all) await until(here.env, here.send(each, { add: 1 }))
  await here.env.advance(2 * limits.snapshot_interval_ms)
  for (const each of all)
    expect(await until(here.env, here.send(each, { add: 0 }))).toMatchObject({
      ok: true,
      n: expect.any(Number),
    })
  const answers = await Promise.all(all.map((each) => until(here.env, here.send(each, { add: 0 }))))
  for (const [index, answer] of answers.entries())
    expect(answer.ok && answer.n).toBeGreaterThanOrEqual(index + 1)
})

test('EN24 the board tells the worst state of each kind of part', () => {
  const board = new Board(new SteppedEnv(), new SharedArrayBuffer(boardBytes(2, 2)), 2, 2)
  expect(board.states()).toEqual({ shards: 'starting', nats: 'starting', database: 'starting' })
  for (const each of [0, 1]) {
    board.shardIs(each, 'ready')
    board.natsIs(each, 'ready')
    board.databaseIs(each, 'ready')
  }
  expect(board.states()).toEqual({ shards: 'ready', nats: 'ready', database: 'ready' })
  board.natsIs(1, 'failed')
  expect(board.states()).toEqual({ shards: 'ready', nats: 'failed', database: 'ready' })
})

test('EN25 the clock of a shard never goes back, and an hour forward is slewed', async () => {
  const env = new SteppedEnv()
  const clock = new ShardClock(env)
  const start_ms = clock.now_ms()
  env.jump(-3_600_000)
  expect(clock.now_ms()).toBe(start_ms)
  env.jump(3_600_000)
  await env.advance(1_000)
  expect(clock.now_ms()).toBe(start_ms + 1_000)
  env.jump(3_600_000)
  await env.advance(10_000)
  expect(clock.now_ms() - start_ms).toBeLessThan(20_000)
  await env.advance(11 * 3_600_000)
  expect(Math.abs(clock.now_ms() - env.now_ms())).toBeLessThan(60_000)
})

test('EN25 a clock set back stops nothing: time goes on, a little slower, until the clock has caught up', async () => {
  const env = new SteppedEnv()
  const clock = new ShardClock(env)
  const start_ms = clock.now_ms()
  env.jump(-3_600_000)
  await env.advance(100_000)
  expect(clock.now_ms() - start_ms).toBe(90_000)
  env.jump(3_600_000)
  await env.advance(200_000)
  expect(clock.now_ms()).toBe(env.now_ms())
})

test('EN25 a clock that is slewed goes on however often it is asked', async () => {
  for (const jump_ms of [-3_600_000, 3_600_000]) {
    const env = new HeldUpEnv()
    const clock = new ShardClock(env)
    const start_ms = clock.now_ms()
    env.jump(jump_ms)
    for (let asked = 0; asked < 10_000; asked++) {
      env.held_ms += 0.25
      clock.now_ms()
    }
    expect(Math.abs(clock.now_ms() - start_ms - 2_500)).toBeLessThan(300)
  }
})

test('EN9 timers come out by due time, and one that fired stays until it is done with', () => {
  const timers = new Timers()
  const to = { actor: 'counter', id: idAt(1) }
  const command = { type: 'counter.add' }
  for (const due_ms of [50, 10, 40, 20, 30]) timers.add({ id: `t${due_ms}`, due_ms, to, command })
  timers.remove('t20')
  expect(timers.next_ms()).toBe(10)
  expect(timers.due(45, 2).map(({ id }) => id)).toEqual(['t10', 't30'])
  expect(timers.due(45, 9).map(({ id }) => id)).toEqual(['t40'])
  expect(timers.all()).toHaveLength(4)
  timers.remove('t10')
  timers.again({ id: 't30', due_ms: 30, to, command }, 60)
  expect(timers.due(99, 9).map(({ id }) => id)).toEqual(['t50', 't30'])
})

test('EN26 a loop that is late takes no more signals, and when it is very late no commands', async () => {
  const env = new HeldUpEnv()
  const here = await stand({ env })
  const signalled = () =>
    new Promise((resolve) => {
      const signal = { type: 'counter.ticked' }
      here.thread.signal({ to: { actor: 'counter', id: idAt(1) }, signal, by: somebody }, resolve)
    })
  const turnsOf = async (ms: number, turns: number) => {
    for (let turn = 0; turn < turns; turn++) {
      env.held_ms += ms
      await env.advance(limits.loop_probe_ms)
    }
  }
  await turnsOf(2 * limits.loop_late_signals_ms, 3)
  expect(await until(env, signalled())).toMatchObject({ rejected: 'overloaded' })
  expect(await until(env, here.send(idAt(1), { add: 1 }))).toMatchObject({ ok: true })
  await turnsOf(2 * limits.loop_late_commands_ms, 5)
  expect(await here.send(idAt(1), { add: 1 })).toMatchObject({ rejection: { rejected: 'overloaded' } })
  await turnsOf(0, 40)
  expect(await until(env, signalled())).toBe(undefined)
})

test('EN11 the bytes of waiting commands are bounded as well', async () => {
  const here = await stand({ shards: 1 })
  here.stores.journal.stop()
  const body = { add: 1, note: 'x'.repeat(limits.command_bytes_max - 200) }
  const answers = Array.from({ length: 360 }, (_, index) =>
    here.send(idAt(index), body, { deadline_ms: Number.POSITIVE_INFINITY }),
  )
  await here.env.settle()
  const refused = await Promise.race(answers.slice(-1))
  expect(refused).toMatchObject({ rejection: { rejected: 'overloaded' } })
})

test('EN27 a command that would not fit into a frame is refused', async () => {
  const here = await stand({ shards: 1 })
  const large = { add: 1, note: 'x'.repeat(limits.command_bytes_max) }
  expect(await until(here.env, here.send(idAt(1), large))).toMatchObject({
    rejection: { rejected: 'request.too_large' },
  })
  const many = { add: 1, note: 'x'.repeat(limits.command_bytes_max - 200) }
  const answers = Array.from({ length: 40 }, (_, index) => here.send(idAt(index), many))
  expect((await until(here.env, Promise.all(answers))).every(({ ok }) => ok)).toBe(true)
})

test('EN4 at least the newest half of the keys is known, and memory stays bounded', () => {
  const keys = new Keys(100)
  for (let index = 0; index < 1_000; index++) {
    keys.add(`k${index}`, { body_hash: index, n: index, at_ms: 0 })
    expect(keys.size).toBeLessThanOrEqual(100)
    for (let back = 0; back < Math.min(50, index); back++) expect(keys.find(`k${index - back}`)).toBeDefined()
  }
  const copy = new Keys(100)
  for (const [id, known] of keys.all()) copy.add(id, known)
  expect(copy.find('k999')).toEqual(keys.find('k999'))
})
