import { limits } from '../protocols/limits.ts'
import type { Env } from './env.ts'

/** A clock that was set is caught up with at this share of the time that passes. */
const slew = 0.1

/**
 * The time that a shard stamps on its facts: never back, and a step of the wall clock is slewed, so that a clock set
 * wrong ends no window early, and one set back stops no timer.
 */
export class ShardClock {
  readonly #env: Env
  /** With its fraction: it is asked for more often than once a millisecond. */
  #exact_ms: number
  #mono_ms: number
  #slewing = false

  /** `at_least_ms`: the newest time in the log. */
  constructor(env: Env, at_least_ms = 0) {
    this.#env = env
    this.#exact_ms = Math.max(env.now_ms(), at_least_ms)
    this.#mono_ms = env.monotonic_ms()
  }

  /** Whole milliseconds since the epoch. */
  now_ms(): number {
    const wall_ms = this.#env.now_ms()
    const mono_ms = this.#env.monotonic_ms()
    const passed_ms = mono_ms - this.#mono_ms
    this.#mono_ms = mono_ms
    const off_ms = wall_ms - (this.#exact_ms + passed_ms)
    if (off_ms > limits.clock_jump_ms || off_ms < -limits.clock_back_ms) this.#slewing = true
    if (!this.#slewing) this.#exact_ms = Math.max(this.#exact_ms, wall_ms)
    else {
      const turn_ms = Math.max(-passed_ms * slew, Math.min(off_ms, passed_ms * slew))
      this.#slewing = turn_ms !== off_ms
      this.#exact_ms += passed_ms + turn_ms
    }
    return Math.floor(this.#exact_ms)
  }
}
