import { setImmediate as afterMicrotasks } from 'node:timers/promises'
import type { Cancel, Env } from '../../engine/env.ts'
import { Random } from '../city/random.ts'

interface Timer {
  readonly at_ms: number
  readonly call: () => void
}

/** A clock that goes by ticks of a second: a day is over in minutes, and the same seed is the same day. */
export class TickingEnv implements Env {
  readonly #start_ms: number
  readonly #random: Random
  #passed_ms = 0
  #timers: Timer[] = []
  #soon: (() => void)[] = []

  constructor(seed: number, start_ms: number) {
    this.#random = new Random(seed)
    this.#start_ms = start_ms
  }

  now_ms(): number {
    return this.#start_ms + this.#passed_ms
  }

  monotonic_ms(): number {
    return this.#passed_ms
  }

  random(): number {
    return this.#random.next()
  }

  uuid(): string {
    return this.#random.uuid()
  }

  after(ms: number, call: () => void): Cancel {
    const timer = { at_ms: this.#passed_ms + Math.max(0, ms), call }
    const index = this.#timers.findLastIndex(({ at_ms }) => at_ms <= timer.at_ms)
    this.#timers.splice(index + 1, 0, timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  soon(call: () => void): void {
    this.#soon.push(call)
  }

  log(): void {}

  /** Does all that is at hand, with the promises that it settles. */
  async settle(): Promise<void> {
    do {
      const calls = this.#soon
      this.#soon = []
      for (const call of calls) call()
      await afterMicrotasks()
    } while (this.#soon.length > 0)
  }

  /** Timers fire at their own times, in order; what they leave to promises is done at the end of the tick. */
  async tick(ms = 1_000): Promise<void> {
    const until_ms = this.#passed_ms + ms
    for (let next = this.#timers[0]; next && next.at_ms <= until_ms; next = this.#timers[0]) {
      this.#timers.shift()
      this.#passed_ms = Math.max(this.#passed_ms, next.at_ms)
      next.call()
    }
    this.#passed_ms = until_ms
    await this.settle()
  }

  /** Ticks on until it has ended, and gives what came of it. Rejects when it takes longer than `most_ms`. */
  async until<Value>(promise: Promise<Value>, tick_ms = 1_000, most_ms = 600_000): Promise<Value> {
    let ended = false
    const end = () => {
      ended = true
    }
    promise.then(end, end)
    for (const until_ms = this.#passed_ms + most_ms; !ended; await this.tick(tick_ms))
      if (this.#passed_ms > until_ms) throw new Error('nobody answers')
    return promise
  }
}
