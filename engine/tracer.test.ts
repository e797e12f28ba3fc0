import { expect, test } from 'vitest'
import { decodeRecord } from '../protocols/codec.ts'
import { shardOf } from '../protocols/shard.ts'
import { SteppedEnv } from './clock.ts'
import { idAt, memoryStores, stand, until } from './counter.given.ts'
import type { Shown } from './host.ts'
import { Link, type Parcel, type Wire } from './mesh.ts'
import { MemoryTracer } from './tracer.given.ts'

const ofShard = (shard: number) =>
  Array.from({ length: 50 }, (_, index) => idAt(index)).find((id) => shardOf(id, 2) === shard) ?? ''
const root = 'the request'

/** Each span's name with the name of the span that it stands under. */
const tree = ({ spans }: MemoryTracer) =>
  spans.map(({ name, parents }) => {
    const parent = spans.find(({ trace }) => trace === parents[0])?.name ?? parents[0]
    return `${name} < ${parent}`
  })

test('OB20 a trace leads from a command over its frame to the effect, the step in another shard, and the watchers', async () => {
  const tracer = new MemoryTracer()
  const here = await stand({ tracer })
  const shown: Shown[] = []
  here.thread.watch({ actor: 'counter', id: ofShard(0) }, (each) => shown.push(each))
  await until(here.env, here.send(ofShard(0), { add: 1, tell: ofShard(1), effect: true }, { trace: root }))
  await here.env.advance(5_000)
  expect(tree(tracer)).toEqual(
    expect.arrayContaining([
      `command counter.add < ${root}`,
      'frame < command counter.add',
      'effect push.send < command counter.add',
      'command counter.add < command counter.add',
    ]),
  )
  expect(tracer.spans.filter(({ ended }) => !ended)).toEqual([])
  const frame = tracer.spans.find(({ name }) => name === 'frame')
  expect(shown.map(({ trace }) => trace)).toEqual([frame?.trace])
})

test('OB20 a trace crosses to another thread', async () => {
  const env = new SteppedEnv()
  const stores = memoryStores()
  const tracer = new MemoryTracer()
  const [one, other] = await Promise.all(
    [0, 1].map((thread) => stand({ env, stores, thread, threads: 2, tracer })),
  )
  if (!one || !other) throw new Error('both were started')
  const calls: ((batch: readonly Parcel[]) => void)[] = []
  const wire = (mine: number, theirs: number): Wire => ({
    send: (batch) => env.soon(() => calls[theirs]?.(structuredClone(batch))),
    receive: (call) => {
      calls[mine] = call
    },
  })
  one.thread.meet(1, new Link(env, wire(0, 1), one.thread))
  other.thread.meet(0, new Link(env, wire(1, 0), other.thread))
  await until(env, one.send(ofShard(1), { add: 1 }, { trace: root }))
  expect(tree(tracer)).toEqual([`command counter.add < ${root}`, 'frame < command counter.add'])
})

test('OB21 a trace is in no record and no hash: a repeat under another one is the same command', async () => {
  const here = await stand({ tracer: new MemoryTracer() })
  const id = here.env.uuid()
  const first = await until(here.env, here.send(ofShard(0), { add: 1 }, { id, trace: 'first trace' }))
  const again = await until(here.env, here.send(ofShard(0), { add: 1 }, { id, trace: 'other trace' }))
  expect(again).toEqual(first)
  await until(here.env, here.thread.drain())
  const logged = []
  for await (const { bytes } of here.stores.journal.read(0, 0, 100)) logged.push(decodeRecord(bytes))
  expect(logged.length).toBeGreaterThan(1)
  expect(JSON.stringify(logged)).not.toMatch(/trace|span \d/)
})

test('OB21 what is owed is kept without its trace', async () => {
  const run = () => Promise.reject(new Error('not yet'))
  const here = await stand({ tracer: new MemoryTracer(), run })
  await until(here.env, here.send(ofShard(0), { add: 1, effect: true }, { trace: root }))
  await until(here.env, here.thread.drain())
  const [cut] = await here.stores.snapshots.cuts(0)
  const row = Buffer.from(cut?.shard_row ?? []).toString('latin1')
  expect(row).toContain('push.send')
  expect(row).not.toMatch(/the request|span \d/)
})

test('OB22 without a trace no span is begun', async () => {
  const tracer = new MemoryTracer()
  const here = await stand({ tracer })
  await until(here.env, here.send(ofShard(0), { add: 1, effect: true }))
  expect(tracer.spans).toEqual([])
})
