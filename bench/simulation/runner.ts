/** Somebody with a van: goes online, races for bookings, drives, reports where he is. */
import type { Rejection } from '../../protocols/rejections.ts'
import { Person } from './person.ts'
import { secret } from './plan.ts'
import type { World } from './world.ts'

const metres_per_degree = 111_000

export class Runner extends Person {
  readonly #boot: string
  #latitude: number
  #longitude: number
  #seq = 0

  constructor(world: World, index: number) {
    super(world, 'runner', `runner ${index}`)
    this.#boot = this.random.uuid()
    this.#latitude = this.random.between(3.05, 3.2)
    this.#longitude = this.random.between(101.6, 101.75)
  }

  async live(): Promise<void> {
    await this.#join()
    while (!this.world.phase.closing) {
      await this.#ping()
      await this.sleep(100, 800)
      if (this.random.chance(0.02)) await this.#rest()
      const id = this.#choice()
      if (id !== undefined && (await this.#act(id, 'accept', 'booking.accepted'))) await this.#serve(id)
    }
  }

  /** One of the open ones: with a hot key, everybody's choice is the same. */
  #choice(): string | undefined {
    const open = [...this.world.crowd.open]
    if (open.length === 0) return undefined
    if (this.world.crowd.hot) return open[0]
    return this.random.chance(0.5) ? this.random.pick(open) : undefined
  }

  async #join(): Promise<void> {
    const profile = {
      full_name: `Ali of ${secret}`,
      phone: '',
      vehicle_type: 'van',
      vehicle_plate: secret,
      vehicle_model: 'V',
    }
    const path = '/api/v1/runners'
    await this.did({ method: 'POST', path, id: '', body: profile }, 'runner.registered', this.by.id)
    const size = this.random.pick(['small', 'large', 'xlarge', 'xlarge'])
    const crate = { size, pet_types: ['cat', 'dog', 'rabbit'], max_weight_kg: 60, ventilated: true }
    await this.did(
      { method: 'POST', path: `${path}/me/crates`, id: '', body: crate },
      'runner.crate_added',
      this.by.id,
    )
    await this.#online()
  }

  async #online(): Promise<void> {
    const body = { latitude: this.#latitude, longitude: this.#longitude }
    await this.did(
      { method: 'POST', path: '/api/v1/runners/me/online', id: '', body },
      'runner.online',
      this.by.id,
    )
  }

  async #rest(): Promise<void> {
    const path = '/api/v1/runners/me/offline'
    await this.did({ method: 'POST', path, id: '', body: {} }, 'runner.offline', this.by.id)
    await this.sleep(200, 2_000)
    await this.#online()
  }

  async #serve(id: string): Promise<void> {
    await this.#drive(id)
    if (this.random.chance(0.1))
      return void (await this.#act(id, 'decline', 'booking.declined', { reason: 'other' }))
    if (this.random.chance(0.05))
      return void (await this.#act(id, 'cancel', 'booking.cancelled', { reason: 'flat tyre' }))
    if (!(await this.#act(id, 'pickup', 'booking.pet_picked_up'))) return
    await this.#drive(id)
    await this.#act(id, 'deliver', 'booking.delivered')
  }

  async #drive(id: string): Promise<void> {
    for (let places = this.random.whole(2, 10); places > 0; places--) {
      await this.#ping(id)
      await this.sleep(100, 500)
    }
  }

  /** Where he is now: what is acked while he holds a booking belongs to its trip. */
  async #ping(booking_id?: string): Promise<void> {
    this.#latitude += this.random.between(-3, 3) / metres_per_degree
    this.#longitude += this.random.between(-3, 3) / metres_per_degree
    const at_ms = this.env.now_ms()
    const fix = { seq: ++this.#seq, latitude: this.#latitude, longitude: this.#longitude, at_ms }
    const signal = {
      type: 'runner.moved',
      boot: this.#boot,
      lane: 'live',
      via: 'socket',
      fixes: [fix],
    } as const
    const to = { actor: 'runner', id: this.by.id }
    const { auditor, deployment } = this.world
    const refused = await this.reach<Rejection | undefined>(
      ({ host }) => new Promise((resolve) => host.signal({ to, signal, by: this.by }, resolve)),
      'a position',
      false,
    )
    if (booking_id === undefined) return
    if (refused === undefined && deployment.isAbreast(this.by.id))
      auditor.kept(booking_id, this.by.id, `${this.#boot}:${fix.seq}`)
  }

  #act(
    id: string,
    verb: 'accept' | 'decline' | 'cancel' | 'pickup' | 'deliver',
    proof: string,
    body: Record<string, unknown> = {},
  ): Promise<boolean> {
    return this.did({ method: 'POST', path: `/api/v1/bookings/:id/${verb}`, id, body }, proof, id)
  }
}
