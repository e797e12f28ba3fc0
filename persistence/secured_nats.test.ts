import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { journalContract } from '../engine/journal.contract.ts'
import type { StoredMessage } from '../engine/memory_topics.ts'
import { policiesContract } from '../engine/policies.contract.ts'
import { systemEnv } from '../engine/system_env.ts'
import { acceptedFrames, topicsContract } from '../engine/topics.contract.ts'
import { authority, issued } from './certificates.given.ts'
import { openJournal } from './journal.ts'
import { askJetStream, connectNats, type NatsLink } from './nats.ts'
import { openPolicies } from './policies.ts'
import { type Secured, startSecured } from './secured.given.ts'
import { ensureStreams } from './streams.ts'
import { openTopics } from './topics.ts'

const env = systemEnv('error')
const deployment = { shards: 16, replicas: 1 }
const linkTo = (url: string) =>
  connectNats({ url, name: 'secured-test', env: { ...env, log: () => undefined } })

interface Got {
  readonly message?: {
    readonly subject: string
    readonly seq: number
    readonly hdrs?: string
    readonly data: string
  }
}

async function messagesOf(link: NatsLink, stream: string, subject = '>'): Promise<StoredMessage[]> {
  const found: StoredMessage[] = []
  for (let seq = 1; ; ) {
    const { message } = await askJetStream<Got>(link, `STREAM.MSG.GET.${stream}`, {
      seq,
      next_by_subj: subject,
    })
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

/** The engine's own link and streams, and somebody who may look at what it wrote. */
async function open() {
  const server = await startSecured()
  const [link, other, reader] = (await Promise.all(
    (['engine', 'engine', 'reader'] as const).map((user) => linkTo(server.url(user))),
  )) as [NatsLink, NatsLink, NatsLink]
  await ensureStreams(link, deployment)
  const topics = await openTopics(link, env)
  return {
    link,
    journal: await openJournal(link),
    topics,
    policies: openPolicies(link),
    reopen: async () => openPolicies(other),
    stored: async (stream: string) => {
      await topics.flush(60_000)
      return messagesOf(reader, stream)
    },
    letters: async (shard: number) =>
      (await messagesOf(reader, 'DEAD_LETTERS', `dead.${shard}`)).map(({ message }) => message),
    close: async () => {
      topics.close()
      await Promise.all([link, other, reader].map((each) => each.close()))
      await server.stop()
    },
  }
}

journalContract('nats with the rights of docs/secured', open)
topicsContract('nats with the rights of docs/secured', open)
policiesContract('nats with the rights of docs/secured', open)

let server: Secured
beforeAll(async () => {
  server = await startSecured()
})
afterAll(() => server?.stop())

/** What a user may not do is never answered; one who may is answered at once. */
const isDeaf = (link: NatsLink, subject: string, body = '{}') =>
  link.request(subject, body, { timeout_ms: 300 }).then(
    () => false,
    () => true,
  )

test('LP1 a start-up by the engine’s rights is whole, and a second one changes nothing', async () => {
  const engine = await linkTo(server.url('engine'))
  try {
    await ensureStreams(engine, deployment)
    await ensureStreams(engine, deployment)
    await expect(ensureStreams(engine, { ...deployment, shards: 8 })).rejects.toThrow('kilat_shards')
  } finally {
    await engine.close()
  }
})

test('LP2 the engine deletes nothing, purges nothing, makes no consumer, and hears nobody else', async () => {
  const engine = await linkTo(server.url('engine'))
  try {
    await ensureStreams(engine, deployment)
    for (const what of [
      'STREAM.DELETE.EV0',
      'STREAM.PURGE.EV0',
      'STREAM.MSG.DELETE.EV0',
      'STREAM.CREATE.OTHER',
      'CONSUMER.CREATE.EV0',
      'STREAM.NAMES',
    ])
      expect([what, await isDeaf(engine, `$JS.API.${what}`)]).toEqual([what, true])
    expect(await isDeaf(engine, '$JS.API.STREAM.INFO.EV0')).toBe(false)
  } finally {
    await engine.close()
  }
})

test('LP3 operators read the public topics, live and from history, write nothing and see no log', async () => {
  const [engine, ops] = await Promise.all([linkTo(server.url('engine')), linkTo(server.url('ops'))])
  try {
    await ensureStreams(engine, deployment)
    const [frames, topics] = [acceptedFrames(0, 3), await openTopics(engine, env)]
    const live = new Promise<string>((resolve) => {
      ops.listen('booking.events.>', ({ subject }) => resolve(subject))
    })
    await ops.nc.flush()
    await topics.publish(frames)
    expect(await live).toContain('booking.events.')
    const first = await ops.request('$JS.API.DIRECT.GET.BOOKING_EVENTS', JSON.stringify({ seq: 1 }))
    expect(first.headers?.get('Nats-Subject')).toContain('booking.events.')
    const before = (await messagesCount(engine)) as number
    for (const subject of [
      'ev.0',
      'booking.events.x.accepted',
      'policies.2',
      '$JS.API.STREAM.INFO.EV0',
      '$JS.API.STREAM.DELETE.BOOKING_EVENTS',
      '$JS.API.DIRECT.GET.EV0',
      '$JS.API.CONSUMER.CREATE.BOOKING_EVENTS',
    ])
      expect([subject, await isDeaf(ops, subject)]).toEqual([subject, true])
    expect(await messagesCount(engine)).toBe(before)
    const log: string[] = []
    ops.listen('ev.>', ({ subject }) => log.push(subject))
    await ops.nc.flush()
    await engine.request('ev.3', 'not for them')
    await ops.nc.flush()
    expect(log).toEqual([])
    topics.close()
  } finally {
    await Promise.all([engine.close(), ops.close()])
  }
})

const messagesCount = async (link: NatsLink) =>
  (await askJetStream<{ state: { messages: number } }>(link, 'STREAM.INFO.BOOKING_EVENTS', {})).state
    ?.messages

test('LP4 a wrong password, a wrong authority, a missing file and no certificate end the start with the reason', async () => {
  const { ca, cert, key } = server.client
  const stranger = join(server.dir, 'stranger.pem')
  const other = authority('somebody else')
  writeFileSync(stranger, other.certificate)
  const theirs = issued(server.dir, 'theirs', other)
  const refused = (url: string) => expect(linkTo(url)).rejects
  await refused(server.url('engine').replace('a-long-password', 'guess')).toMatchObject({
    message: 'NATS refuses our credentials',
    retry: false,
  })
  const mistrusted = { message: 'the certificates between NATS and us do not fit', retry: false }
  await refused(server.url('engine', { ca: stranger, cert, key })).toMatchObject(mistrusted)
  await refused(server.url('engine', { ca, ...theirs })).toMatchObject(mistrusted)
  await refused(server.url('engine', { ca })).toMatchObject(mistrusted)
  await refused(server.url('engine', { ca: join(server.dir, 'nowhere.pem') })).toMatchObject(mistrusted)
})

test('LP4 a certificate that has expired is no certificate', async () => {
  const expired = issued(server.dir, 'expired', server.authority, Date.now() - 60_000)
  await expect(linkTo(server.url('engine', { ca: server.client.ca, ...expired }))).rejects.toMatchObject({
    retry: false,
  })
  const late = await startSecured(Date.now() - 60_000)
  try {
    await expect(linkTo(late.url('engine'))).rejects.toMatchObject({ retry: false })
  } finally {
    await late.stop()
  }
})
