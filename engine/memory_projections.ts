import type { EventRecord } from '../protocols/frame.ts'
import { type DurableFrame, Fault, type Projections } from './ports.ts'

interface Watermark {
  readonly n: number
  readonly seq: number
}

/** The twin of the PostgreSQL projections: keeps the events and derives nothing. */
export class MemoryProjections implements Projections {
  readonly #watermarks = new Map<number, Watermark>()
  readonly #events: EventRecord[] = []

  /** All that was projected, in order of arrival. */
  get events(): readonly EventRecord[] {
    return this.#events
  }

  watermark(shard: number): Promise<Watermark> {
    return Promise.resolve(this.#watermarks.get(shard) ?? { n: 0, seq: 0 })
  }

  project(frames: readonly DurableFrame[]): Promise<void> {
    const marks = new Map(this.#watermarks)
    const events: EventRecord[] = []
    for (const { seq, frame } of frames) {
      const { n } = marks.get(frame.shard) ?? { n: 0 }
      if (frame.n <= n) continue
      if (frame.n > n + 1) {
        const gap = `shard ${frame.shard}: frame ${frame.n} after ${n}`
        return Promise.reject(new Fault(`projection gap, ${gap}`, { retry: false }))
      }
      marks.set(frame.shard, { n: frame.n, seq })
      events.push(...frame.events)
    }
    for (const [shard, mark] of marks) this.#watermarks.set(shard, mark)
    for (const event of events) this.#events.push(event)
    return Promise.resolve()
  }
}
