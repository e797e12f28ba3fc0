/** Who is behind what: spans that lead from a request to all that follows from it. */
import type { LogFields } from './env.ts'

/** A W3C `traceparent`. It travels beside messages: no hash, journal or snapshot holds it. */
export type Trace = string

export interface Span {
  /** Names this span to those that follow from it. */
  readonly trace: Trace
  /** `failed` says why it did not end well. */
  end(failed?: string): void
}

export interface Tracer {
  /** Begins a span under the first of the traces; the others are linked. Without any it begins a trace of its own. */
  begin(name: string, parents: readonly Trace[], fields?: LogFields): Span
}
