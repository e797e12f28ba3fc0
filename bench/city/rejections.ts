import { DeliverPolicy, jetstream } from '@nats-io/jetstream'
import type { NatsLink } from '../../persistence/nats.ts'

const batch_max = 1_000
const idle_ms = 1_000
const subject = 'runner.events.*.location_rejected'

/** A fix that the engine acked and put aside, and why. `fix` is `boot seq`. */
export interface Rejected {
  readonly fix: string
  readonly reason: string
}

/** Every fix that the runner topic says was put aside since `from_ms`. */
export async function* rejectionsSince(link: NatsLink, from_ms: number): AsyncGenerator<Rejected> {
  const consumer = await jetstream(link.nc).consumers.get('RUNNER_EVENTS', {
    filter_subjects: [subject],
    deliver_policy: DeliverPolicy.StartTime,
    opt_start_time: new Date(from_ms).toISOString(),
  })
  for (let found = 1; found > 0; ) {
    found = 0
    const messages = await consumer.fetch({ max_messages: batch_max, expires: idle_ms })
    for await (const message of messages) {
      found += 1
      const { id, data } = message.json<{ id: string; data: { reason: string } }>()
      // The message's id is `runner:boot:seq`.
      yield { fix: id.split(':').slice(1).join(' '), reason: data.reason }
    }
  }
}
