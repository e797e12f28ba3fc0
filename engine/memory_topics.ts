/** The public topics' twin in memory. */
import { eventId } from '../protocols/frame.ts'
import { limits } from '../protocols/limits.ts'
import { publicEvent, reportText, type TopicStream } from '../protocols/topics.ts'
import { type DurableFrame, Fault, type Report, type Topics } from './ports.ts'

/** One message of a topic, as its readers see it. */
export interface StoredMessage {
  readonly id: string
  readonly subject: string
  readonly message: object
}

export class MemoryTopics implements Topics {
  readonly streams = new Map<TopicStream, StoredMessage[]>()
  readonly letters: { readonly shard: number; readonly letter: object }[] = []
  /** Reports that are refused from now on, as when the queue is full. */
  full = false
  /** `publish` rejects while this is set. */
  down = false
  reports_dropped = 0
  readonly #ids = new Set<string>()

  async publish(frames: readonly DurableFrame[]): Promise<void> {
    if (this.down) throw new Fault('the topics cannot be reached', { retry: true })
    for (const { frame } of frames)
      frame.events.forEach((record, index) => {
        const id = eventId(frame.shard, frame.n, index)
        const event = publicEvent(record, id)
        if (event) this.#store(event.stream, { id, subject: event.subject, message: event.message })
      })
  }

  report(report: Report): boolean {
    if (this.full) {
      this.reports_dropped += 1
      return false
    }
    const { stream, subject, text } = reportText(report)
    this.#store(stream, { id: report.key, subject, message: JSON.parse(text) })
    return true
  }

  async dead(shard: number, letter: object): Promise<void> {
    if (this.letters.length >= limits.dead_letters_memory_max) this.letters.shift()
    this.letters.push({ shard, letter: structuredClone(letter) })
  }

  /** What the readers of a topic have been sent, in order. */
  read(stream: TopicStream): readonly StoredMessage[] {
    return this.streams.get(stream) ?? []
  }

  #store(stream: TopicStream, message: StoredMessage): void {
    const key = `${stream} ${message.id}`
    if (this.#ids.has(key)) return
    this.#ids.add(key)
    const messages = this.streams.get(stream) ?? []
    this.streams.set(stream, messages)
    messages.push(message)
  }
}
