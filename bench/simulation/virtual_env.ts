import type { Cancel, Env, LogFields, LogLevel } from '../../engine/env.ts'
import type { Random } from '../city/random.ts'
import type { Life, Timeline } from './timeline.ts'

/** Noon of some day: the wall clock of every machine at virtual time 0. */
export const start_ms = 1_790_000_000_000

/** How long a turn of the loop takes: work is never free, or a loop of it would never let time go by. */
const turn_ms = 0.02

/** The clock of a machine: it may be wrong. */
export interface WallClock {
  offset_ms: number
}

export interface Line {
  readonly at_ms: number
  readonly life: number
  readonly level: LogLevel
  readonly what: string
  readonly fields: LogFields | undefined
}

/** The outside of one life, as the engine asks for it: virtual time, seeded chance. */
export class VirtualEnv implements Env {
  readonly life: Life
  readonly #timeline: Timeline
  readonly #random: Random
  readonly #clock: WallClock
  readonly #lines: Line[]

  constructor(timeline: Timeline, life: Life, random: Random, clock: WallClock, lines: Line[]) {
    this.life = life
    this.#timeline = timeline
    this.#random = random
    this.#clock = clock
    this.#lines = lines
  }

  now_ms(): number {
    return Math.floor(start_ms + this.#clock.offset_ms + this.#timeline.now_ms)
  }

  monotonic_ms(): number {
    return this.#timeline.now_ms
  }

  random(): number {
    return this.#random.next()
  }

  uuid(): string {
    return this.#random.uuid()
  }

  after(ms: number, call: () => void): Cancel {
    return this.#timeline.after(ms, this.life, call)
  }

  soon(call: () => void): void {
    this.#timeline.after(turn_ms, this.life, call)
  }

  log(level: LogLevel, what: string, fields?: LogFields): void {
    if (level === 'debug') return
    this.#lines.push({ at_ms: this.#timeline.now_ms, life: this.life.number, level, what, fields })
    if (this.#lines.length > lines_max) this.#lines.splice(0, lines_max / 2)
  }
}

const lines_max = 400
