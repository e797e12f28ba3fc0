import { limits } from '../protocols/limits.ts'
import type { Env } from './env.ts'

/** A clock that was put forward is caught up with at this share of the time that passes. */
const slew = 0.1

/**
 * The time that a shard stamps on its facts: never back, and a step of the wall clock forward is slewed, so that a
 * clock set wrong ends no window early.
 */
export class ShardClock {
  readonly #env: Env
  #last_ms: number
  #mono_ms: number
  #behind_ms = 0

  /** `at_least_ms`: the newest time in the log. */
  constructor(env: Env, at_least_ms = 0) {
    this.#env = env
    this.#last_ms = Math.max(env.now_ms(), at_least_ms)
    this.#mono_ms = env.monotonic_ms()
  }

  /** Whole milliseconds since the epoch. */
  now_ms(): number {
    const wall = this.#env.now_ms()
    const mono = this.#env.monotonic_ms()
    const passed = mono - this.#mono_ms
    const ahead = wall - (this.#last_ms + passed)
    this.#mono_ms = mono
    if (this.#behind_ms > 0 || ahead > limits.clock_jump_ms) {
      this.#behind_ms = Math.max(0, ahead - passed * slew)
      this.#last_ms = Math.max(this.#last_ms, Math.floor(wall - this.#behind_ms))
    } else this.#last_ms = Math.max(this.#last_ms, Math.floor(wall))
    return this.#last_ms
  }
}
