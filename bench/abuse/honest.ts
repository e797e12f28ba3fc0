// Honest people meanwhile, on a thread of their own: an open loop, each request due at its time and timed from then, whatever became of those before.
import type { Histogram } from 'hdr-histogram-js'
import { histogram, percentileMs, recordMs } from '../histogram.ts'
import { ask } from './asking.ts'

export interface Honest {
  readonly token: string
  readonly booking_id: string
  readonly from: string
}

export interface Served {
  readonly requests: number
  readonly p50_ms: number
  readonly p99_ms: number
  readonly max_ms: number
  readonly wrong: readonly string[]
}

/** Of the attack that is under way, or of all of them. */
export type Which = 'seen' | 'total'
const fresh = () => ({ times: histogram(), wrong: [] as string[] })

/** What the thread is born with. */
export interface HonestBirth {
  readonly port: number
  readonly people: readonly Honest[]
}

/** Each of the people asks twice a second, in turn for the booking, who is near, and a note every tenth time. */
export class Traffic {
  readonly #port: number
  readonly #people: readonly Honest[]
  readonly #pending = new Set<Promise<void>>()
  /** Since each kind of question was last asked. */
  readonly #since: Record<Which, { times: Histogram; wrong: string[] }> = { seen: fresh(), total: fresh() }
  #timer: NodeJS.Timeout | undefined
  #due_ms = 0
  #sent = 0

  constructor(port: number, people: readonly Honest[]) {
    this.#port = port
    this.#people = people
  }

  start(): void {
    const each_ms = 500 / this.#people.length
    this.#due_ms = performance.now()
    this.#timer = setInterval(() => {
      while (this.#due_ms <= performance.now()) {
        this.#send(this.#due_ms)
        this.#due_ms += each_ms
      }
    }, 5)
  }

  /** What was served since the start, or since it was last asked so. */
  async seen(which: Which): Promise<Served> {
    await Promise.all(this.#pending)
    const { times, wrong } = this.#since[which]
    this.#since[which] = fresh()
    return {
      requests: times.totalCount,
      p50_ms: percentileMs(times, 50),
      p99_ms: percentileMs(times, 99),
      max_ms: times.maxValue / 1_000,
      wrong,
    }
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #send(due_ms: number): void {
    const who = this.#sent % this.#people.length
    const person = this.#people[who]
    // Everybody has his tenth time at another moment: a booking holds few notes.
    const time = who + Math.floor(this.#sent / this.#people.length)
    this.#sent += 1
    if (!person) return
    const { token, from } = person
    const { method, path, body } = asked(person, time)
    const done = ask(this.#port, { method, path, token, from, ...(body ? { body } : {}) }).then(
      ({ status, text }) => {
        const wrong = status === 200 ? [] : [`an honest ${method} ${path}: ${status} ${text.slice(0, 200)}`]
        for (const since of Object.values(this.#since)) {
          recordMs(since.times, performance.now() - due_ms)
          since.wrong.push(...wrong)
        }
        this.#pending.delete(done)
      },
    )
    this.#pending.add(done)
  }
}

function asked(
  { booking_id }: Honest,
  time: number,
): { readonly method: string; readonly path: string; readonly body?: object } {
  const path = `/api/v1/bookings/${booking_id}`
  if (time % 10 === 0) return { method: 'POST', path: `${path}/note`, body: { note: 'x' } }
  if (time % 3 === 0)
    return { method: 'GET', path: '/api/v1/runners/nearby?latitude=1.4927&longitude=103.7414' }
  return { method: 'GET', path }
}
