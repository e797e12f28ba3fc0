/** A day of city traffic in one process: the production engine and actors on memory stores and a clock that ticks. */
import { behaviours } from '../../actors/behaviours.ts'
import type { Answer } from '../../engine/host.ts'
import { MemoryJournal } from '../../engine/memory_journal.ts'
import { MemoryTopics } from '../../engine/memory_topics.ts'
import type { Drivers } from '../../engine/ports.ts'
import type { Thread } from '../../engine/thread.ts'
import type { Message, Role } from '../../protocols/actor.ts'
import { Random } from '../city/random.ts'
import type { Place } from '../city/roads.ts'
import { driversAround, threadOn } from '../thread.ts'
import { Bank } from './bank.ts'
import { Driver } from './driver.ts'
import { TickingEnv } from './ticking.ts'

export interface TownOptions {
  readonly seed: number
  readonly runners: number
  /** Bookings in a day of 24 hours; most at noon and in the evening. */
  readonly bookings: number
  readonly hours: number
  /** Of the day, at which it begins; midnight without it. */
  readonly from_hour?: number
}

/** A command with all its fields. */
export type Said = Message & Readonly<Record<string, unknown>>

/** What its people stand on. */
export interface Streets {
  now_ms(): number
  tell(actor: string, id: string, command: Said, by: string, role: Role): Promise<Answer>
  signal(runner_id: string, signal: Said): void
}

/** A booking, as its owner and the runners see it. */
export interface Job {
  readonly id: string
  readonly pickup: Place
  readonly dropoff: Place
  open(): void
  taken(): void
  delivered(): void
}

const midnight_ms = Date.UTC(2026, 10, 22, 16)
const deadline_ms = 30_000
/** Kuala Lumpur and what is around it, degrees. */
const middle = { latitude: 3.139, longitude: 101.687 }
const half_width = 0.08
const after_confirm_ms = [60_000, 900_000] as const

/** How busy an hour is, of 1. */
const busyness = (hour: number) => 0.15 + 0.85 * Math.max(0, Math.sin(((hour - 6) / 18) * Math.PI)) ** 2

export class Town implements Streets {
  readonly journal = new MemoryJournal()
  readonly topics = new MemoryTopics()
  readonly snapshots: Drivers['snapshots']
  readonly #env: TickingEnv
  readonly #random: Random
  readonly #options: TownOptions
  readonly #thread: Thread
  readonly #drivers: Driver[]
  readonly #open = new Map<string, Job>()
  /** What people will do, by the second in which they do it. */
  readonly #later = new Map<number, (() => void)[]>()
  #answers = 0

  constructor(options: TownOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
    this.#env = new TickingEnv(options.seed, midnight_ms + (options.from_hour ?? 0) * 3_600_000)
    const bank = new Bank()
    const drivers = { ...driversAround(this.journal), topics: this.topics, effects: { run: bank.run } }
    this.snapshots = drivers.snapshots
    this.#thread = threadOn(drivers, behaviours, { thread: 0, threads: 1 }, this.#env)
    this.#drivers = Array.from(
      { length: options.runners },
      () => new Driver(this.#random.uuid(), this, this.#random.fork(), this.#somewhere()),
    )
  }

  get thread(): Thread {
    return this.#thread
  }

  /** Commands that were answered. */
  get answers(): number {
    return this.#answers
  }

  /** Lives through the hours. `progress` is called at each full one. */
  async live(progress: (hour: number) => void = () => {}): Promise<void> {
    await this.#env.until(this.#thread.open())
    await this.#env.until(Promise.all(this.#drivers.map((driver) => driver.begin())))
    const seconds = Math.round(this.#options.hours * 3_600)
    for (let second = 1; second <= seconds; second++) {
      this.#second()
      await this.#env.tick()
      if (second % 3_600 === 0) progress(second / 3_600)
    }
    for (let still = 0; still < 120; still++) await this.#env.tick()
  }

  now_ms(): number {
    return this.#env.now_ms()
  }

  async tell(actor: string, id: string, command: Said, by: string, role: Role): Promise<Answer> {
    const answer = await this.#thread.submit({
      id: this.#env.uuid(),
      to: { actor, id },
      command,
      by: { id: by, role },
      deadline_ms: this.now_ms() + deadline_ms,
      lane: 'command',
    })
    this.#answers += 1
    return answer
  }

  signal(runner_id: string, signal: Said): void {
    this.#thread.signal(
      { to: { actor: 'runner', id: runner_id }, signal, by: { id: runner_id, role: 'runner' } },
      () => {},
    )
  }

  #second(): void {
    const now = this.#later.get(Math.floor(this.now_ms() / 1_000))
    this.#later.delete(Math.floor(this.now_ms() / 1_000))
    for (const act of now ?? []) act()
    const hour = ((this.now_ms() - midnight_ms) / 3_600_000) % 24
    if (this.#random.chance((this.#options.bookings * busyness(hour)) / 86_400 / 0.45)) void this.#book()
    for (const job of this.#open.values()) this.#offer(job)
    for (const driver of this.#drivers) driver.step()
  }

  /** A few of those who are free try for it at once. */
  #offer(job: Job): void {
    if (!this.#random.chance(0.2)) return
    const free = this.#drivers.filter(({ idle }) => idle)
    for (let tries = 0; tries < 3 && free.length > 0; tries++) {
      const driver = this.#random.pick(free)
      if (driver.idle) void driver.take(job)
    }
  }

  async #book(): Promise<void> {
    const id = this.#env.uuid()
    const owner = this.#random.uuid()
    const [pickup, dropoff] = [this.#somewhere(), this.#somewhere()]
    const ask = (command: Said) => this.tell('booking', id, command, owner, 'owner')
    const job: Job = {
      id,
      pickup,
      dropoff,
      open: () => void this.#open.set(id, job),
      taken: () => void this.#open.delete(id),
      delivered: () => this.#soon(after_confirm_ms, () => void this.#confirm(ask)),
    }
    const { ok } = await ask({
      type: 'booking.request',
      ...this.#pet(),
      pickup_address: at(pickup),
      dropoff_address: at(dropoff),
      notes: '',
    })
    if (!ok) return
    job.open()
    if (this.#random.chance(0.85))
      this.#soon([1_000, 60_000], () => void ask({ type: 'booking.pay', payment_method: '' }))
    if (this.#random.chance(0.06)) this.#soon([30_000, 1_200_000], () => void this.#cancel(job, ask))
  }

  async #cancel(job: Job, ask: (command: Said) => Promise<Answer>): Promise<void> {
    const { ok } = await ask({ type: 'booking.cancel', reason: 'a change of mind' })
    if (!ok) return
    this.#open.delete(job.id)
    for (const driver of this.#drivers) driver.free(job)
  }

  async #confirm(ask: (command: Said) => Promise<Answer>): Promise<void> {
    await ask({ type: 'booking.confirm' })
    if (this.#random.chance(0.5))
      await ask({ type: 'booking.rate', stars: this.#random.whole(3, 5), comment: '' })
  }

  #soon([least_ms, most_ms]: readonly [number, number], act: () => void): void {
    const second = Math.floor((this.now_ms() + this.#random.between(least_ms, most_ms)) / 1_000) + 1
    this.#later.set(second, [...(this.#later.get(second) ?? []), act])
  }

  #somewhere(): Place {
    return {
      latitude: middle.latitude + this.#random.between(-half_width, half_width),
      longitude: middle.longitude + this.#random.between(-half_width, half_width),
    }
  }

  #pet() {
    const pet_type = this.#random.pick(['cat', 'dog', 'bird', 'rabbit'] as const)
    const given = new Date(midnight_ms - 30 * 86_400_000).toISOString()
    const vaccinations = [
      { vaccine_name: 'core', date_given: given, expires_at: null, vet_name: '', verified: false },
    ]
    const plain = { breed: '', name: 'Mochi', age_months: 24, special_needs: '', photo_url: '' }
    return { pet_spec: { pet_type, weight_kg: this.#random.whole(1, 20), vaccinations, ...plain } }
  }
}

const at = (place: Place) => ({
  line1: '1 Jalan Ampang',
  line2: '',
  city: 'Kuala Lumpur',
  state: 'WP',
  postal_code: '50450',
  country: 'MY',
  ...place,
})
