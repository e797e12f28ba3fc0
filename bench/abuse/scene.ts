// What is attacked: a running engine with a booking, what hangs on it, and people who have nothing to do with it.
import type { Actor, Known } from '../../gateways/http/authority.given.ts'
import type { Route } from '../../gateways/http/routes.ts'

/** As the world of the tests has it, so that a test may play the same attacks. */
export interface Scene {
  readonly port: number
  readonly booking_id: string
  readonly tokens: Readonly<Record<Known, string>> & Readonly<Partial<Record<Actor, string>>>
  /** The path of a route with the ids of this scene in it. */
  at(route: Pick<Route, 'path'>): string
}

/** What came of an attack: how often it was tried, and every try that was not refused as it should be. */
export interface Found {
  readonly tried: number
  readonly wrong: readonly string[]
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>
}

/** Gathers what came of the tries of one attack. */
export class Tally {
  readonly #wrong: string[] = []
  readonly #statuses: Record<string, number> = {}
  #tried = 0

  /** One try and its status; `what` and `right` are told where it was not one of `right`. */
  add(what: string, status: number, right: readonly number[]): void {
    this.#tried += 1
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1
    if (!right.includes(status)) this.#wrong.push(`${what}: ${status} instead of ${right.join(' or ')}`)
  }

  wrong(what: string): void {
    this.#wrong.push(what)
  }

  get found(): Found {
    return { tried: this.#tried, wrong: this.#wrong, statuses: this.#statuses }
  }
}

let last = 0
/** The next address of a stranger: limits count each for itself. */
export function stranger(): string {
  last += 1
  return `127.66.${(last >> 8) & 255}.${last & 255 || 1}`
}
