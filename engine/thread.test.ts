import { once } from 'node:events'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { limits } from '../protocols/limits.ts'
import { shardOf } from '../protocols/shard.ts'
import { SteppedEnv } from './clock.ts'
import { idAt, isSettled, memoryStores, type Stand, stand, until } from './counter.given.ts'
import { type HostUnderTest, hostContract } from './host.contract.ts'
import { Link, type Parcel, type Wire } from './mesh.ts'

const ofShard = (shard: number) =>
  Array.from({ length: 50 }, (_, index) => idAt(index)).find((id) => shardOf(id, 2) === shard) ?? ''

function hold({ stores }: Stand) {
  for (const shard of [0, 1]) stores.journal.fail(shard, 'hang')
  return () => {
    for (const shard of [0, 1]) stores.journal.faults.set(shard, [])
    stores.journal.release()
  }
}

hostContract('a shard of this thread', async (): Promise<HostUnderTest> => {
  const here = await stand()
  return {
    env: here.env,
    host: here.thread,
    id: ofShard(0),
    holdJournal: () => hold(here),
    close: async () => {},
  }
})

/** Both ends in this thread; what is posted is copied, as between threads. */
function twinWires(env: SteppedEnv): readonly [Wire, Wire] {
  const calls: ((batch: readonly Parcel[]) => void)[] = []
  const wire = (mine: number, other: number): Wire => ({
    send: (batch) => {
      const copy = structuredClone(batch)
      env.soon(() => calls[other]?.(copy))
    },
    receive: (call) => {
      calls[mine] = call
    },
  })
  return [wire(0, 1), wire(1, 0)]
}

async function twoThreads(wires: (env: SteppedEnv) => readonly [Wire, Wire]) {
  const env = new SteppedEnv()
  const stores = memoryStores()
  const [one, other] = await Promise.all([0, 1].map((thread) => stand({ env, stores, thread, threads: 2 })))
  if (!one || !other) throw new Error('both were started')
  const [here, there] = wires(env)
  one.thread.meet(1, new Link(env, here, one.thread))
  other.thread.meet(0, new Link(env, there, other.thread))
  return { env, stores, one, other }
}

hostContract('a shard of another thread, over the twin', async (): Promise<HostUnderTest> => {
  const { env, one } = await twoThreads(twinWires)
  return { env, host: one.thread, id: ofShard(1), holdJournal: () => hold(one), close: async () => {} }
})

const portWire = (port: MessagePort): Wire => ({
  send: (batch) => port.postMessage(batch),
  receive: (call) => port.on('message', (batch: readonly Parcel[]) => call(batch)),
})

hostContract('a shard of another thread, over a MessagePort', async (): Promise<HostUnderTest> => {
  const { port1, port2 } = new MessageChannel()
  const { env, one } = await twoThreads(() => [portWire(port1), portWire(port2)])
  const close = async () => {
    const closed = once(port2, 'close')
    port1.close()
    await closed
  }
  return { env, host: one.thread, id: ofShard(1), holdJournal: () => hold(one), close }
})

test('EN8 a step between shards of two threads arrives once', async () => {
  const { env, one, other } = await twoThreads(twinWires)
  await until(env, one.send(ofShard(0), { add: 4, tell: ofShard(1) }))
  await env.advance(5_000)
  const state = other.thread.owned[0]?.residents.peek('counter', ofShard(1))?.state
  expect(state).toBe(4)
})

test('EN21 a question to a thread that is gone ends, and says so', async () => {
  const { env, one } = await twoThreads(() => {
    const silent: Wire = { send: () => {}, receive: () => {} }
    return [silent, silent]
  })
  const answer = one.send(ofShard(1), { add: 1 })
  expect(await isSettled(env, answer)).toBe(false)
  await expect(until(env, answer)).rejects.toMatchObject({ name: 'Fault', retry: true })
})

test('EN21 beyond the bound of open questions each further one ends at once, a search as well', async () => {
  const { one } = await twoThreads(() => {
    const silent: Wire = { send: () => {}, receive: () => {} }
    return [silent, silent]
  })
  for (let open = 0; open < limits.mesh_queue_max; open++)
    void one.send(ofShard(1), { add: 1 }).catch(() => undefined)
  expect(await one.send(ofShard(1), { add: 1 })).toMatchObject({ rejection: { rejected: 'overloaded' } })
  const search = { kind: 'counter', latitude: 1.5, longitude: 103.7, radius_km: 5, limit: 1, bits: 0 }
  await expect(one.thread.near(search)).rejects.toMatchObject({ name: 'Fault', retry: true })
})
