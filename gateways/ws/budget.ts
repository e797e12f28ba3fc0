/** A token bucket: `per_second` for long, `burst` at once. Time is any clock in milliseconds that does not go back. */
export class Budget {
  readonly #per_ms: number
  readonly #burst: number
  #left: number
  #at_ms: number

  constructor(per_second: number, burst: number, now_ms: number) {
    this.#per_ms = per_second / 1_000
    this.#burst = burst
    this.#left = burst
    this.#at_ms = now_ms
  }

  /** False: the rate is used up, and nothing was taken. */
  take(now_ms: number, cost = 1): boolean {
    this.#left = Math.min(this.#burst, this.#left + (now_ms - this.#at_ms) * this.#per_ms)
    this.#at_ms = now_ms
    if (this.#left < cost) return false
    this.#left -= cost
    return true
  }
}
