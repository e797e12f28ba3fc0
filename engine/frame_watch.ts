/** Follows each frame from its sealing to its ack and on to those who watch its actors, and ties it to the traces of its commands. */
import { eventId, type Frame } from '../protocols/frame.ts'
import { keyOf } from './activation.ts'
import type { Env } from './env.ts'
import type { Filling } from './filling.ts'
import type { Meters } from './meters.ts'
import type { Span, Trace, Tracer } from './tracer.ts'
import type { Watchers } from './watchers.ts'

export interface FrameWatchParts {
  readonly shard: number
  readonly env: Env
  readonly watchers: Watchers
  readonly meters?: Meters | undefined
  readonly tracer?: Tracer | undefined
}

export class FrameWatch {
  readonly #parts: FrameWatchParts
  #sealed_ms = 0
  #span: Span | undefined
  #traces: ReadonlyMap<string, Trace> | undefined

  constructor(parts: FrameWatchParts) {
    this.#parts = parts
  }

  /** One frame is in flight at a time. */
  sealed({ n, events, traces }: Filling): void {
    const { shard, env, meters, tracer } = this.#parts
    this.#sealed_ms = env.monotonic_ms()
    meters?.observe('frame_events', events.length)
    this.#traces = traces
    this.#span =
      traces && tracer?.begin('frame', [...new Set(traces.values())], { shard, n, events: events.length })
  }

  acked(): void {
    const { env, meters } = this.#parts
    meters?.observe('frame_append_seconds', (env.monotonic_ms() - this.#sealed_ms) / 1_000)
    this.#span?.end()
  }

  /** Tells the watchers of each actor what has happened to it, under the trace of the frame. */
  show(frame: Frame): void {
    const { shard, watchers } = this.#parts
    for (const [index, { kind, id, seq, type, by, cause, at_ms, data }] of frame.events.entries()) {
      if (!watchers.has(keyOf(kind, id))) continue
      const message = { type, ...data, event_id: eventId(shard, frame.n, index) }
      const trace = this.#traces?.has(cause) ? this.#span?.trace : undefined
      watchers.show({ of: { actor: kind, id }, seq, message, by, at_ms, trace })
    }
  }
}
