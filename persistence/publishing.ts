/** Publishing messages in order, each at most once within the stream's duplicate window. */
import { Fault } from '../engine/ports.ts'
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

/**
 * One by one, each when the one before it is acked: of several under way the server may lose an earlier one and keep a
 * later one, and the order of a topic would be gone for good. Ends in a Fault with the first that is not acked.
 */
export async function publishEach(link: Link, messages: readonly TopicMessage[]): Promise<void> {
  for (const { subject, text, id } of messages) {
    const msg = await link.request(subject, text, { headers: idHeader(id) })
    const { error } = msg.json<Ack>()
    if (error) throw refused(error)
  }
}

const refused = ({ description }: ServerError) =>
  new Fault(`publishing events: ${description}`, { retry: true })
