import { afterAll, expect, test } from 'vitest'
import type { StoredMessage } from '../engine/memory_topics.ts'
import { systemEnv } from '../engine/system_env.ts'
import { acceptedFrames, topicsContract } from '../engine/topics.contract.ts'
import { limits } from '../protocols/limits.ts'
import { connectNats, type NatsLink } from './nats.ts'
import { ensureStreams } from './streams.ts'
import { startNats } from './testing.ts'
import { openTopics } from './topics.ts'

const env = systemEnv('error')
const closers: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const close of closers.reverse()) await close()
})

interface Got {
  readonly message?: {
    readonly subject: string
    readonly seq: number
    readonly hdrs?: string
    readonly data: string
  }
}

/** Every message of a stream in order, by the leader's own API. */
async function messagesOf(link: NatsLink, stream: string, subject = '>'): Promise<StoredMessage[]> {
  const found: StoredMessage[] = []
  for (let seq = 1; ; ) {
    const query = JSON.stringify({ seq, next_by_subj: subject })
    const { message } = (await link.request(`$JS.API.STREAM.MSG.GET.${stream}`, query)).json<Got>()
    if (!message) return found
    const fields = Buffer.from(message.hdrs ?? '', 'base64').toString()
    found.push({
      id: /Nats-Msg-Id: (.*)\r/.exec(fields)?.[1] ?? '',
      subject: message.subject,
      message: JSON.parse(Buffer.from(message.data, 'base64').toString()),
    })
    seq = message.seq + 1
  }
}

async function open() {
  const server = await startNats()
  const link = await connectNats({ url: server.url, name: 'topics-test', env })
  await ensureStreams(link, { shards: 16, replicas: 1 })
  const topics = await openTopics(link, env)
  return {
    server,
    link,
    topics,
    stored: async (stream: string) => {
      await topics.flush(60_000)
      return messagesOf(link, stream)
    },
    letters: async (shard: number) =>
      (await messagesOf(link, 'DEAD_LETTERS', `dead.${shard}`)).map(({ message }) => message),
    close: async () => {
      topics.close()
      await link.close()
      await server.stop()
    },
  }
}

topicsContract('nats', open)

const changed = (link: NatsLink, to: boolean) =>
  new Promise<void>((resolve) => {
    const stop = link.onChange((connected) => {
      if (connected !== to) return
      stop()
      resolve()
    })
  })

const from = { actor: 'runner', id: '0b6e6f5a-7c1d-4f8a-9b7e-2d1a5c3e4f60' }
const reportOf = (index: number) => ({
  from,
  type: 'runner.location_update',
  key: `boot:${index}`,
  at_ms: 1_790_000_000_000 + index,
  data: { latitude: 1.5, longitude: 103.5 },
})

test('TP7 frames that a crash interrupted are in the topic once each, in order, when they are published again', async () => {
  const { server, link, topics, stored, close } = await open()
  closers.push(close)
  const frames = acceptedFrames(1, 2_000)
  await topics.publish(frames.slice(0, 500))
  const lost = changed(link, false)
  const interrupted = topics.publish(frames.slice(400, 1_700)).catch((error: unknown) => error)
  await server.kill()
  await lost
  expect(await interrupted).toMatchObject({ name: 'Fault', retry: true })
  await expect(topics.publish(frames)).rejects.toMatchObject({ name: 'Fault', retry: true })
  const back = changed(link, true)
  await server.restart()
  await back
  await topics.publish(frames.slice(137, 1_111))
  await topics.publish(frames.slice(900))
  expect((await stored('BOOKING_EVENTS')).map(({ id }) => id)).toEqual(
    frames.map(({ frame }) => `1:${frame.n}:1`),
  )
})

test('TP6 reports beyond the queue are dropped and counted, and the others arrive when the server is back', async () => {
  const { server, link, topics, close } = await open()
  closers.push(close)
  const lost = changed(link, false)
  await server.kill()
  await lost
  let taken = 0
  while (topics.report(reportOf(taken))) taken += 1
  expect(taken).toBe(limits.report_queue_max)
  expect(topics.stats()).toMatchObject({ reports_dropped: 1, reports_acked: 0, reports_waiting: taken })
  await server.restart()
  await topics.flush(60_000)
  expect(topics.stats()).toMatchObject({ reports_dropped: 1, reports_acked: taken, reports_waiting: 0 })
})

test('TP8 a report that the server lost unacked is sent again under the same id', async () => {
  const { server, link, topics, stored, close } = await open()
  closers.push(close)
  const count = 2_000
  for (let index = 0; index < count; index++) topics.report(reportOf(index))
  const lost = changed(link, false)
  await server.kill()
  await lost
  expect(topics.stats().reports_waiting).toBeGreaterThan(0)
  await server.restart()
  await topics.flush(60_000)
  const ids = (await stored('RUNNER_EVENTS')).map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(topics.stats()).toMatchObject({ reports_acked: count, reports_dropped: 0 })
})

test('TP9 a closed set of topics drops what waits, and says so to those who flush', async () => {
  const { server, link, topics, close } = await open()
  closers.push(close)
  const lost = changed(link, false)
  await server.kill()
  await lost
  topics.report(reportOf(1))
  await topics.flush(1)
  expect(topics.stats()).toMatchObject({ reports_waiting: 1 })
  const flushed = topics.flush()
  topics.close()
  await flushed
  expect(topics.stats()).toMatchObject({ reports_dropped: 1, reports_waiting: 0 })
})
