/** One owner, one runner, one booking and its money, along a way that chance decides. */
import type { HttpClient } from '../../gateways/client/http_client.ts'
import { Refused } from '../../gateways/client/pending_commands.ts'
import type { Random } from '../city/random.ts'
import { pause } from '../pause.ts'

export interface Party {
  readonly owner: HttpClient
  readonly runner: HttpClient
  readonly admin: HttpClient
}

const methods = [
  '',
  'pm_card_visa',
  'pm_card_mastercard',
  'pm_card_threeDSecure2Required',
  'pm_card_visa_chargeDeclined',
  'pm_card_visa_chargeDeclinedInsufficientFunds',
] as const
const address = (latitude: number, longitude: number) => ({
  line1: '1 Jalan Satu',
  city: 'Kuala Lumpur',
  state: 'Selangor',
  country: 'MY',
  latitude,
  longitude,
})
const patience_ms = 90_000

/** Says it until it is answered; a refusal is an answer. The key makes the repeats one command. */
async function insist(
  http: HttpClient,
  path: string,
  body: object,
  random: Random,
): Promise<object | undefined> {
  const key = random.uuid()
  for (const until_ms = performance.now() + patience_ms; ; ) {
    try {
      return (await http.post(path, body, key)).data
    } catch (error) {
      if (error instanceof Refused) return undefined
      if (performance.now() > until_ms) throw error
      await pause(200)
    }
  }
}

/** Opens the page of an approval and answers it; a page that is gone is left alone. */
async function approve(url: string, does: boolean): Promise<void> {
  const answer = does ? 'yes' : 'no'
  await fetch(url, { method: 'POST', body: new URLSearchParams({ answer }) }).then(
    (response) => response.arrayBuffer(),
    () => undefined,
  )
}

async function pay(party: Party, booking_id: string, random: Random): Promise<void> {
  const tries = random.whole(0, 3)
  for (let attempt = 0; attempt < tries; attempt++) {
    const order = { booking_id, customer_email: '', payment_method: random.pick(methods) }
    const paid = (await insist(party.owner, '/api/v1/payments/initiate', order, random)) ?? {}
    const url = 'redirect_url' in paid ? String(paid.redirect_url) : ''
    if (url.includes('/sandbox/')) await approve(url, random.chance(0.7))
  }
}

/** How far a journey goes before it stops, is cancelled, or is confirmed. */
const steps = ['accept', 'pickup', 'deliver'] as const

/** Resolves with the booking's id once every word of it was answered. */
export async function journey(party: Party, random: Random): Promise<string | undefined> {
  const order = {
    pet_spec: { pet_type: 'cat', name: `Cat ${random.uuid().slice(0, 8)}`, weight_kg: 4, vaccinations: [] },
    pickup_address: address(3.139, 101.6869),
    dropoff_address: address(3.139 + random.between(0.02, 0.2), 101.6869 + random.between(0.02, 0.2)),
    notes: '',
  }
  const booking = await insist(party.owner, '/api/v1/bookings', order, random)
  const id = booking && 'id' in booking ? String(booking.id) : undefined
  if (id === undefined) return undefined
  const say = (http: HttpClient, verb: string, body: object = {}) =>
    insist(http, `/api/v1/bookings/${id}/${verb}`, body, random)
  await pay(party, id, random)
  const far = random.whole(0, steps.length)
  for (const step of steps.slice(0, far)) await say(party.runner, step)
  if (random.chance(0.15))
    await insist(party.admin, `/api/v1/payments/${id}/refund`, { reason: 'drill' }, random)
  if (random.chance(0.4)) await pay(party, id, random)
  if (far === steps.length) {
    if (random.chance(0.85)) await say(party.owner, 'confirm')
  } else if (far > 0 || random.chance(0.5)) await say(party.admin, 'cancel', { reason: 'drill' })
  return id
}
