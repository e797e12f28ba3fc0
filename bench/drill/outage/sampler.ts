/** Clients who ask at a steady rate, whatever happens, and note how each was answered. */
import { limits } from '../../../protocols/limits.ts'

/** Longer than this nobody should have to wait for any answer, a refusal included. */
const answer_max_ms = limits.command_deadline_ms + 5_000
const in_flight_max = 1_000

export interface Asking {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
  /** '' for somebody who is not logged in. */
  readonly token: string
}

export interface Lane {
  readonly name: string
  readonly every_ms: number
  /** Its number counts up from 0; undefined: nothing to ask this time. */
  readonly ask: (number: number) => Promise<Asking | undefined>
  /** Statuses that are an answer besides 2xx: of a wrong password, for one. */
  readonly answers?: readonly number[]
  readonly acked?: (number: number, body: unknown) => void
}

export interface LaneCount {
  answered: number
  /** 503 with a time to try again. */
  refused: number
  /** The door itself was shut. */
  unreachable: number
  slowest_ms: number
  /** Everything that should not be, by what it was. */
  readonly wrong: Map<string, number>
}

/** Asks open-loop: a slow answer holds no other question up. Counts are kept apart by the phase in which one asked. */
export class Sampler {
  readonly #url: string
  readonly #lanes: readonly Lane[]
  readonly #counts = new Map<string, LaneCount>()
  readonly #under_way = new Set<Promise<void>>()
  #timers: NodeJS.Timeout[] = []
  phase = 'before'

  constructor(url: string, lanes: readonly Lane[]) {
    this.#url = url
    this.#lanes = lanes
  }

  begin(): void {
    this.#timers = this.#lanes.map((lane) => {
      let number = 0
      return setInterval(() => {
        if (this.#under_way.size < in_flight_max) this.#ask(lane, number++)
        else this.#count(lane.name, this.phase).wrong.set('too many unanswered', 1)
      }, lane.every_ms)
    })
  }

  /** Asks no more, and resolves when everybody was answered. */
  async end(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await Promise.all(this.#under_way)
  }

  of(lane: string, phase: string): Readonly<LaneCount> {
    return this.#count(lane, phase)
  }

  /** What should not be, one line each. */
  wrong(): readonly string[] {
    return [...this.#counts].flatMap(([name, { wrong }]) =>
      [...wrong].map(([what, count]) => `${name}: ${what} (${count} times)`),
    )
  }

  #ask(lane: Lane, number: number): void {
    const phase = this.phase
    const asked = this.#once(lane, number, this.#count(lane.name, phase)).finally(() =>
      this.#under_way.delete(asked),
    )
    this.#under_way.add(asked)
  }

  async #once(lane: Lane, number: number, count: LaneCount): Promise<void> {
    const asking = await lane.ask(number)
    if (!asking) return
    const began_ms = performance.now()
    try {
      const response = await fetch(`${this.#url}/api/v1${asking.path}`, initOf(asking))
      const body: unknown = await response.json().catch(() => undefined)
      const is_answer = response.ok || (lane.answers?.includes(response.status) ?? false)
      note(count, response, is_answer)
      if (response.ok) lane.acked?.(number, body)
    } catch (error) {
      if (error instanceof Error && error.name === 'TimeoutError')
        add(count, `no answer in ${answer_max_ms} ms`)
      else count.unreachable += 1
    } finally {
      count.slowest_ms = Math.max(count.slowest_ms, Math.round(performance.now() - began_ms))
    }
  }

  #count(lane: string, phase: string): LaneCount {
    const key = `${lane} ${phase}`
    const found = this.#counts.get(key)
    if (found) return found
    const made: LaneCount = { answered: 0, refused: 0, unreachable: 0, slowest_ms: 0, wrong: new Map() }
    this.#counts.set(key, made)
    return made
  }
}

/** A refusal must say when to come back; any other trouble of the server's is wrong. */
export function note(
  count: LaneCount,
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  is_answer: boolean,
): void {
  if (is_answer) count.answered += 1
  else if (status !== 503) add(count, `status ${status}`)
  else if (Number(headers.get('retry-after')) > 0) count.refused += 1
  else add(count, '503 without Retry-After')
}

const add = ({ wrong }: LaneCount, what: string) => void wrong.set(what, (wrong.get(what) ?? 0) + 1)

function initOf({ method, body, token }: Asking): RequestInit {
  const headers: Record<string, string> = {}
  if (token !== '') headers.authorization = `Bearer ${token}`
  if (body) headers['content-type'] = 'application/json'
  const signal = AbortSignal.timeout(answer_max_ms)
  return { method, headers, signal, ...(body ? { body: JSON.stringify(body) } : {}) }
}
