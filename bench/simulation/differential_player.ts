/** Plays operations on one side, the server or its model, and tells in words what came of each. */
import type { Msg } from '@nats-io/nats-core'
import type { Journal } from '../../engine/ports.ts'
import { openJournal } from '../../persistence/journal.ts'
import { headersOf, type Link } from '../../persistence/nats.ts'
import { publishBatch, publishEach } from '../../persistence/publishing.ts'
import type { Expectation, Flaw, Operation } from './differential_operations.ts'

interface Sent {
  readonly subject: string
  readonly text: string
  readonly fields: Readonly<Record<string, string>>
}

type Played = Exclude<Operation, { do: 'wait' | 'restart' }>
type Kind = Played['do']
type Players = { readonly [K in Kind]: (operation: Extract<Played, { do: K }>) => Promise<string> }

const answer_ms = 5_000
const nothing = 'no answer'

export class Player {
  readonly #link: Link
  readonly #journal: Journal
  /** The newest sequences that acks have named, of each subject and in all. */
  readonly #last = new Map<string, number>()
  #sent: Sent[] = []
  #batches = 0

  constructor(link: Link, journal: Journal) {
    this.#link = link
    this.#journal = journal
  }

  static async open(link: Link): Promise<Player> {
    return new Player(link, await openJournal(link))
  }

  /** The ids that an operation sends to a subject; for those whose time matters. */
  idsOf(operation: Operation): readonly { readonly subject: string; readonly id: string }[] {
    if (operation.do === 'publish') return [{ subject: operation.subject, id: `m${operation.id}` }]
    const sent = operation.do === 'again' ? this.#sent.at(-1 - operation.back) : undefined
    return sent ? [{ subject: sent.subject, id: sent.fields['Nats-Msg-Id'] ?? '' }] : []
  }

  play<K extends Kind>(operation: Extract<Played, { do: K }>): Promise<string> {
    return (this.#players[operation.do] as Players[K])(operation)
  }

  /** Every message of a stream, oldest first. */
  async logOf(stream: string): Promise<readonly string[]> {
    const lines: string[] = []
    for (let seq = 1; ; ) {
      const line = await this.#ask('STREAM.MSG.GET', stream, { seq, next_by_subj: '>' })
      const { message } = JSON.parse(line) as { message?: { seq: number } }
      if (!message) return lines
      lines.push(line)
      seq = message.seq + 1
    }
  }

  readonly #players: Players = {
    publish: ({ subject, id, bytes, expect, whole, stream }) =>
      this.#send(subject, 'x'.repeat(bytes), {
        ...(id < 0 ? {} : { 'Nats-Msg-Id': `m${id}` }),
        ...this.#expecting('Nats-Expected-Last-Subject-Sequence', subject, expect),
        ...this.#expecting('Nats-Expected-Last-Sequence', subject.split('.')[0] ?? '', whole),
        ...(stream === '' ? {} : { 'Nats-Expected-Stream': stream }),
      }),
    again: ({ back, expect }) => {
      const sent = this.#sent.at(-1 - back)
      if (!sent) return Promise.resolve('nothing was sent yet')
      const expecting = this.#expecting('Nats-Expected-Last-Subject-Sequence', sent.subject, expect)
      return this.#send(sent.subject, sent.text, { ...sent.fields, ...expecting })
    },
    pair: async ({ subject, id }) => {
      const outcomes = await Promise.all(
        [`p${id}`, `p${id + 1}`].map((one) => this.#send(subject, one, { 'Nats-Msg-Id': one })),
      )
      return outcomes.join(' | ')
    },
    batch: (operation) => this.#batch(operation),
    commit: ({ subject }) =>
      this.#send(subject, 'end', {
        'Nats-Batch-Id': `b${this.#batches}`,
        'Nats-Batch-Sequence': '3',
        'Nats-Batch-Commit': '1',
      }),
    ask: ({ what, stream, query }) => this.#ask(what, stream, query),
    read: ({ stream, query }) => this.#read(stream, query),
    journal: (operation) => told(this.#journaling(operation)),
    topics: ({ id, size, batch }) => {
      const messages = Array.from({ length: size }, (_, index) => ({
        id: `t${id + index}`,
        subject: 'booking.events.a.accepted',
        text: `text ${index}`,
      }))
      const published = batch
        ? publishBatch(this.#link, `t${this.#batches++}`, messages)
        : publishEach(this.#link, messages)
      return told(published)
    },
  }

  async #batch(batch: Extract<Played, { do: 'batch' }>): Promise<string> {
    this.#batches += 1
    const { subject, size, flaw, replies } = batch
    const outcomes: string[] = []
    for (let number = 1; number <= size; number++) {
      const expectation = flaw === 'expecting' ? 'right' : 'none'
      const fields = {
        ...fieldsOf(batch, `b${this.#batches}`, number),
        ...this.#expecting('Nats-Expected-Last-Subject-Sequence', subject, expectation),
      }
      if (replies || number === size) outcomes.push(await this.#send(subject, `batch ${number}`, fields))
      else this.#link.send(subject, `batch ${number}`, '', headersOf(fields))
    }
    return outcomes.join(' | ')
  }

  async #journaling({ what, shard, id }: Extract<Played, { do: 'journal' }>): Promise<unknown> {
    const last = await this.#journal.last(shard)
    const bytes = new TextEncoder().encode(`frame ${id}`)
    if (what === 'append') return this.#journal.append(shard, `j${id}`, bytes, last?.seq ?? 0)
    if (what === 'claim') return this.#journal.claim(shard, `j${id}`, bytes)
    if (what === 'last') return shown(last)
    const entries: object[] = []
    for await (const entry of this.#journal.read(shard, 0, last?.seq ?? 0)) entries.push(shown(entry))
    return entries
  }

  #expecting(name: string, of: string, expectation: Expectation): Readonly<Record<string, string>> {
    const last = this.#last.get(of) ?? 0
    const values = {
      right: `${last}`,
      stale: `${Math.max(0, last - 1)}`,
      ahead: `${last + 1}`,
      garbage: 'x1',
    }
    return expectation === 'none' ? {} : { [name]: values[expectation] }
  }

  async #send(subject: string, text: string, fields: Sent['fields']): Promise<string> {
    this.#sent = [...this.#sent.slice(-9), { subject, text, fields }]
    const [reply] = await this.#exchange(subject, text, fields, () => true)
    if (!reply) return nothing
    const outcome = reply.headers?.code
      ? `${reply.headers.code} ${reply.headers.description}`
      : reply.string()
    const seq = Number(/"seq": ?([1-9]\d*)/.exec(outcome)?.[1] ?? 0)
    for (const of of [subject, subject.split('.')[0] ?? '']) if (seq > 0) this.#last.set(of, seq)
    return outcome
  }

  async #ask(what: string, stream: string, query: object): Promise<string> {
    const [reply] = await this.#exchange(`$JS.API.${what}.${stream}`, JSON.stringify(query), {}, () => true)
    if (!reply) return nothing
    if (reply.headers?.code) return `${reply.headers.code}`
    const { type, error, message, state } = reply.json<Record<string, Record<string, unknown>>>()
    const { messages, bytes, first_seq, last_seq } = state ?? {}
    const { time: _time, ...rest } = message ?? {}
    return JSON.stringify({
      type,
      error,
      ...(message ? { message: rest } : {}),
      ...(state ? { state: { messages, bytes, first_seq, last_seq } } : {}),
    })
  }

  async #read(stream: string, query: object): Promise<string> {
    const ended = ({ headers }: Msg) => Number(headers?.code) >= 200
    const replies = await this.#exchange(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify(query), {}, ended)
    return JSON.stringify(
      replies.map(({ headers, data }) => [
        headers?.code,
        headers?.description,
        [...(headers ?? [])].filter(([name]) => name !== 'Nats-Time-Stamp'),
        Buffer.from(data).toString('latin1'),
      ]),
    )
  }

  /** One message, and the replies until the last one; those that came when no more come in time. */
  #exchange(
    subject: string,
    text: string,
    fields: Sent['fields'],
    isLast: (msg: Msg) => boolean,
  ): Promise<readonly Msg[]> {
    return new Promise((resolve, reject) => {
      const replies: Msg[] = []
      const end = () => {
        cancel()
        inbox.close()
        resolve(replies)
      }
      const cancel = this.#link.env.after(answer_ms, end)
      const inbox = this.#link.inbox((msg) => {
        if (msg) replies.push(msg)
        if (!msg || isLast(msg)) end()
      })
      try {
        const headers = Object.keys(fields).length > 0 ? headersOf(fields) : undefined
        this.#link.send(subject, text, inbox.reply, headers)
      } catch (error) {
        reject(error)
      }
    })
  }
}

/** The headers of one message of a batch; a flaw shows in the last one. */
function fieldsOf({ id, size, flaw }: Extract<Played, { do: 'batch' }>, batch_id: string, number: number) {
  const flawed = number === size ? flaw : 'none'
  const numbers: Partial<Record<Flaw, number>> = { gap: number + 1, huge: 1_001 }
  const commits: Partial<Record<Flaw, object>> = { no_commit: {}, odd_commit: { 'Nats-Batch-Commit': 'no' } }
  const commit = number === size ? (commits[flaw] ?? { 'Nats-Batch-Commit': '1' }) : {}
  return {
    'Nats-Msg-Id': `m${flawed === 'repeat' ? id : id + number - 1}`,
    'Nats-Batch-Id': flaw === 'huge' ? 'b'.repeat(64 + (size % 2)) : batch_id,
    ...(flaw === 'unnumbered' ? {} : { 'Nats-Batch-Sequence': String(numbers[flawed] ?? number) }),
    ...commit,
  }
}

const shown = (entry: { seq: number; id: string; bytes: Uint8Array } | undefined) =>
  entry ? { seq: entry.seq, id: entry.id, text: new TextDecoder().decode(entry.bytes) } : {}

const told = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    (value) => JSON.stringify(value ?? 'done'),
    (error: unknown) => String(error),
  )
