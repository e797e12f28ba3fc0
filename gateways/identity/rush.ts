import { setTimeout as pause } from 'node:timers/promises'
import { overloaded, type Rejection } from '../../protocols/rejections.ts'

export interface RushParts {
  /** What waits and is being done, at most: each holds a socket open. */
  readonly waiting_max: number
  readonly retry_ms: number
  readonly detail: string
  /** Of this machine, unless time itself is tested. */
  readonly monotonic_ms?: () => number
  readonly pause?: (ms: number) => Promise<unknown>
}

/**
 * Costly work one after the other, in the order in which it came. While others wait it rests after each for as long as
 * that took, so that a rush of it has half a core at most.
 */
export class Rush {
  readonly #parts: RushParts
  #waiting = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(parts: RushParts) {
    this.#parts = parts
  }

  /** What the work gives, or `overloaded` when too much waits already. */
  async run<Result>(work: () => Promise<Result>): Promise<Result | Rejection> {
    const { waiting_max, retry_ms, detail, monotonic_ms = () => performance.now() } = this.#parts
    if (this.#waiting >= waiting_max) return overloaded(detail, retry_ms)
    this.#waiting += 1
    let took_ms = 0
    const done = this.#last.then(async () => {
      const began_ms = monotonic_ms()
      try {
        return await work()
      } finally {
        took_ms = monotonic_ms() - began_ms
        this.#waiting -= 1
      }
    })
    const rest = () => (this.#waiting > 0 ? (this.#parts.pause ?? pause)(took_ms) : undefined)
    this.#last = done.then(rest, rest)
    return done
  }
}
