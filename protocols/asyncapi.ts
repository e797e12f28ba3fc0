/**
 * The AsyncAPI 3 document: the public topics, the runner socket and the tracking feed. It is committed as
 * docs/asyncapi.json: test AA2 compares, and writes it anew with UPDATE_DOCS=1.
 */
import { type TSchema, Type } from 'typebox'
import { feedMessages } from './feed.ts'
import { cloudEventOf, published } from './published.ts'
import { clientMessages, closeCodes, serverMessages, socketCommands } from './socket.ts'
import { streamOf, type TopicStream, topic_streams } from './topics.ts'

type Reference = Readonly<{ $ref: string }>
interface Message {
  readonly name: string
  readonly contentType: 'application/json'
  readonly payload: object
}
interface Channel {
  readonly address: string
  readonly description: string
  readonly parameters?: Readonly<Record<string, object>>
  readonly servers: readonly Reference[]
  readonly messages: Readonly<Record<string, Reference>>
}
interface Operation {
  readonly action: 'send' | 'receive'
  readonly channel: Reference
  readonly summary: string
  readonly messages: readonly Reference[]
}
/** What one channel carries, by name of the message. */
type Payloads = Readonly<Record<string, TSchema>>
interface Part {
  readonly channel: string
  readonly address: string
  readonly description: string
  readonly server: 'topics' | 'sockets'
  readonly parameters?: Readonly<Record<string, object>>
  /** What we send. */
  readonly sends: Payloads
  /** What clients send. */
  readonly receives?: Payloads
}

export interface AsyncApi {
  readonly asyncapi: '3.0.0'
  readonly info: object
  readonly servers: object
  readonly channels: Readonly<Record<string, Channel>>
  readonly operations: Readonly<Record<string, Operation>>
  readonly components: { readonly messages: Readonly<Record<string, Message>> }
}

export function asyncApi(): AsyncApi {
  const parts = [...topic_streams.map(topicOf), runnerSocket, trackingFeed]
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Kilat Dispatch',
      version: '1.0.0',
      description:
        'Events are CloudEvents 1.0 on JetStream subjects, at least once, in order per booking and runner; repeats carry the same id. Sockets speak JSON in text frames.',
    },
    servers: {
      topics: { host: 'localhost:4222', protocol: 'nats' },
      sockets: { host: 'localhost:8080', protocol: 'ws' },
    },
    channels: Object.fromEntries(parts.map((part) => [part.channel, channelOf(part)])),
    operations: Object.fromEntries(parts.flatMap(operationsOf)),
    components: { messages: Object.fromEntries(parts.flatMap(messagesOf)) },
  }
}

function topicOf(stream: TopicStream): Part {
  const sends = Object.entries(published)
    .filter(([type]) => streamOf(type) === stream)
    .map(([type, schema]) => [type, cloudEventOf(type, schema)] as const)
  const prefix = stream.toLowerCase().replace('_', '.')
  return {
    channel: stream,
    address: `${prefix}.{id}.{event}`,
    description: `The stream ${stream}.`,
    server: 'topics',
    parameters: {
      id: { description: 'The booking or runner that the event is about.' },
      event: { description: 'The name of the event without its domain.' },
    },
    sends: Object.fromEntries(sends),
  }
}

/** Each message with its name as `type`, as it stands on the wire. */
const typed = (messages: Payloads): Payloads =>
  Object.fromEntries(
    Object.entries(messages).map(([type, schema]) => [
      type,
      Type.Object({ type: Type.Literal(type), ...(schema as { properties?: Payloads }).properties }),
    ]),
  )

const runnerSocket: Part = {
  channel: 'runnerSocket',
  address: '/ws/runner',
  description: `A runner’s device: \`?token=\` with an access token, \`&format=json\` for JSON. Binary frames are msgpack of the same messages. It is closed with ${Object.entries(
    closeCodes,
  )
    .map(([why, code]) => `${code} ${why}`)
    .join(', ')}.`,
  server: 'sockets',
  sends: typed(serverMessages),
  receives: {
    ...typed(clientMessages),
    command: Type.Object({
      type: Type.Literal('command'),
      ...clientMessages.command.properties,
      command: Type.Union(Object.values(typed(socketCommands))),
    }),
  },
}

const trackingFeed: Part = {
  channel: 'trackingFeed',
  address: '/ws/tracking/{bookingId}',
  description:
    'A booking as it is watched live: `?token=` with an access token, `&from=` with the last `seq` to resume.',
  server: 'sockets',
  parameters: { bookingId: { description: 'The booking.' } },
  sends: feedMessages,
}

const direction = { send: 'sends', receive: 'receives' } as const
/** Messages of two channels may have one name. */
const keyOf = (part: Part, action: 'send' | 'receive', name: string) => `${part.channel}.${action}.${name}`

const namesOf = (part: Part) =>
  (['send', 'receive'] as const).flatMap((action) =>
    Object.entries(part[direction[action]] ?? {}).map(([name, schema]) => ({ action, name, schema })),
  )

const messagesOf = (part: Part): readonly (readonly [string, Message])[] =>
  namesOf(part).map(({ action, name, schema }) => [
    keyOf(part, action, name),
    { name, contentType: 'application/json', payload: schema },
  ])

const channelOf = (part: Part): Channel => ({
  address: part.address,
  description: part.description,
  ...(part.parameters ? { parameters: part.parameters } : {}),
  servers: [{ $ref: `#/servers/${part.server}` }],
  messages: Object.fromEntries(
    namesOf(part).map(({ action, name }) => [
      `${action}.${name}`,
      { $ref: `#/components/messages/${keyOf(part, action, name)}` },
    ]),
  ),
})

const summaries = { send: 'What the system sends.', receive: 'What clients send.' } as const

const operationsOf = (part: Part): readonly (readonly [string, Operation])[] =>
  (['send', 'receive'] as const)
    .filter((action) => Object.keys(part[direction[action]] ?? {}).length > 0)
    .map((action) => [
      `${part.channel}.${action}`,
      {
        action,
        channel: { $ref: `#/channels/${part.channel}` },
        summary: summaries[action],
        messages: Object.keys(part[direction[action]] ?? {}).map((name) => ({
          $ref: `#/channels/${part.channel}/messages/${action}.${name}`,
        })),
      },
    ])
