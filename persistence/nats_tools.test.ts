// The README's lines for ordinary NATS tools, word by word: each is asked of a real server by the client library.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DeliverPolicy, jetstream } from '@nats-io/jetstream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemEnv } from '../engine/system_env.ts'
import { acceptedFrames } from '../engine/topics.contract.ts'
import { connectNats, type NatsLink } from './nats.ts'
import { ensureStreams } from './streams.ts'
import { startNats, type TestNats } from './testing.ts'
import { openTopics } from './topics.ts'

const env = systemEnv('error')
const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8')
const lines = [...readme.matchAll(/^nats (\w+(?: view)?) +'?([^'\s]+)'?/gm)].map(
  ([, verb = '', what = '']) => ({ verb, what }),
)
let nats: TestNats
let link: NatsLink

beforeAll(async () => {
  nats = await startNats()
  link = await connectNats({ url: nats.url, name: 'tools-test', env })
  await ensureStreams(link, { shards: 8, replicas: 1 })
})
afterAll(async () => {
  await link.close()
  await nats.stop()
})

/** What a line shows when a booking is accepted. */
const shows: Readonly<Record<string, (what: string) => Promise<unknown>>> = {
  sub: (subject) =>
    new Promise((resolve) => {
      link.nc.subscribe(subject, { callback: (_error, message) => resolve(message.json()) })
    }),
  'stream view': async (stream) => {
    const consumer = await jetstream(link.nc).consumers.get(stream, { deliver_policy: DeliverPolicy.All })
    return (await consumer.next())?.json()
  },
  req: async (subject) => (await link.request(subject, '')).json(),
}

test('OP13 each of the README’s lines for NATS tools shows what it says, on a real server', async () => {
  expect(lines.map(({ verb }) => verb)).toEqual(['sub', 'stream view', 'req'])
  const seen = lines.map(({ verb, what }) => [verb, shows[verb]?.(what)] as const)
  await link.nc.flush()
  const topics = await openTopics(link, env)
  await topics.publish(acceptedFrames(1, 1))
  await topics.close()
  for (const [verb, shown] of seen) {
    if (verb === 'req')
      expect(await shown).toMatchObject({
        config: { name: 'BOOKING_EVENTS', subjects: ['booking.events.>'] },
      })
    else expect(await shown).toMatchObject({ specversion: '1.0', source: 'service-booking' })
  }
})
