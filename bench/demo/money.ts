import { Refused } from '../../gateways/client/pending_commands.ts'
import { ringgit, Unexpected } from './narrator.ts'
import type { Person } from './people.ts'
import { heard, type Stage } from './stage.ts'

export interface Payment {
  readonly escrow_status: string
  readonly amount_cents: number
  readonly platform_fee_cents: number
  readonly runner_payout_cents: number
  readonly currency: string
  /** Where the owner approves it, in the answer to an initiation. */
  readonly redirect_url?: string
}

const parts = ({ escrow_status, amount_cents, platform_fee_cents, runner_payout_cents, currency }: Payment) =>
  `${escrow_status} ${ringgit(amount_cents, currency)}, fee ${(platform_fee_cents / 100).toFixed(2)}, payout ${(runner_payout_cents / 100).toFixed(2)}`

/** How the money of a booking stands, told and held against `wanted`. Without a payment it is `unpaid`. */
export async function money(
  { told }: Stage,
  person: Person,
  booking_id: string,
  wanted: string,
): Promise<Payment | undefined> {
  const payment = await person.http.get<Payment>(`/api/v1/payments/booking/${booking_id}`).then(
    ({ data }) => data,
    (reason: unknown) => {
      if (reason instanceof Refused && reason.problem.status === 404) return undefined
      throw reason
    },
  )
  told.say('money', payment ? parts(payment) : 'unpaid')
  told.expect('the money', payment?.escrow_status ?? 'unpaid', wanted)
  return payment
}

const initiation = (booking_id: string, payment_method?: string) =>
  payment_method === undefined ? { booking_id } : { booking_id, payment_method }
const initiate = '/api/v1/payments/initiate'

/** The owner pays with what the deployment takes, and the fare is held in escrow. */
export async function pay(stage: Stage, owner: Person, booking_id: string): Promise<void> {
  await owner.call<Payment>(201, 'POST', initiate, initiation(booking_id))
  await heard(stage, booking_id, 'payment.escrow_created', 'payment.escrow_held')
  await money(stage, owner, booking_id, 'held')
}

/** The owner's bank says no. */
export async function payInVain(stage: Stage, owner: Person, booking_id: string): Promise<void> {
  const declined = 'pm_card_visa_chargeDeclined'
  await owner.refused('payment.failed', 'POST', initiate, initiation(booking_id, declined))
  await heard(stage, booking_id, 'payment.escrow_created', 'payment.failed')
  await money(stage, owner, booking_id, 'failed')
}

/** The owner's bank asks first; gives the page on which the owner answers. */
export async function payWithApproval(stage: Stage, owner: Person, booking_id: string): Promise<string> {
  const asks = 'pm_card_threeDSecure2Required'
  const payment = await owner.call<Payment>(201, 'POST', initiate, initiation(booking_id, asks))
  await heard(stage, booking_id, 'payment.escrow_created')
  await money(stage, owner, booking_id, 'pending')
  return payment.redirect_url ?? ''
}

/** Posts to the embedded sandbox, or a page of its. Rejects with `Unexpected`. */
export async function post({ told }: Stage, url: string, body: string, type: string): Promise<void> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body })
  await response.arrayBuffer()
  told.say('http', `POST ${new URL(url).pathname}  ${response.status}  the payment sandbox: ${body}`)
  if (!response.ok) throw new Unexpected(`the sandbox answered ${response.status}`)
}
