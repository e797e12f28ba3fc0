/** Publishing messages in order, each at most once within the stream's duplicate window. */
import type { Msg } from '@nats-io/nats-core'
import { Fault } from '../engine/ports.ts'
import { limits } from '../protocols/limits.ts'
import { headersOf, type Inbox, idHeader, type Link, type ServerError } from './nats.ts'

export interface TopicMessage {
  readonly id: string
  readonly subject: string
  readonly text: string
}

interface Ack {
  readonly error?: ServerError
}

const duplicate_in_batch = 10201

/**
 * All of them or none, with one sync of the disk. The server refuses a batch of which it knows any id (as after a crash,
 * when the batches' borders have moved); then they go one by one, and the known ones are dropped.
 */
export async function publishBatch(
  link: Link,
  batch_id: string,
  messages: readonly TopicMessage[],
): Promise<void> {
  const last = messages.at(-1)
  if (!last) return
  const fields = ({ id }: TopicMessage, index: number) => ({
    'Nats-Msg-Id': id,
    'Nats-Batch-Id': batch_id,
    'Nats-Batch-Sequence': String(index + 1),
  })
  messages.slice(0, -1).forEach((message, index) => {
    link.send(message.subject, message.text, '', headersOf(fields(message, index)))
  })
  const commit = { ...fields(last, messages.length - 1), 'Nats-Batch-Commit': '1' }
  const msg = await link.request(last.subject, last.text, { headers: headersOf(commit) })
  const { error } = msg.json<Ack>()
  if (error?.err_code === duplicate_in_batch) await publishEach(link, messages)
  else if (error) throw refused(error)
}

/** One by one and in order, without waiting in between; resolves when each is acked. An ack that comes twice counts once. */
export function publishEach(link: Link, messages: readonly TopicMessage[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const unacked = new Set<Inbox>()
    const end = (fault?: Fault) => {
      cancel()
      for (const inbox of unacked) inbox.close()
      if (fault) reject(fault)
      else resolve()
    }
    const cancel = link.env.after(limits.nats_request_ms, () => end(lost('no answer in time')))
    const inboxes = messages.map(() => {
      const inbox = link.inbox((msg) => {
        const fault = faultOf(msg)
        if (fault) return end(fault)
        inbox.close()
        unacked.delete(inbox)
        if (unacked.size === 0) end()
      })
      unacked.add(inbox)
      return inbox
    })
    try {
      for (const [index, { subject, text, id }] of messages.entries())
        link.send(subject, text, inboxes[index]?.reply ?? '', idHeader(id))
      if (unacked.size === 0) end()
    } catch (error) {
      end(error instanceof Fault ? error : lost('could not be sent'))
    }
  })
}

function faultOf(msg: Msg | undefined): Fault | undefined {
  if (msg === undefined) return lost('the connection was lost')
  if (msg.headers?.code === 503) return lost('nobody answers')
  const { error } = msg.json<Ack>()
  return error && refused(error)
}

const lost = (why: string) => new Fault(`publishing events: ${why}`, { retry: true })
const refused = ({ description }: ServerError) =>
  new Fault(`publishing events: ${description}`, { retry: true })
