import type { Env } from '../../engine/env.ts'
import { Fault } from '../../engine/ports.ts'
import type { Point } from '../../protocols/ids.ts'
import { limits } from '../../protocols/limits.ts'
import type { Routing } from '../../protocols/routing.ts'

/**
 * Maps that may fail, before a way that does not: their answers, or else that of `instead`, flagged as `fallback`.
 * After `maps_failures_max` failures in a row nobody asks them for `maps_rest_ms`; then one question tries. No more
 * than `maps_in_flight_max` questions are open at once.
 */
export class Guarded implements Routing {
  readonly #maps: Routing
  readonly #instead: Routing
  readonly #env: Env
  #failures = 0
  #rest_until_ms = Number.NEGATIVE_INFINITY
  #in_flight = 0

  constructor(maps: Routing, instead: Routing, env: Env) {
    this.#maps = maps
    this.#instead = instead
    this.#env = env
  }

  async route(pickup: Point, dropoff: Point) {
    const answer = this.#mayAsk() ? await this.#ask(pickup, dropoff) : undefined
    return answer ?? { ...(await this.#instead.route(pickup, dropoff)), fallback: true }
  }

  #mayAsk(): boolean {
    if (this.#in_flight >= limits.maps_in_flight_max) return false
    if (this.#failures < limits.maps_failures_max) return true
    return this.#in_flight === 0 && this.#env.monotonic_ms() >= this.#rest_until_ms
  }

  async #ask(pickup: Point, dropoff: Point) {
    this.#in_flight += 1
    try {
      const answer = await this.#maps.route(pickup, dropoff)
      this.#failures = 0
      return answer
    } catch (cause) {
      this.#failed(cause)
      return undefined
    } finally {
      this.#in_flight -= 1
    }
  }

  /** That there is no way is an answer: those who gave it are well. */
  #failed(cause: unknown): void {
    if (cause instanceof Fault && !cause.retry) {
      this.#failures = 0
      return
    }
    this.#failures += 1
    this.#env.log('warn', 'the maps gave no route', { cause: String(cause), failures: this.#failures })
    if (this.#failures >= limits.maps_failures_max)
      this.#rest_until_ms = this.#env.monotonic_ms() + limits.maps_rest_ms
  }
}
