import { Refused } from '../../gateways/client/pending_commands.ts'
import { ringgit } from './narrator.ts'
import type { Person } from './people.ts'
import type { Stage } from './stage.ts'

interface Payment {
  readonly escrow_status: string
  readonly amount_cents: number
  readonly currency: string
}

/** How the money of a booking stands, told and held against `wanted`. Without a payment it is `unpaid`. */
export async function money(
  { told }: Stage,
  person: Person,
  booking_id: string,
  wanted: string,
): Promise<void> {
  const payment = await person.http.get<Payment>(`/api/v1/payments/booking/${booking_id}`).then(
    ({ data }) => data,
    (reason: unknown) => {
      if (reason instanceof Refused && reason.problem.status === 404) return undefined
      throw reason
    },
  )
  told.say(
    'money',
    payment ? `${payment.escrow_status} ${ringgit(payment.amount_cents, payment.currency)}` : 'unpaid',
  )
  told.expect('the money', payment?.escrow_status ?? 'unpaid', wanted)
}
