// The public topics as any consumer outside would read them.
import { type ConsumerMessages, DeliverPolicy, jetstream } from '@nats-io/jetstream'
import type { Env } from '../../engine/env.ts'
import type { NatsLink } from '../../persistence/nats.ts'
import type { CloudEvent } from '../../protocols/topics.ts'
import { Unexpected } from './narrator.ts'

const streams = ['BOOKING_EVENTS', 'PAYMENT_EVENTS', 'TRACKING_EVENTS']
/** Other people's events come by as well: those that nobody here asked for are forgotten, oldest first. */
const kept_max = 10_000
export const patience_ms = 20_000

/** An event, and the subject that it came on. */
export interface Heard extends Omit<CloudEvent, 'data'> {
  readonly on: string
  readonly data: Readonly<Record<string, unknown>>
}

/** What came on the topics since `open`, each event once. */
export class Topics {
  readonly #env: Env
  readonly #kept = new Map<string, Heard>()
  readonly #taken = new Set<string>()
  readonly #readers: ConsumerMessages[] = []
  #waiting: (() => void)[] = []

  private constructor(env: Env) {
    this.#env = env
  }

  /** Rejects when a topic does not exist. */
  static async open(link: NatsLink, env: Env): Promise<Topics> {
    const topics = new Topics(env)
    for (const stream of streams) {
      const consumer = await jetstream(link.nc).consumers.get(stream, { deliver_policy: DeliverPolicy.New })
      topics.#readers.push(
        await consumer.consume({
          callback: (message) => topics.#take({ ...message.json<Omit<Heard, 'on'>>(), on: message.subject }),
        }),
      )
    }
    return topics
  }

  /** Everything about a booking so far, in the order of its arrival; `prefix` names the topic. */
  about(booking_id: string, prefix: string): readonly Heard[] {
    return [...this.#kept.values()].filter(
      ({ subject, type }) => subject === booking_id && type.startsWith(prefix),
    )
  }

  /** The first event of this type about a booking that was not given before. Rejects with `Unexpected` when none comes. */
  async next(booking_id: string, type: string): Promise<Heard> {
    const until_ms = this.#env.monotonic_ms() + patience_ms
    for (;;) {
      const found = this.about(booking_id, type).find(
        (heard) => heard.type === type && !this.#taken.has(heard.id),
      )
      if (found) {
        this.#taken.add(found.id)
        return found
      }
      const left_ms = until_ms - this.#env.monotonic_ms()
      if (left_ms <= 0) throw new Unexpected(`no ${type} came within ${patience_ms / 1_000} s`)
      await this.#more(left_ms)
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.close()))
  }

  #take(heard: Heard): void {
    // At least once: the same event may come again.
    if (this.#kept.has(heard.id)) return
    this.#kept.set(heard.id, heard)
    if (this.#kept.size > kept_max) {
      const [oldest = ''] = this.#kept.keys()
      this.#kept.delete(oldest)
      this.#taken.delete(oldest)
    }
    for (const wake of this.#waiting.splice(0)) wake()
  }

  #more(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#env.after(ms, resolve)
      this.#waiting.push(() => {
        cancel()
        resolve()
      })
    })
  }
}
