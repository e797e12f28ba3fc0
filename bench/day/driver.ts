import type { Random } from '../city/random.ts'
import type { Place } from '../city/roads.ts'
import type { Job, Said, Streets } from './town.ts'

const metres_per_degree = 111_195
/** Between two fixes of a phone. */
const busy_fix_ms = 10_000
const idle_fix_ms = 60_000

type Errand = 'waits' | 'asks' | 'to_pickup' | 'to_dropoff'

/** One runner and his phone: takes the first job that he hears of, drives it, and is home at night. */
export class Driver {
  readonly id: string
  readonly #streets: Streets
  readonly #random: Random
  readonly #boot: string
  #place: Place
  #errand: Errand = 'waits'
  #job: Job | undefined
  #seq = 0
  #fixed_ms = 0
  #speed_kmh = 0

  constructor(id: string, streets: Streets, random: Random, place: Place) {
    this.id = id
    this.#streets = streets
    this.#random = random
    this.#boot = random.uuid()
    this.#place = place
  }

  get idle(): boolean {
    return this.#errand === 'waits'
  }

  async begin(): Promise<void> {
    const profile = {
      full_name: `Driver ${this.id.slice(0, 4)}`,
      phone: '',
      vehicle_type: 'van',
      vehicle_plate: 'KLT 1',
    }
    await this.#say({
      type: 'runner.register',
      ...profile,
      vehicle_model: 'Hiace',
      vehicle_year: 2_020,
      air_conditioned: true,
    })
    const size = { size: 'large', max_weight_kg: 40, width_cm: 60, height_cm: 60, depth_cm: 90 }
    const pet_types = ['cat', 'dog', 'bird', 'rabbit', 'other']
    await this.#say({
      type: 'runner.add_crate',
      ...size,
      pet_types,
      ventilated: true,
      temperature_controlled: true,
    })
    await this.#say({ type: 'runner.go_online', ...this.#place })
  }

  /** A second goes by. */
  step(): void {
    const target = this.#target()
    if (target) this.#drive(target)
    const wait_ms = this.idle ? idle_fix_ms : busy_fix_ms
    if (this.#streets.now_ms() - this.#fixed_ms >= wait_ms) this.#fix()
    if (target && this.#isAt(target)) void this.#arrive()
  }

  /** Races for a job; most who do come too late. */
  async take(job: Job): Promise<void> {
    this.#errand = 'asks'
    const { ok } = await this.#streets.tell('booking', job.id, { type: 'booking.accept' }, this.id, 'runner')
    this.#job = ok ? job : undefined
    this.#errand = ok ? 'to_pickup' : 'waits'
    if (ok) job.taken()
    if (ok && this.#random.chance(0.04)) await this.#giveBack(job)
  }

  /** The booking is over, whoever said so. */
  free(job: Job): void {
    if (this.#job !== job) return
    this.#job = undefined
    this.#errand = 'waits'
  }

  async #giveBack(job: Job): Promise<void> {
    const { ok } = await this.#streets.tell(
      'booking',
      job.id,
      { type: 'booking.decline', reason: 'too_far' },
      this.id,
      'runner',
    )
    if (!ok) return
    this.free(job)
    job.open()
  }

  #target(): Place | undefined {
    if (this.#errand === 'to_pickup') return this.#job?.pickup
    return this.#errand === 'to_dropoff' ? this.#job?.dropoff : undefined
  }

  #drive(target: Place): void {
    this.#speed_kmh = this.#random.between(35, 65)
    const east = (target.longitude - this.#place.longitude) * metres_per_degree
    const north = (target.latitude - this.#place.latitude) * metres_per_degree
    const left_m = Math.hypot(east, north)
    const share = left_m === 0 ? 1 : Math.min(1, this.#speed_kmh / 3.6 / left_m)
    this.#place = {
      latitude: this.#place.latitude + (target.latitude - this.#place.latitude) * share,
      longitude: this.#place.longitude + (target.longitude - this.#place.longitude) * share,
    }
  }

  #isAt = (target: Place) =>
    target.latitude === this.#place.latitude && target.longitude === this.#place.longitude

  async #arrive(): Promise<void> {
    const job = this.#job
    const at_pickup = this.#errand === 'to_pickup'
    if (!job) return
    this.#errand = 'asks'
    const type = at_pickup ? 'booking.pick_up' : 'booking.deliver'
    const { ok } = await this.#streets.tell('booking', job.id, { type }, this.id, 'runner')
    if (ok && at_pickup) this.#errand = 'to_dropoff'
    else {
      if (ok) job.delivered()
      this.free(job)
    }
  }

  #fix(): void {
    const at_ms = this.#streets.now_ms()
    this.#fixed_ms = at_ms
    this.#seq += 1
    const speed_kmh = this.idle ? 0 : this.#speed_kmh
    const fix = { seq: this.#seq, ...this.#place, at_ms, accuracy_m: 5, speed_kmh, heading_degrees: 0 }
    this.#streets.signal(this.id, {
      type: 'runner.moved',
      boot: this.#boot,
      lane: 'live',
      via: 'socket',
      fixes: [fix],
    })
  }

  #say(command: Said): Promise<{ ok: boolean }> {
    return this.#streets.tell('runner', this.id, command, this.id, 'runner')
  }
}
