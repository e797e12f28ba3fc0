import { describe, expect, test } from 'vitest'
import { journalContract } from '../../engine/journal.contract.ts'
import type { StoredMessage } from '../../engine/memory_topics.ts'
import { policiesContract } from '../../engine/policies.contract.ts'
import { acceptedFrames, topicsContract } from '../../engine/topics.contract.ts'
import { askJetStream, headersOf } from '../../persistence/nats.ts'
import { openPolicies } from '../../persistence/policies.ts'
import { publishEach } from '../../persistence/publishing.ts'
import { ensureStreams } from '../../persistence/streams.ts'
import { openTopics } from '../../persistence/topics.ts'
import { during, running, simulated } from './jetstream.given.ts'
import type { SimJetStream } from './jetstream.ts'
import { fieldOf } from './jetstream_wire.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

const stored = (nats: SimJetStream, stream: string): StoredMessage[] =>
  nats
    .stream(stream)
    .log.all()
    .map(({ block, subject, data }) => ({
      id: fieldOf(block, 'Nats-Msg-Id') ?? '',
      subject,
      message: JSON.parse(new TextDecoder().decode(data)),
    }))

describe.each([1, 3])(
  'SJ1 the production drivers keep their contracts over it, with %i replicas',
  (replicas) => {
    journalContract('simulated', async () => {
      const { env, journal } = await simulated(replicas)
      return { journal, close: running(env) }
    })

    topicsContract('simulated', async () => {
      const { env, nats, link } = await simulated(replicas)
      const stop = running(env)
      const topics = await openTopics(link, env)
      return {
        topics,
        stored: async (stream) => {
          await topics.flush(60_000)
          return stored(nats, stream)
        },
        letters: async (shard) =>
          stored(nats, 'DEAD_LETTERS')
            .filter(({ subject }) => subject === `dead.${shard}`)
            .map(({ message }) => message),
        close: async () => {
          topics.close()
          await stop()
        },
      }
    })

    policiesContract('simulated', async () => {
      const { env, nats, link } = await simulated(replicas)
      return {
        policies: openPolicies(link),
        reopen: async () => openPolicies(nats.connect('two', env)),
        close: running(env),
      }
    })
  },
)

test('SJ2 the streams are made once, and another number of shards is refused', async () => {
  const { env, link, nats } = await simulated()
  await during(env, ensureStreams(link, { shards: 16, replicas: 1 }))
  await expect(during(env, ensureStreams(link, { shards: 8, replicas: 1 }))).rejects.toThrow(
    'kilat_shards "16"',
  )
  expect(nats.stream('RUNNER_EVENTS').config.persist_mode).toBe('async')
})

test('SJ3 a repeated append is refused by one server and acked as a duplicate by a cluster', async () => {
  for (const replicas of [1, 3]) {
    const { env, journal } = await simulated(replicas)
    const seq = await during(env, journal.append(1, 'a', bytesOf('a'), 0))
    const again = during(env, journal.append(1, 'a', bytesOf('a'), 0))
    if (replicas === 3) expect(await again).toBe(seq)
    else await expect(again).rejects.toThrow('wrong last sequence: 1')
  }
})

test('SJ4 of two appends in flight for one shard a cluster refuses the second, and one server takes both', async () => {
  for (const replicas of [1, 3]) {
    const { env, journal } = await simulated(replicas)
    const ends = Promise.allSettled([
      journal.append(1, 'a', bytesOf('a'), 0),
      journal.append(1, 'b', bytesOf('b'), 1),
    ])
    const reasons = (await during(env, ends)).map((end) => end.status === 'rejected' && String(end.reason))
    expect(reasons).toEqual([false, replicas === 1 ? false : expect.stringContaining('wrong last sequence')])
  }
})

test('SJ5 what was acked outlives a crash; what was in flight is there or not, and fails at once', async () => {
  const found = new Set<number>()
  for (const chance of [0, 0.999]) {
    const { env, nats, link, journal } = await simulated(1, { chance: () => chance, commit_ms: () => 5 })
    const seq = await during(env, journal.append(1, 'a', bytesOf('a'), 0))
    const second = journal.append(1, 'b', bytesOf('b'), seq).catch((error: unknown) => error)
    await env.advance(2)
    nats.crash()
    expect(await second).toMatchObject({ name: 'Fault', retry: true })
    await expect(journal.last(1)).rejects.toMatchObject({ retry: true })
    expect(link.connected).toBe(false)
    nats.start()
    await env.advance(3_000)
    expect(link.connected).toBe(true)
    const last = await during(env, journal.last(1))
    found.add(last?.seq ?? 0)
  }
  expect([...found].sort()).toEqual([1, 2])
})

test('SJ6 a cluster without a leader is silent, then refuses, then serves with all that was acked', async () => {
  const { env, nats, journal } = await simulated(3)
  await during(env, journal.append(1, 'a', bytesOf('a'), 0))
  nats.loseLeader(6_000, 9_000)
  await expect(during(env, journal.append(1, 'b', bytesOf('b'), 1))).rejects.toThrow('no answer in time')
  await env.advance(1_500)
  await expect(during(env, journal.append(1, 'b', bytesOf('b'), 1))).rejects.toThrow('nobody answers')
  await expect(during(env, journal.last(1))).rejects.toMatchObject({ retry: true })
  await env.advance(3_000)
  expect(await during(env, journal.append(1, 'b', bytesOf('b'), 1))).toBe(2)
})

test('SJ7 a short partition delays, a long one ends the connection until it is over', async () => {
  const { env, nats, link, journal } = await simulated()
  nats.partition(link, 1_000)
  const start_ms = env.monotonic_ms()
  expect(await during(env, journal.append(1, 'a', bytesOf('a'), 0))).toBe(1)
  expect(env.monotonic_ms() - start_ms).toBeGreaterThanOrEqual(1_000)
  nats.partition(link, 20_000)
  const lost = journal.append(1, 'b', bytesOf('b'), 1).catch(String)
  await env.advance(7_000)
  expect(await lost).toContain('no answer in time')
  expect(link.connected).toBe(false)
  await env.advance(20_000)
  expect(link.connected).toBe(true)
  expect((await during(env, journal.last(1)))?.id).toBe('a')
})

test('SJ8 messages are lost, doubled, delayed and overtaken as the weather says', async () => {
  let copies: readonly { after_ms: number; overtakes?: boolean }[] = []
  const { env, nats, link, journal } = await simulated(1, {
    copies: (from) => (from === 'one' && copies.length > 0 ? copies : [{ after_ms: 0.1 }]),
  })
  const none = during(env, link.request('nobody.here', 'x'))
  await expect(none).rejects.toThrow('nobody answers')
  copies = [{ after_ms: 1 }, { after_ms: 30, overtakes: true }]
  await during(env, journal.claim(1, 'a', bytesOf('a')))
  await env.advance(50)
  expect(nats.stream('EV0').log.count).toBe(1)
  copies = [{ after_ms: 50, overtakes: true }]
  const slow = journal.claim(2, 'slow', bytesOf('x'))
  copies = [{ after_ms: 1 }]
  await during(env, journal.claim(2, 'fast', bytesOf('x')))
  await during(env, slow)
  expect((await during(env, journal.last(2)))?.id).toBe('slow')
  copies = [{ after_ms: 9_000 }]
  await expect(during(env, journal.last(1))).rejects.toThrow('no answer in time')
})

test('SJ9 a full stream and a server without resources refuse what they are sent', async () => {
  const { env, nats, journal } = await simulated()
  nats.stream('EV0').full = true
  await expect(during(env, journal.claim(1, 'a', bytesOf('a')))).rejects.toThrow('maximum bytes exceeded')
  nats.stream('EV0').full = false
  nats.stream('EV0').exhausted = true
  await expect(during(env, journal.claim(1, 'a', bytesOf('a')))).rejects.toThrow('insufficient resources')
  nats.stream('EV0').exhausted = false
  expect(await during(env, journal.claim(1, 'a', bytesOf('a')))).toBe(1)
})

test('SJ10 an id is forgotten after its window, and no sooner', async () => {
  const { env, nats, link } = await simulated()
  const topics = await openTopics(link, env)
  const publish = () => during(env, topics.publish(acceptedFrames(1, 2)))
  await publish()
  await env.advance(119_000)
  await publish()
  expect(nats.stream('BOOKING_EVENTS').log.count).toBe(2)
  await env.advance(2_000)
  await publish()
  expect(nats.stream('BOOKING_EVENTS').log.count).toBe(4)
})

test('SJ11 a lagging replica gives an older log, and the leader what it lacks', async () => {
  const { env, journal } = await simulated(3, { lag_ms: () => 10_000 })
  await during(env, journal.append(1, 'a', bytesOf('a'), 0))
  await during(env, journal.append(1, 'b', bytesOf('b'), 1))
  const read = async () => {
    const ids: string[] = []
    for await (const { id } of journal.read(1, 0, 2)) ids.push(id)
    return ids
  }
  expect(await during(env, read())).toEqual(['a', 'b'])
})

test('JN18 a batch of which a reply was lost or came twice ends the reading with a fault', async () => {
  for (const copies of [[], [{ after_ms: 0.1 }, { after_ms: 0.1 }]]) {
    let replies = 0
    let spoiled = -1
    const { env, journal } = await simulated(1, {
      copies: (from) => (from === 'nats' && ++replies === spoiled ? copies : [{ after_ms: 0.1 }]),
    })
    for (const seq of [0, 1, 2]) await during(env, journal.append(1, `f${seq}`, bytesOf('x'), seq))
    spoiled = replies + 2
    const read = async () => {
      for await (const { seq } of journal.read(1, 0, 3)) expect(seq).toBe(0)
    }
    await expect(during(env, read())).rejects.toThrow('a part of the batch is missing')
  }
})

test('TP14 an ack that comes twice does not stand for two messages', async () => {
  let replies = 0
  let doubled = -2
  const { env, link } = await simulated(1, {
    copies: (from) => {
      if (from !== 'nats') return [{ after_ms: 0.1 }]
      replies += 1
      if (replies === doubled) return [{ after_ms: 0.1 }, { after_ms: 0.1 }]
      return replies === doubled + 1 ? [] : [{ after_ms: 0.1 }]
    },
  })
  doubled = replies + 1
  const messages = ['a', 'b'].map((id) => ({ id, subject: 'runner.events.a.online', text: '{}' }))
  await expect(during(env, publishEach(link, messages))).rejects.toThrow('no answer in time')
})

test('SJ12 the end of an asynchronous stream goes with the server, and a bounded one drops its oldest', async () => {
  const { env, nats, link } = await simulated(1, { chance: () => 0.5 })
  const send = (subject: string, id: string) =>
    during(env, link.request(subject, id, { headers: headersOf({ 'Nats-Msg-Id': id }) }))
  await send('runner.events.a.online', 'old')
  await env.advance(5_000)
  await send('runner.events.a.online', 'new')
  nats.crash()
  expect(stored_ids(nats, 'RUNNER_EVENTS')).toEqual(['old'])
  nats.start()
  await env.advance(5_000)
  const small = { name: 'SMALL', subjects: ['small'], max_bytes: 230 }
  await during(env, askJetStream(link, 'STREAM.CREATE.SMALL', small))
  for (const id of ['a', 'b', 'c', 'd']) await send('small', id)
  expect(stored_ids(nats, 'SMALL')).toEqual(['b', 'c', 'd'])
})

const stored_ids = (nats: SimJetStream, stream: string) =>
  nats
    .stream(stream)
    .log.all()
    .map(({ block }) => fieldOf(block, 'Nats-Msg-Id'))
