/** Reading a shard's log in batches, the next one on its way while the last one is being used. */
import type { Msg } from '@nats-io/nats-core'
import { Fault, type LogEntry } from '../engine/ports.ts'
import { limits } from '../protocols/limits.ts'
import { askJetStream, type Link, type ServerError } from './nats.ts'
import { logStream, logSubject } from './streams.ts'

/** Messages of a stream whose subjects fit. `next`: the first one behind a sequence, as the stream's leader has it. */
interface Source {
  readonly stream: string
  readonly subject: string
  /** It can be read in batches from any of its replicas. */
  readonly direct: boolean
  readonly next: (after_seq: number) => Promise<LogEntry | undefined>
}

/** The first entry of a shard after a sequence, as the leader of its stream has it. */
export type Next = (shard: number, after_seq: number) => Promise<LogEntry | undefined>

/** Every entry with `after_seq < seq <= until_seq`, in order. A batch that is not whole ends it with a Fault. */
export function entriesOf(
  link: Link,
  next: Next,
  shard: number,
  after_seq: number,
  until_seq: number,
): AsyncGenerator<LogEntry> {
  const ask = (after: number) => next(shard, after)
  return between(
    link,
    { stream: logStream(shard), subject: logSubject(shard), direct: true, next: ask },
    after_seq,
    until_seq,
  )
}

interface StreamState {
  readonly config: { readonly allow_direct?: boolean }
  readonly state: { readonly last_seq: number }
}
interface StoredMessage {
  readonly message: { readonly seq: number; readonly data?: string }
}

/** Every message that a stream holds now, whatever its subject; ids are left out. Ends in a Fault when a part is missing. */
export async function* everyMessage(link: Link, stream: string): AsyncGenerator<LogEntry> {
  const { config, state, error } = await askJetStream<StreamState>(link, `STREAM.INFO.${stream}`, {})
  if (!state) throw unreadable(stream, error)
  const next = async (after_seq: number) => {
    const query = { seq: after_seq + 1, next_by_subj: '>' }
    const what = `STREAM.MSG.GET.${stream}`
    const { message, error } = await askJetStream<StoredMessage>(link, what, query)
    if (error && error.err_code !== no_message) throw unreadable(stream, error)
    return (
      message && {
        seq: message.seq,
        id: '',
        bytes: new Uint8Array(Buffer.from(message.data ?? '', 'base64')),
      }
    )
  }
  const direct = config?.allow_direct === true
  yield* between(link, { stream, subject: '>', direct, next }, 0, state.last_seq)
}

/** There is none behind the sequence. */
const no_message = 10037

const unreadable = (stream: string, error: ServerError | undefined) =>
  new Fault(`the stream ${stream}: ${error?.description ?? 'an answer without its state'}`, { retry: false })

async function* between(
  link: Link,
  source: Source,
  after_seq: number,
  until_seq: number,
): AsyncGenerator<LogEntry> {
  let coming = after_seq < until_seq ? batchOf(link, source, after_seq) : undefined
  while (coming) {
    const entries = await coming
    const newest = entries.at(-1)?.seq ?? until_seq
    coming = newest < until_seq ? batchOf(link, source, newest) : undefined
    // A reader who stops early leaves this one behind; its failure is nobody's.
    coming?.catch(() => undefined)
    for (const entry of entries) if (entry.seq <= until_seq) yield entry
  }
}

/** A batch from any replica; where that has nothing more, it may lag, and the leader is asked. Empty only at the end of the log. */
async function batchOf(link: Link, source: Source, after_seq: number): Promise<readonly LogEntry[]> {
  const entries = source.direct ? await directBatch(link, source, after_seq) : []
  if (entries.length > 0) return entries
  const entry = await source.next(after_seq)
  return entry ? [entry] : []
}

function directBatch(
  link: Link,
  { stream, subject }: Source,
  after_seq: number,
): Promise<readonly LogEntry[]> {
  const query = {
    seq: after_seq + 1,
    next_by_subj: subject,
    batch: limits.read_batch_entries,
    max_bytes: limits.read_batch_bytes,
  }
  return new Promise((resolve, reject) => {
    const entries: LogEntry[] = []
    const end = (fault?: string) => {
      cancel()
      inbox.close()
      if (fault === undefined) resolve(entries)
      else reject(new Fault(`reading ${subject} of ${stream}: ${fault}`, { retry: true }))
    }
    const cancel = link.env.after(limits.read_idle_ms, () => end('no answer in time'))
    const inbox = link.inbox((msg) => {
      const fault = faultOf(msg, entries)
      if (msg === undefined || fault !== undefined) end(fault)
      else if (isEnd(msg)) end()
      else entries.push(entryOf(msg))
    })
    try {
      link.send(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify(query), inbox.reply)
    } catch {
      end('NATS is not connected')
    }
  })
}

/** 204: the batch is over; 404: there is nothing of this subject from there on. */
const isEnd = ({ headers }: Msg) => headers?.code === 204 || headers?.code === 404

/** Replies are ordinary messages and could be lost: each one names the sequence that came before it in the batch. */
function faultOf(msg: Msg | undefined, entries: readonly LogEntry[]): string | undefined {
  if (msg === undefined) return 'the connection was lost'
  const { headers } = msg
  if (headers?.code === 404) return undefined
  if (headers?.code && headers.code !== 204) return `${headers.code} ${headers.description}`
  const before = Number(headers?.get('Nats-Last-Sequence'))
  return before === (entries.at(-1)?.seq ?? 0) ? undefined : 'a part of the batch is missing'
}

const entryOf = ({ headers, data }: Msg): LogEntry => ({
  seq: Number(headers?.get('Nats-Sequence')),
  id: headers?.get('Nats-Msg-Id') ?? '',
  bytes: data,
})
