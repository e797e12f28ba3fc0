/** JetStream's own API on the simulated server, as far as the drivers ask for it. */
import type { Stored } from './jetstream_log.ts'
import type { SimStream, StreamConfig } from './jetstream_stream.ts'
import {
  jsonReply,
  type Refusal,
  type Reply,
  refusals,
  statusReply,
  takes,
  withFields,
} from './jetstream_wire.ts'

/** What the API acts on. */
export interface Domain {
  readonly streams: Map<string, SimStream>
  readonly now_ms: () => number
  /** The room for all bounded streams. */
  readonly disk_bytes: number
  add(config: StreamConfig): SimStream
}

type Body = Readonly<Record<string, unknown>>

interface Query {
  readonly seq?: number
  readonly last_by_subj?: string
  readonly next_by_subj?: string
  readonly batch?: number
  readonly max_bytes?: number
}

const defaults = {
  retention: 'limits',
  max_consumers: -1,
  max_msgs: -1,
  max_bytes: -1,
  max_age: 0,
  max_msgs_per_subject: -1,
  max_msg_size: -1,
  discard: 'old',
  storage: 'file',
  num_replicas: 1,
  duplicate_window: 120_000_000_000,
  compression: 'none',
  allow_direct: false,
  mirror_direct: false,
  sealed: false,
  deny_delete: false,
  deny_purge: false,
  allow_rollup_hdrs: false,
} as const

type Handler = (domain: Domain, name: string, body: Body) => object

const handlers: Readonly<Record<string, Handler>> = {
  'STREAM.CREATE': create,
  'STREAM.UPDATE': update,
  'STREAM.INFO': (domain, name) => withStream(domain, name, infoOf),
  'STREAM.DELETE': (domain, name) => ({ success: domain.streams.delete(name) }),
  'STREAM.PURGE': (domain, name) =>
    withStream(domain, name, ({ config }) => ({
      error: config.deny_purge ? refusals.purge_denied : refusals.bad_request,
    })),
  'STREAM.MSG.GET': get,
  'STREAM.MSG.DELETE': (domain, name) =>
    withStream(domain, name, ({ config }) => ({
      error: config.deny_delete ? refusals.delete_denied : refusals.bad_request,
    })),
}

/** The stream and what is asked of it, from a subject such as `$JS.API.STREAM.MSG.GET.EV0`; undefined: nobody listens there. */
export function apiCall(subject: string): { readonly what: string; readonly name: string } | undefined {
  const tokens = subject.split('.').slice(2)
  const what = tokens.slice(0, -1).join('.')
  return what in handlers ? { what, name: tokens.at(-1) ?? '' } : undefined
}

/** One reply, as the leader gives it. */
export function answerApi(
  domain: Domain,
  { what, name }: { what: string; name: string },
  data: Uint8Array,
): Reply {
  const type = `io.nats.jetstream.api.v1.${what.toLowerCase().replaceAll('.', '_')}_response`
  const body = data.length === 0 ? {} : (JSON.parse(new TextDecoder().decode(data)) as Body)
  return jsonReply({ type, ...handlers[what]?.(domain, name, body) })
}

/** The reply of a server that knows of no leader. */
export const leaderless = (what: string): Reply =>
  jsonReply({
    type: `io.nats.jetstream.api.v1.${what.toLowerCase().replaceAll('.', '_')}_response`,
    error: refusals.unavailable,
  })

/** A batch from any replica, up to what that replica has; then the status that ends it. */
export function directGet(stream: SimStream, data: Uint8Array, until_seq: number): readonly Reply[] {
  const query: Query = JSON.parse(new TextDecoder().decode(data))
  const pattern = query.next_by_subj ?? '>'
  const replies: Reply[] = []
  let pending = stream.log.countFrom(pattern, query.seq ?? 0, until_seq)
  let [last_seq, bytes] = [0, 0]
  let found = stream.log.next(pattern, query.seq ?? 0)
  while (found && found.seq <= until_seq && replies.length < (query.batch ?? 1)) {
    pending -= 1
    replies.push({ data: found.data, block: positionOf(stream, found, pending, last_seq) })
    last_seq = found.seq
    bytes += found.subject.length + (found.block?.length ?? 0) + found.data.length
    if (query.max_bytes !== undefined && bytes >= query.max_bytes) break
    found = stream.log.next(pattern, found.seq + 1)
  }
  if (replies.length === 0) return [statusReply('404 Message Not Found')]
  return [...replies, statusReply('204 EOB', { 'Nats-Num-Pending': pending, 'Nats-Last-Sequence': last_seq })]
}

const positionOf = (stream: SimStream, found: Stored, pending: number, last_seq: number) =>
  withFields(found.block, {
    'Nats-Stream': stream.config.name,
    'Nats-Subject': found.subject,
    'Nats-Sequence': found.seq,
    'Nats-Time-Stamp': new Date(found.at_ms).toISOString(),
    'Nats-Num-Pending': pending,
    'Nats-Last-Sequence': last_seq,
  })

function withStream(domain: Domain, name: string, use: (stream: SimStream) => object): object {
  const stream = domain.streams.get(name)
  stream?.expire()
  return stream ? use(stream) : { error: refusals.no_stream }
}

/** A cluster looks for the stream before it looks at the question, a single server the other way round. */
function get(domain: Domain, name: string, query: Query): object {
  const { seq = 0, last_by_subj, next_by_subj } = query
  const odd = last_by_subj ? seq > 0 || next_by_subj : seq === 0 && !next_by_subj
  const clustered = [...domain.streams.values()].some(({ replicated }) => replicated)
  if (odd && !(clustered && !domain.streams.has(name))) return { error: refusals.bad_request }
  return withStream(domain, name, ({ log }) => {
    const found = last_by_subj
      ? log.last(last_by_subj)
      : next_by_subj
        ? log.next(next_by_subj, seq)
        : log.get(seq)
    return found ? { message: shown(found) } : { error: refusals.no_message }
  })
}

const shown = ({ subject, seq, block, data, at_ms }: Stored) => ({
  subject,
  seq,
  ...(block ? { hdrs: block.toString('base64') } : {}),
  ...(data.length > 0 ? { data: Buffer.from(data).toString('base64') } : {}),
  time: new Date(at_ms).toISOString(),
})

function create(domain: Domain, name: string, body: Body): object {
  const config = { ...defaults, ...body } as unknown as StreamConfig
  const there = domain.streams.get(name)
  if (there)
    return canonical(there.config) === canonical(config) ? infoOf(there) : { error: refusals.name_in_use }
  const error = unfit(domain, config)
  if (error) return { error }
  return { ...infoOf(domain.add(config)), did_create: true }
}

function unfit(domain: Domain, { subjects, max_bytes }: StreamConfig): Refusal | undefined {
  const others = [...domain.streams.values()].map(({ config }) => config)
  const overlaps = (one: string) =>
    others.some((other) => other.subjects.some((have) => takes(have, one) || takes(one, have)))
  if (subjects.some(overlaps)) return refusals.overlap
  const reserved = others.reduce((sum, other) => sum + Math.max(0, other.max_bytes), 0)
  return max_bytes > 0 && reserved + max_bytes > domain.disk_bytes ? refusals.no_storage : undefined
}

function update(domain: Domain, name: string, body: Body): object {
  return withStream(domain, name, (stream) => {
    stream.config = { ...defaults, ...body } as unknown as StreamConfig
    return infoOf(stream)
  })
}

const infoOf = ({ config, log }: SimStream) => ({
  config,
  state: {
    messages: log.count,
    bytes: log.bytes,
    first_seq: log.last_seq === 0 ? 0 : log.first_seq,
    last_seq: log.last_seq,
  },
})

const canonical = (config: StreamConfig) => JSON.stringify(Object.entries(config).toSorted())
