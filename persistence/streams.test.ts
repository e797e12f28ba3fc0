import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemEnv } from '../engine/system_env.ts'
import { askJetStream, connectNats, type NatsLink } from './nats.ts'
import { ensureStreams } from './streams.ts'
import { startNats, type TestNats } from './testing.ts'

const env = systemEnv('error')
let server: TestNats
let link: NatsLink
beforeAll(async () => {
  server = await startNats()
  link = await connectNats({ url: server.url, name: 'streams-test', env })
})
afterAll(async () => {
  await link?.close()
  await server?.stop()
})

interface Info {
  readonly config: Readonly<Record<string, unknown>>
}
const configOf = async (name: string) => (await askJetStream<Info>(link, `STREAM.INFO.${name}`, {})).config

test('JN12 the streams are made once, and found again by every later start', async () => {
  const deployment = { shards: 8, replicas: 1 }
  await Promise.all([ensureStreams(link, deployment), ensureStreams(link, deployment)])
  await ensureStreams(link, deployment)
  expect(await configOf('EV0')).toMatchObject({
    subjects: ['ev.*'],
    storage: 'file',
    deny_delete: true,
    discard: 'new',
    num_replicas: 1,
    duplicate_window: 120_000_000_000,
    metadata: { kilat_shards: '8' },
  })
  expect(await configOf('BOOKING_EVENTS')).toMatchObject({ allow_atomic: true })
  expect(await configOf('RUNNER_EVENTS')).toMatchObject({
    persist_mode: 'async',
    max_age: 604_800_000_000_000,
  })
  expect(await configOf('DEAD_LETTERS')).toMatchObject({ subjects: ['dead.*'] })
})

test('JN13 another number of shards than at first is refused', async () => {
  await ensureStreams(link, { shards: 8, replicas: 1 })
  await expect(ensureStreams(link, { shards: 16, replicas: 1 })).rejects.toMatchObject({
    name: 'Fault',
    retry: false,
    message: 'the stream EV0 has kilat_shards "8", and "16" is needed',
  })
})

test('JN14 a stream that is not as it must be is refused by name, and one that only lags in a tunable is brought up to date', async () => {
  await ensureStreams(link, { shards: 8, replicas: 1 })
  const events = await configOf('BOOKING_EVENTS')
  await askJetStream(link, 'STREAM.UPDATE.BOOKING_EVENTS', { ...events, duplicate_window: 60_000_000_000 })
  await ensureStreams(link, { shards: 8, replicas: 1 })
  expect(await configOf('BOOKING_EVENTS')).toMatchObject({ duplicate_window: 120_000_000_000 })

  await askJetStream(link, 'STREAM.DELETE.DEAD_LETTERS', {})
  await askJetStream(link, 'STREAM.CREATE.DEAD_LETTERS', {
    name: 'DEAD_LETTERS',
    subjects: ['dead.*'],
    storage: 'memory',
  })
  await expect(ensureStreams(link, { shards: 8, replicas: 1 })).rejects.toThrow(
    'DEAD_LETTERS has storage "memory"',
  )
})
