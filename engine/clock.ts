/** The stepped twin of the outside: time moves only when it is told to, and chance comes from a seed. */
import { setImmediate as afterMicrotasks } from 'node:timers/promises'
import { limits } from '../protocols/limits.ts'
import type { Cancel, Env, LogFields, LogLevel } from './env.ts'

interface Timer {
  readonly at_ms: number
  readonly order: number
  readonly call: () => void
}

export interface LogLine {
  readonly level: LogLevel
  readonly what: string
  readonly fields: LogFields
}

export interface Stepped {
  /** Wall clock at the start, milliseconds since the Unix epoch. */
  readonly start_ms?: number
  /** Any 32-bit number: the same seed gives the same chance. */
  readonly seed?: number
}

export class SteppedEnv implements Env {
  /** What was logged, oldest first, up to a bound. */
  readonly lines: LogLine[] = []
  #wall_offset_ms: number
  #monotonic_ms = 0
  #seed: number
  #order = 0
  #timers: Timer[] = []
  #soon: (() => void)[] = []

  constructor({ start_ms = 1_790_000_000_000, seed = 1 }: Stepped = {}) {
    this.#wall_offset_ms = start_ms
    this.#seed = seed >>> 0
  }

  now_ms(): number {
    return Math.floor(this.#wall_offset_ms + this.#monotonic_ms)
  }

  monotonic_ms(): number {
    return this.#monotonic_ms
  }

  /** Mulberry32: 32 bits of chance, enough for tests. */
  random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) >>> 0
    let bits = this.#seed
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296
  }

  uuid(): string {
    const digit = (variant: string) =>
      Math.floor(variant === 'y' ? 8 + this.random() * 4 : this.random() * 16).toString(16)
    return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, digit)
  }

  after(ms: number, call: () => void): Cancel {
    const timer = { at_ms: this.#monotonic_ms + Math.max(0, ms), order: this.#order++, call }
    const index = this.#timers.findLastIndex((other) => other.at_ms <= timer.at_ms)
    this.#timers.splice(index + 1, 0, timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  soon(call: () => void): void {
    this.#soon.push(call)
  }

  log(level: LogLevel, what: string, fields: LogFields = {}): void {
    if (this.lines.length < limits.stepped_log_lines_max) this.lines.push({ level, what, fields })
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.length
  }

  /** Moves the wall clock alone, as an operator or NTP does; `ms` may be negative. */
  jump(ms: number): void {
    this.#wall_offset_ms += ms
  }

  /** Runs all work that is at hand, with the promises that it settles, and moves no time. */
  async settle(): Promise<void> {
    do {
      const calls = this.#soon
      this.#soon = []
      for (const call of calls) call()
      await afterMicrotasks()
    } while (this.#soon.length > 0)
  }

  /** Lets `ms` go by: each timer fires at its own time, in order, and the work that it causes is done before the next one. */
  async advance(ms: number): Promise<void> {
    const until_ms = this.#monotonic_ms + ms
    await this.settle()
    for (let next = this.#timers[0]; next && next.at_ms <= until_ms; next = this.#timers[0]) {
      this.#timers.shift()
      this.#monotonic_ms = Math.max(this.#monotonic_ms, next.at_ms)
      next.call()
      await this.settle()
    }
    this.#monotonic_ms = until_ms
  }
}
