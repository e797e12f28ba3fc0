/** Fields of one log line: never a secret, a token or a person's data. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Ends a timer; harmless when it has fired already. */
export type Cancel = () => void

/**
 * All of the outside that the engine reads without a port: production and simulation each supply one. Nothing else
 * in the engine may name a clock, chance, a timer or the console.
 */
export interface Env {
  /** Wall clock, milliseconds since the Unix epoch. It may step. */
  now_ms(): number
  /** A clock that never goes back, milliseconds from any start, with a fraction. */
  monotonic_ms(): number
  /** Uniform in [0, 1). */
  random(): number
  /** A version 4 UUID in lower case. */
  uuid(): string
  /** Calls once after at least `ms`. */
  after(ms: number, call: () => void): Cancel
  /** Calls once after the work that is at hand, before any later I/O is waited for. */
  soon(call: () => void): void
  log(level: LogLevel, what: string, fields?: LogFields): void
}
