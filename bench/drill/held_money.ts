// One delivered booking whose money is held: what a wrong clock must not release.
import { randomUUID } from 'node:crypto'
import type { HttpClient } from '../../gateways/client/http_client.ts'
import { clientOf } from '../city/owner_app.ts'
import type { Citizen } from '../city/population.ts'
import type { Scene } from './scene.ts'

const address = (latitude: number) => ({
  line1: '1 Jalan Satu',
  city: 'Kuantan',
  state: 'Pahang',
  country: 'MY',
  latitude,
  longitude: 103.33,
})

/** Delivered and not confirmed, the money held. */
export class HeldMoney {
  readonly #owner: HttpClient
  readonly #id: string

  private constructor(owner: HttpClient, id: string) {
    this.#owner = owner
    this.#id = id
  }

  /** Goes the whole way up to the delivery. Rejects when the engine refuses a part of it. */
  static async settle(scene: Scene): Promise<HeldMoney> {
    const [driver] = await scene.people('runner', 1)
    if (!driver) throw new Error('there is no driver')
    const client = ({ token }: Citizen) => clientOf({ http_url: scene.engine.url, token })
    const [owner, runner] = [client(scene.stranger), client(driver)]
    await equip(runner)
    const pet_spec = { pet_type: 'cat', name: `Hour ${randomUUID()}`, weight_kg: 4, vaccinations: [] }
    const way = { pickup_address: address(3.8), dropoff_address: address(3.9) }
    const { data } = await owner.post<{ id: string }>('/api/v1/bookings', { pet_spec, ...way, notes: '' })
    const order = { booking_id: data.id, customer_email: '', payment_method: 'pm_card_visa' }
    await owner.post('/api/v1/payments/initiate', order)
    for (const step of ['accept', 'pickup', 'deliver'])
      await runner.post(`/api/v1/bookings/${data.id}/${step}`, {})
    return new HeldMoney(owner, data.id)
  }

  /** How booking and money stand, like `delivered, held`. */
  async stands(): Promise<string> {
    const [booking, payment] = await Promise.all([
      this.#owner.get<{ status: string }>(`/api/v1/bookings/${this.#id}`),
      this.#owner.get<{ escrow_status: string }>(`/api/v1/payments/booking/${this.#id}`),
    ])
    return `${booking.data.status}, ${payment.data.escrow_status}`
  }

  /** The owner confirms, which releases the money. */
  async confirm(): Promise<void> {
    await this.#owner.post(`/api/v1/bookings/${this.#id}/confirm`, {})
  }
}

async function equip(runner: HttpClient): Promise<void> {
  const vehicle = { vehicle_type: 'van', vehicle_plate: 'H 1', vehicle_model: 'Hiace', air_conditioned: true }
  await runner.post('/api/v1/runners', { full_name: 'Holder', phone: '+60123456789', ...vehicle })
  const crate = { size: 'medium', pet_types: ['cat'], max_weight_kg: 20, ventilated: true }
  await runner.post('/api/v1/runners/me/crates', crate)
  await runner.post('/api/v1/runners/me/online', { latitude: 3.8, longitude: 103.33 })
}
