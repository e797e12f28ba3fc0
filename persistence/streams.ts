/** The streams that the system stands on: made when they are missing, refused when they are something else. */
import { Fault } from '../engine/ports.ts'
import { limits } from '../protocols/limits.ts'
import { askJetStream, type Link, type ServerError } from './nats.ts'

export interface Deployment {
  /** A power of two, written when the deployment is created and never changed. */
  readonly shards: number
  /** Copies of each stream: 1 on one machine, 3 on a cluster. */
  readonly replicas: number
}

/** The stream that holds the log of a shard, and the subject of that log. */
export const logStream = (_shard: number) => 'EV0'
export const logSubject = (shard: number) => `ev.${shard}`

type Fields = Readonly<Record<string, unknown>>

interface Stream {
  readonly name: string
  /** What can never be otherwise: another value means that the stream is not ours. */
  readonly facts: Fields
  /** What may be changed in place. */
  readonly tunables: Fields
}

const name_in_use = 10058
const no_room = 10047
const ns = (ms: number) => ms * 1_000_000
const days = (count: number) => ns(count * 24 * 3_600_000)

/** The streams of engine.md, section 3, and that of the dead letters. */
function streamsOf({ replicas }: Deployment): readonly Stream[] {
  const facts = { storage: 'file', retention: 'limits', num_replicas: replicas }
  const topic = (name: string, subject: string): Stream => ({
    name,
    facts: { ...facts, subjects: [subject] },
    tunables: { duplicate_window: ns(limits.topic_dedupe_ms), allow_atomic: true, allow_direct: true },
  })
  return [
    {
      name: 'EV0',
      facts: { ...facts, subjects: ['ev.*'], deny_delete: true, discard: 'new' },
      tunables: { duplicate_window: ns(limits.journal_dedupe_ms), allow_direct: true },
    },
    {
      name: 'POLICIES',
      facts: { ...facts, subjects: ['policies.*'], deny_delete: true, deny_purge: true, discard: 'new' },
      tunables: {},
    },
    topic('BOOKING_EVENTS', 'booking.events.>'),
    topic('PAYMENT_EVENTS', 'payment.events.>'),
    topic('TRACKING_EVENTS', 'tracking.events.>'),
    {
      name: 'RUNNER_EVENTS',
      facts: { ...facts, num_replicas: 1, subjects: ['runner.events.>'], persist_mode: 'async' },
      tunables: {
        duplicate_window: ns(limits.topic_dedupe_ms),
        allow_direct: true,
        max_age: days(limits.runner_topic_days),
        max_bytes: limits.runner_topic_bytes,
      },
    },
    {
      name: 'DEAD_LETTERS',
      facts: { ...facts, subjects: ['dead.*'] },
      tunables: { max_age: days(limits.dead_letter_days), max_bytes: limits.dead_letters_bytes_max },
    },
  ]
}

/** Every stream that holds messages of ours. */
export const stream_names: readonly string[] = streamsOf({ shards: 1, replicas: 1 }).map(({ name }) => name)

/** Makes sure that every stream is there. Ends in a Fault that names the stream and the field when one cannot be ours. */
export async function ensureStreams(link: Link, deployment: Deployment): Promise<void> {
  for (const stream of streamsOf(deployment)) await ensure(link, stream, deployment.shards)
}

interface StreamInfo {
  readonly config: Fields & { readonly metadata?: Readonly<Record<string, string>> }
}

async function ensure(link: Link, stream: Stream, shards: number): Promise<void> {
  const { name, facts, tunables } = stream
  const metadata = { kilat_shards: String(shards) }
  const config = await found(link, name, () =>
    fitting(link, 'CREATE', { name, ...facts, ...tunables, metadata }),
  )
  for (const [field, wanted] of Object.entries({ ...facts, kilat_shards: metadata.kilat_shards })) {
    const have = field === 'kilat_shards' ? config.metadata?.kilat_shards : config[field]
    if (JSON.stringify(have) !== JSON.stringify(wanted))
      throw new Fault(
        `the stream ${name} has ${field} ${JSON.stringify(have)}, and ${JSON.stringify(wanted)} is needed`,
        { retry: false },
      )
  }
  if (Object.entries(tunables).every(([field, wanted]) => settled(field, config[field], wanted))) return
  const update_error = await fitting(link, 'UPDATE', { ...config, ...tunables })
  if (update_error) throw refused(name, update_error)
}

/** The stream's configuration; it is made where there is none, and only then: the server wants room for a stream before it looks whether it is there. */
async function found(
  link: Link,
  name: string,
  make: () => Promise<ServerError | undefined>,
): Promise<StreamInfo['config']> {
  const info = () => askJetStream<StreamInfo>(link, `STREAM.INFO.${name}`, {})
  const present = await info()
  if (present.config) return present.config
  const error = await make()
  if (error && error.err_code !== name_in_use) throw refused(name, error)
  const made = await info()
  if (!made.config) throw refused(name, made.error)
  return made.config
}

/** A smaller `max_bytes` than wanted is what the disk allowed when the stream was made. */
const settled = (field: string, have: unknown, wanted: unknown) =>
  field === 'max_bytes' ? Number(have) > 0 && Number(have) <= Number(wanted) : have === wanted

/** The server reserves `max_bytes` on its disk: where that is too small for all, half of it, and so on. */
async function fitting(
  link: Link,
  how: 'CREATE' | 'UPDATE',
  config: Fields & { readonly name?: unknown },
): Promise<ServerError | undefined> {
  const { error } = await askJetStream<StreamInfo>(link, `STREAM.${how}.${config.name}`, config)
  const half = Math.floor(Number(config.max_bytes) / 2)
  if (error?.err_code === no_room && half >= limits.stream_bytes_min)
    return fitting(link, how, { ...config, max_bytes: half })
  return error
}

const refused = (name: string, error: ServerError | undefined) =>
  new Fault(`the stream ${name} was refused: ${error?.description ?? 'no reason given'}`, {
    retry: error?.code === 503,
  })

/** How many shards the deployment behind a connection has; undefined where none was ever made. */
export async function shardsOf(link: Link): Promise<number | undefined> {
  const { config } = await askJetStream<StreamInfo>(link, `STREAM.INFO.${logStream(0)}`, {})
  const shards = Number(config?.metadata?.kilat_shards)
  return Number.isInteger(shards) && shards > 0 ? shards : undefined
}
