/** Where runners were, from the topic that keeps it for a while. */
import { DeliverPolicy, jetstream } from '@nats-io/jetstream'
import { Fault } from '../engine/ports.ts'
import { limits } from '../protocols/limits.ts'
import type { CloudEvent } from '../protocols/topics.ts'
import type { NatsLink } from './nats.ts'

const stream = 'RUNNER_EVENTS'

export interface Movement {
  /** The oldest that is kept, milliseconds since the epoch: 0 while none has ever been dropped, infinite when all are. */
  readonly reach_ms: number
  /** Every position in its order, as of its publishing, up to the newest when the reading began. */
  readonly moves: AsyncIterable<CloudEvent>
}

/** From a time on; of one runner, or of all. Rejects with a Fault when the topic cannot be read. */
export async function readMovement(link: NatsLink, from_ms: number, runner_id = '*'): Promise<Movement> {
  const client = jetstream(link.nc)
  try {
    const { state } = await (await client.jetstreamManager()).streams.info(stream)
    const consumer = await client.consumers.get(stream, {
      filter_subjects: [`runner.events.${runner_id}.location_update`],
      deliver_policy: DeliverPolicy.StartTime,
      opt_start_time: new Date(Math.max(0, from_ms)).toISOString(),
    })
    return { reach_ms: reachOf(state), moves: moves(consumer, state.last_seq) }
  } catch (cause) {
    throw new Fault('the movement of runners cannot be read', { retry: true, cause })
  }
}

interface State {
  readonly messages: number
  readonly first_seq: number
  readonly first_ts: unknown
}

function reachOf({ messages, first_seq, first_ts }: State): number {
  if (first_seq <= 1) return 0
  return messages === 0 ? Number.POSITIVE_INFINITY : Date.parse(String(first_ts))
}

interface Consumer {
  fetch(options: { max_messages: number; expires: number }): Promise<AsyncIterable<Message>>
}
interface Message {
  readonly seq: number
  json<T>(): T
}

async function* moves(consumer: Consumer, last_seq: number): AsyncGenerator<CloudEvent> {
  for (let found = 1; found > 0; ) {
    found = 0
    const options = { max_messages: limits.movement_batch, expires: limits.movement_idle_ms }
    for await (const message of await consumer.fetch(options)) {
      found += 1
      if (message.seq > last_seq) return
      yield message.json<CloudEvent>()
    }
  }
}
