/** The public topics on JetStream: events in atomic batches, reports by a window of their own. */
import type { Env } from '../engine/env.ts'
import { type DurableFrame, Fault, type Report, type Topics } from '../engine/ports.ts'
import { eventId } from '../protocols/frame.ts'
import { limits } from '../protocols/limits.ts'
import { publicEvent, type TopicStream } from '../protocols/topics.ts'
import { idHeader, type Link } from './nats.ts'
import { publishBatch, publishEach, type TopicMessage } from './publishing.ts'
import { ReportWindow } from './report_window.ts'

export interface TopicsStats {
  readonly reports_sent: number
  readonly reports_acked: number
  readonly reports_dropped: number
  readonly reports_resent: number
  readonly reports_waiting: number
  readonly events_published: number
}

export interface OpenTopics extends Topics {
  /** Resolves when every report taken so far is acked or dropped, or after `within_ms` (`limits.topics_flush_ms`). */
  flush(within_ms?: number): Promise<void>
  stats(): TopicsStats
  /** Drops what still waits. The connection stays open: it is the caller's. */
  close(): void
}

/** Topics over streams that `ensureStreams` has made. Rejections are Faults. */
export async function openTopics(link: Link, env: Env): Promise<OpenTopics> {
  return new StreamTopics(link, env)
}

class StreamTopics implements OpenTopics {
  readonly #link: Link
  readonly #env: Env
  readonly #reports: ReportWindow
  #events_published = 0

  constructor(link: Link, env: Env) {
    this.#link = link
    this.#env = env
    this.#reports = new ReportWindow(link, env)
  }

  /** After a Fault the same frames may be published again, with others after them: what is there already is left out by its id. */
  async publish(frames: readonly DurableFrame[]): Promise<void> {
    const streams = new Map<TopicStream, TopicMessage[]>()
    for (const durable of frames) collect(durable, streams)
    const ends = await Promise.allSettled(
      [...streams].map(([stream, messages]) => this.#publishTo(stream, messages)),
    )
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed) throw failed.reason
  }

  report(report: Report): boolean {
    return this.#reports.add(report)
  }

  async dead(shard: number, letter: object): Promise<void> {
    const text = JSON.stringify(letter)
    const whole = text.length <= limits.dead_letter_chars_max
    const kept = whole ? text : JSON.stringify({ cut: text.slice(0, limits.dead_letter_chars_max / 4) })
    const id = this.#env.uuid()
    const msg = await this.#link.request(`dead.${shard}`, kept, { headers: idHeader(id) })
    const { error } = msg.json<{ error?: { description: string } }>()
    if (error) throw new Fault(`a dead letter was refused: ${error.description}`, { retry: true })
  }

  flush(within_ms: number = limits.topics_flush_ms): Promise<void> {
    return this.#reports.flush(within_ms)
  }

  stats(): TopicsStats {
    return { ...this.#reports.counts(), events_published: this.#events_published }
  }

  close(): void {
    this.#reports.close()
  }

  /** A stream whose acks come before the disk takes no atomic batches; its events go one by one, in order. */
  async #publishTo(stream: TopicStream, messages: readonly TopicMessage[]): Promise<void> {
    for (const batch of batches(messages)) {
      if (stream === 'RUNNER_EVENTS') await publishEach(this.#link, batch)
      else await publishBatch(this.#link, this.#env.uuid(), batch)
      this.#events_published += batch.length
    }
  }
}

function collect({ frame }: DurableFrame, streams: Map<TopicStream, TopicMessage[]>): void {
  for (const [index, record] of frame.events.entries()) {
    const id = eventId(frame.shard, frame.n, index)
    const event = publicEvent(record, id)
    if (!event) continue
    const messages = streams.get(event.stream) ?? []
    streams.set(event.stream, messages)
    messages.push({ id, subject: event.subject, text: JSON.stringify(event.message) })
  }
}

function* batches(messages: readonly TopicMessage[]): Generator<readonly TopicMessage[]> {
  for (let from = 0; from < messages.length; from += limits.topic_batch_max)
    yield messages.slice(from, from + limits.topic_batch_max)
}
