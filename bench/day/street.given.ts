/** A street where everything happens by the test's own script: the production engine and actors on memory stores. */
import { behaviours } from '../../actors/behaviours.ts'
import { Board, boardBytes } from '../../engine/board.ts'
import { MemoryJournal } from '../../engine/memory_journal.ts'
import { MemoryTopics } from '../../engine/memory_topics.ts'
import { Thread } from '../../engine/thread.ts'
import { atDesk } from '../../gateways/ops/desk.given.ts'
import type { Role } from '../../protocols/actor.ts'
import type { Point } from '../../protocols/ids.ts'
import { limits } from '../../protocols/limits.ts'
import { firstPolicy, type Policy } from '../../protocols/policy.ts'
import type { CloudEvent } from '../../protocols/topics.ts'
import { driversAround, shards } from '../thread.ts'
import { Bank } from './bank.ts'
import { TickingEnv } from './ticking.ts'
import type { Said } from './town.ts'

const begin_ms = Date.UTC(2026, 10, 20, 2)
const minute_ms = 60_000
/** Answers come within hundredths of a second, and nothing else shall happen meanwhile. */
const step_ms = 10
/** A degree of latitude in km on the sphere of all distances. */
const km_per_degree = 111.19492664455873

/** A place so many km north of the middle. */
export const north = (km: number): Point => ({ latitude: 3 + km / km_per_degree, longitude: 101.7 })

interface Pet {
  readonly pet_type: 'cat' | 'reptile'
}

export class Street {
  readonly journal = new MemoryJournal()
  readonly topics = new MemoryTopics()
  readonly env = new TickingEnv(1, begin_ms)
  readonly #drivers = driversAround(this.journal)
  readonly #boots = new Map<string, { boot: string; seq: number; place: Point }>()
  readonly #thread: Thread
  policy: Policy = firstPolicy

  constructor() {
    const bank = new Bank()
    this.#thread = new Thread({
      thread: 0,
      threads: 1,
      shards,
      env: this.env,
      drivers: { ...this.#drivers, topics: this.topics, effects: { run: bank.run } },
      behaviours,
      board: new Board(this.env, new SharedArrayBuffer(boardBytes(shards, 1)), shards, 1),
      resident_max: limits.resident_actors_max,
      policy: () => this.policy,
      policyAt: () => this.policy,
    })
  }

  get snapshots() {
    return this.#drivers.snapshots
  }

  get now(): string {
    return new Date(this.env.now_ms()).toISOString()
  }

  async open(): Promise<this> {
    await this.env.until(this.#thread.open(), step_ms)
    return this
  }

  /** Minutes go by, in which every phone tells its place at the end of each quarter. */
  async minutes(count: number): Promise<void> {
    for (let quarter = 0; quarter < 4 * count; quarter++) {
      await this.env.tick(minute_ms / 4)
      for (const [id] of this.#boots) this.#fix(id)
      await this.env.settle()
    }
  }

  async say(actor: string, id: string, command: Said, by: string, role: Role): Promise<void> {
    const answer = await this.env.until(
      this.#thread.submit({
        id: this.env.uuid(),
        to: { actor, id },
        command,
        by: { id: by, role },
        deadline_ms: this.env.now_ms() + minute_ms,
        lane: 'command',
      }),
      step_ms,
    )
    if (!answer.ok) throw new Error(`${command.type}: ${answer.rejection.rejected}`)
  }

  /** One with a crate for every animal, who is online at a place. */
  async runner(place: Point): Promise<string> {
    const id = this.env.uuid()
    const tell = (command: Said) => this.say('runner', id, command, id, 'runner')
    const profile = {
      full_name: 'R',
      phone: '',
      vehicle_type: 'car',
      vehicle_plate: 'K 1',
      vehicle_year: 2_020,
    }
    await tell({ type: 'runner.register', ...profile, vehicle_model: 'Myvi', air_conditioned: true })
    const size = { size: 'large', max_weight_kg: 30, width_cm: 60, height_cm: 60, depth_cm: 90 }
    const air = { ventilated: true, temperature_controlled: true }
    await tell({ type: 'runner.add_crate', ...size, ...air, pet_types: ['cat', 'reptile'] })
    await tell({ type: 'runner.go_online', ...place })
    this.#boots.set(id, { boot: this.env.uuid(), seq: 0, place })
    return id
  }

  /** He is somewhere else from the next quarter of a minute on. */
  at(runner_id: string, place: Point): void {
    const phone = this.#boots.get(runner_id)
    if (phone) phone.place = place
  }

  async book(pickup: Point, dropoff: Point, { pet_type }: Pet = { pet_type: 'cat' }): Promise<Booking> {
    const [id, owner] = [this.env.uuid(), this.env.uuid()]
    const plain = { breed: '', name: 'Mochi', age_months: 24, special_needs: '', photo_url: '' }
    await this.say(
      'booking',
      id,
      {
        type: 'booking.request',
        pet_spec: { pet_type, weight_kg: 4, vaccinations: [], ...plain },
        pickup_address: addressAt(pickup),
        dropoff_address: addressAt(dropoff),
        notes: '',
      },
      owner,
      'owner',
    )
    return { id, owner, pickup, dropoff }
  }

  async pays({ id, owner }: Booking): Promise<void> {
    await this.say('booking', id, { type: 'booking.pay', payment_method: '' }, owner, 'owner')
  }

  /** The runner takes it, is at the pickup after so many minutes, and at the dropoff after as many more. */
  async carries(runner_id: string, booking: Booking, minutes: number): Promise<void> {
    const tell = (type: string) => this.say('booking', booking.id, { type }, runner_id, 'runner')
    await tell('booking.accept')
    await this.minutes(minutes)
    this.at(runner_id, booking.pickup)
    await tell('booking.pick_up')
    await this.minutes(minutes)
    this.at(runner_id, booking.dropoff)
    await tell('booking.deliver')
  }

  async rates({ id, owner }: Booking, stars: number): Promise<void> {
    await this.say('booking', id, { type: 'booking.confirm' }, owner, 'owner')
    await this.say('booking', id, { type: 'booking.rate', stars, comment: '' }, owner, 'owner')
  }

  /** An operator's desk at it. `reach_ms`: positions are kept since then. */
  desk(more: Parameters<typeof atDesk>[0] = {}, reach_ms = 0) {
    const kept = this.topics
      .read('RUNNER_EVENTS')
      .map(({ message }) => message as CloudEvent)
      .filter(({ type, time }) => type === 'runner.location_update' && Date.parse(time) >= reach_ms)
    const all = async function* () {
      yield* kept
    }
    return atDesk({ stores: this, shards, behaviours, moves: { reach_ms, all }, ...more })
  }

  #fix(id: string): void {
    const phone = this.#boots.get(id)
    if (!phone) return
    phone.seq += 1
    const fixes = [{ seq: phone.seq, ...phone.place, at_ms: this.env.now_ms(), accuracy_m: 5 }]
    const signal = { type: 'runner.moved', boot: phone.boot, lane: 'live', via: 'socket', fixes }
    this.#thread.signal({ to: { actor: 'runner', id }, signal, by: { id, role: 'runner' } }, () => {})
  }
}

export interface Booking {
  readonly id: string
  readonly owner: string
  readonly pickup: Point
  readonly dropoff: Point
}

const addressAt = (place: Point) => ({
  line1: '1 Jalan Ampang',
  line2: '',
  city: 'Kuala Lumpur',
  state: 'WP',
  postal_code: '50450',
  country: 'MY',
  ...place,
})
