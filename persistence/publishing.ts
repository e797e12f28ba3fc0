/** Publishing messages in order, each at most once within the stream's duplicate window. */
import { Fault } from '../engine/ports.ts'
import { limits } from '../protocols/limits.ts'
import { headersOf, idHeader, type Link, type ServerError } from './nats.ts'

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

/** One by one and in order, without waiting in between; resolves when each is acked. */
export function publishEach(link: Link, messages: readonly TopicMessage[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let waiting = messages.length
    const end = (fault?: Fault) => {
      cancel()
      inbox.close()
      if (fault) reject(fault)
      else resolve()
    }
    const cancel = link.env.after(limits.nats_request_ms, () => end(lost('no answer in time')))
    const inbox = link.inbox((msg) => {
      if (msg === undefined) return end(lost('the connection was lost'))
      if (msg.headers?.code === 503) return end(lost('nobody answers'))
      const { error } = msg.json<Ack>()
      waiting -= 1
      if (error) end(refused(error))
      else if (waiting === 0) end()
    })
    try {
      for (const { subject, text, id } of messages) link.send(subject, text, inbox.reply, idHeader(id))
      if (waiting === 0) end()
    } catch (error) {
      end(error instanceof Fault ? error : lost('could not be sent'))
    }
  })
}

const lost = (why: string) => new Fault(`publishing events: ${why}`, { retry: true })
const refused = ({ description }: ServerError) =>
  new Fault(`publishing events: ${description}`, { retry: true })
