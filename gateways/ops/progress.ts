import { limits } from '../../protocols/limits.ts'
import type { Desk } from './desk.ts'

/** Says now and then how far a long reading is: never more than a line a second, and none for a short one. */
export class Progress {
  readonly #desk: Desk
  readonly #what: string
  readonly #started_ms: number
  #told_ms: number
  events = 0

  constructor(desk: Desk, what: string) {
    this.#desk = desk
    this.#what = what
    this.#started_ms = desk.env.monotonic_ms()
    this.#told_ms = this.#started_ms
  }

  add(events: number): void {
    this.events += events
    const now_ms = this.#desk.env.monotonic_ms()
    if (now_ms - this.#told_ms < limits.progress_ms) return
    this.#told_ms = now_ms
    this.#desk.note(
      `${this.#what}: ${this.events} events in ${((now_ms - this.#started_ms) / 1_000).toFixed(0)} s`,
    )
  }
}
