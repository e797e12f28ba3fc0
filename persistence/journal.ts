/** The journal on JetStream: the subject `ev.<shard>` of one stream is the log of a shard. */
import { Fault, type Journal, type LogEntry } from '../engine/ports.ts'
import { limits } from '../protocols/limits.ts'
import { entriesOf } from './journal_read.ts'
import { askJetStream, headersOf, type Link, type ServerError } from './nats.ts'
import { logStream, logSubject } from './streams.ts'

interface Ack {
  readonly seq?: number
  readonly error?: ServerError
}

interface Stored {
  readonly message: { readonly seq: number; readonly hdrs?: string; readonly data?: string }
}

const no_message = 10037

/** A journal over streams that `ensureStreams` has made. Every rejection is a Fault. */
export async function openJournal(link: Link): Promise<Journal> {
  const journal = new StreamJournal(link)
  await journal.last(0)
  return journal
}

class StreamJournal implements Journal {
  readonly #link: Link

  constructor(link: Link) {
    this.#link = link
  }

  append(shard: number, id: string, bytes: Uint8Array, expected_seq: number): Promise<number> {
    return this.#publish(shard, bytes, {
      'Nats-Msg-Id': id,
      'Nats-Expected-Last-Subject-Sequence': String(expected_seq),
    })
  }

  claim(shard: number, id: string, bytes: Uint8Array): Promise<number> {
    return this.#publish(shard, bytes, { 'Nats-Msg-Id': id })
  }

  last(shard: number): Promise<LogEntry | undefined> {
    return this.#get(shard, { last_by_subj: logSubject(shard) })
  }

  read(shard: number, after_seq: number, until_seq: number): AsyncIterable<LogEntry> {
    const next = (of: number, after: number) =>
      this.#get(of, { seq: after + 1, next_by_subj: logSubject(of) })
    return entriesOf(this.#link, next, shard, after_seq, until_seq)
  }

  /** One entry, from the stream's leader: a direct get may be answered by a replica that lags. */
  async #get(shard: number, query: object): Promise<LogEntry | undefined> {
    const what = `STREAM.MSG.GET.${logStream(shard)}`
    const { message, error } = await askJetStream<Stored>(this.#link, what, query)
    if (message) return entryOf(message)
    if (error?.err_code === no_message) return undefined
    throw refusal(shard, error)
  }

  async #publish(
    shard: number,
    bytes: Uint8Array,
    fields: Readonly<Record<string, string>>,
  ): Promise<number> {
    const msg = await this.#link.request(logSubject(shard), bytes, {
      headers: headersOf(fields),
      timeout_ms: limits.append_timeout_ms,
    })
    const ack = msg.json<Ack>()
    if (ack.error || !ack.seq) throw refusal(shard, ack.error)
    return ack.seq
  }
}

function entryOf({ seq, hdrs, data }: Stored['message']): LogEntry {
  const fields = Buffer.from(hdrs ?? '', 'base64').toString('latin1')
  const id = /^Nats-Msg-Id: (.*)\r$/m.exec(fields)?.[1] ?? ''
  return { seq, id, bytes: new Uint8Array(Buffer.from(data ?? '', 'base64')) }
}

const refusal = (shard: number, error: ServerError | undefined) =>
  new Fault(`the log of shard ${shard}: ${error?.description ?? 'an answer without a sequence'}`, {
    retry: error?.code === 503,
  })
