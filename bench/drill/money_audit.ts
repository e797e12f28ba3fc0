/** Holds our payments against the ledger of the other side, to the sen. */
import { isDeepStrictEqual } from 'node:util'
import type { Intent } from '../../gateways/stripe/sandbox/objects.ts'

/** The parts of our wire shapes that money depends on. */
export interface OurPayment {
  readonly id: string
  readonly escrow_status: 'pending' | 'held' | 'released' | 'refunded' | 'failed'
  readonly amount_cents: number
  readonly stripe_payment_id: string
}
export interface OurBooking {
  readonly id: string
  readonly status: string
  /** Undefined where no payment was ever asked for. */
  readonly payment: OurPayment | undefined
}

export interface Sums {
  readonly released: number
  readonly held: number
}

export interface Audit {
  readonly ours: Sums
  readonly theirs: Sums
  /** One line for each booking whose money is not where it should be. */
  readonly wrong: readonly string[]
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
const netOf = ({ captured, refunded }: Intent) => captured - refunded

export function audit(bookings: readonly OurBooking[], intents: readonly Intent[]): Audit {
  const of = new Map<string, Intent[]>(bookings.map(({ id }) => [id, []]))
  for (const intent of intents) of.get(intent.metadata.booking_id ?? '')?.push(intent)
  const wrong = bookings.flatMap((booking) => wrongWith(booking, of.get(booking.id) ?? []))
  const strange = intents.filter(({ metadata }) => !of.has(metadata.booking_id ?? ''))
  const ourSum = (status: OurPayment['escrow_status']) =>
    sum(bookings.map(({ payment }) => (payment?.escrow_status === status ? payment.amount_cents : 0)))
  return {
    ours: { released: ourSum('released'), held: ourSum('held') },
    theirs: {
      released: sum(intents.map(netOf)),
      held: sum(intents.map(({ status, amount }) => (status === 'requires_capture' ? amount : 0))),
    },
    wrong: [...wrong, ...strange.map(({ id }) => `${id} belongs to no booking of ours`)],
  }
}

function wrongWith({ id, status, payment }: OurBooking, intents: readonly Intent[]): readonly string[] {
  const end = payment?.escrow_status ?? 'none'
  const mine = payment ? [[payment.stripe_payment_id, payment.amount_cents]] : []
  const kept = intents.filter((intent) => netOf(intent) > 0).map((intent) => [intent.id, netOf(intent)])
  const held = intents
    .filter((intent) => intent.status === 'requires_capture')
    .map((intent) => [intent.id, intent.amount])
  const rules: readonly (readonly [boolean, string])[] = [
    [isDeepStrictEqual(kept, end === 'released' ? mine : []), `the sandbox keeps ${JSON.stringify(kept)}`],
    [isDeepStrictEqual(held, end === 'held' ? mine : []), `the sandbox holds ${JSON.stringify(held)}`],
    [intents.every(({ captures }) => captures <= 1), 'captured twice'],
    [intents.every(({ refunded, captured }) => refunded <= captured), 'refunded too much'],
    [status !== 'cancelled' || (end !== 'held' && end !== 'released'), 'cancelled, and money is not back'],
  ]
  return rules.flatMap(([holds, what]) =>
    holds ? [] : [`booking ${id} (${status}, payment ${end}): ${what}`],
  )
}
