/** Somebody with animals: books, pays or does not, changes her mind, confirms or forgets to. */
import { isRefusal } from '../../protocols/rejections.ts'
import { Person } from './person.ts'
import { secret } from './plan.ts'
import { start_ms } from './virtual_env.ts'
import type { World } from './world.ts'

const pets = [
  { pet_type: 'cat', weight_kg: 4 },
  { pet_type: 'dog', weight_kg: 12 },
  { pet_type: 'dog', weight_kg: 28 },
  { pet_type: 'rabbit', weight_kg: 2 },
] as const

/** How cards behave at the provider: most are good, some want their owner's word, some are refused. */
const methods = [
  '',
  '',
  'pm_card_visa',
  'pm_card_mastercard',
  'pm_card_threeDSecure2Required',
  'pm_card_visa_chargeDeclined',
] as const

const ended: ReadonlySet<unknown> = new Set(['completed', 'cancelled'])

export class Owner extends Person {
  #booked = 0
  /** What she wants to be known to those who take part alone. */
  readonly #said = `${secret} of ${this.by.id}`

  constructor(world: World, index: number) {
    super(world, 'owner', `owner ${index}`)
  }

  async live(): Promise<void> {
    while (!this.world.phase.closing) {
      await this.sleep(200, 3_000)
      const id = await this.#book()
      if (id === undefined) continue
      this.world.crowd.open.add(id)
      if (this.random.chance(0.3)) await this.list()
      if (this.random.chance(0.5)) await this.#pay(id)
      await this.watching(id, () => this.#follow(id))
      if (this.random.chance(0.3)) await this.list()
      this.world.crowd.open.delete(id)
    }
  }

  async #book(): Promise<string | undefined> {
    const stale = this.random.chance(0.05)
    this.#booked += 1
    const answer = await this.insist({
      method: 'POST',
      path: '/api/v1/bookings',
      id: '',
      body: this.#request(stale),
    })
    if (isRefusal(answer)) return undefined
    const { id } = (answer.body as { data: { id: string } }).data
    this.told(answer)
    this.world.auditor.acked('booking.requested', id, this.by)
    return id
  }

  #request(stale: boolean): Record<string, unknown> {
    const days = this.random.whole(10, 300) + (stale ? 400 : 0)
    const date_given = `${new Date(start_ms - days * 86_400_000).toISOString().slice(0, 19)}Z`
    const vaccination = { vaccine_name: 'rabies', date_given }
    const pet = { ...this.random.pick(pets), name: `Pet ${this.#booked}`, vaccinations: [vaccination] }
    return {
      pet_spec: pet,
      pickup_address: this.#address(),
      dropoff_address: this.#address(),
      notes: this.#said,
    }
  }

  #address(): object {
    const latitude = this.random.between(3.05, 3.2)
    const longitude = this.random.between(101.6, 101.75)
    return {
      line1: `${this.random.whole(1, 99)} ${secret}`,
      city: 'Kuala Lumpur',
      state: 'Selangor',
      country: 'MY',
      latitude,
      longitude,
    }
  }

  async #pay(id: string): Promise<void> {
    const body = { booking_id: id, payment_method: this.random.pick(methods) }
    const path = '/api/v1/payments/initiate'
    await this.did({ method: 'POST', path, id: '', body }, 'booking.payment_requested', id)
    await this.sleep(100, 1_000)
    this.#approve(id)
  }

  /** On the page of the provider, where there is one for her. */
  #approve(id: string): void {
    const does = this.random.chance(0.8)
    this.world.provider.touch(({ ledger }) => {
      for (const intent of ledger.intents)
        if (intent.metadata.booking_id === id && intent.status === 'requires_action')
          ledger.approve(intent, does)
    })
  }

  /** Looks at the booking until it has ended, or until she has had enough. */
  async #follow(id: string): Promise<void> {
    for (let looks = this.random.whole(8, 40); looks > 0 && !this.world.phase.closing; looks--) {
      await this.sleep(200, 1_500)
      const status = await this.#status(id)
      if (this.random.chance(0.1)) await this.list()
      if (ended.has(status)) return
      if (status === 'delivered') return await this.#receive(id)
      if (this.random.chance(0.01)) break
    }
    await this.#act(id, 'cancel', 'booking.cancelled', { reason: 'changed my mind' })
  }

  async #status(id: string): Promise<unknown> {
    const answer = await this.insist({ method: 'GET', path: '/api/v1/bookings/:id', id, body: {} })
    if (isRefusal(answer)) return answer.rejected
    const { status, notes } = (answer.body as { data: { status: string; notes: string } }).data
    this.world.auditor.read(this.by, notes, this.#said)
    return status
  }

  async #receive(id: string): Promise<void> {
    if (this.random.chance(0.3)) return
    await this.#act(id, 'confirm', 'booking.delivery_confirmed', {})
    const stars = this.random.whole(1, 5)
    if (this.random.chance(0.5)) await this.#act(id, 'rate', 'booking.rated', { stars })
  }

  #act(
    id: string,
    verb: 'cancel' | 'confirm' | 'rate',
    proof: string,
    body: Record<string, unknown>,
  ): Promise<boolean> {
    return this.did({ method: 'POST', path: `/api/v1/bookings/:id/${verb}`, id, body }, proof, id)
  }
}
