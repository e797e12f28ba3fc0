import type Stripe from 'stripe'
import { limits } from '../../protocols/limits.ts'
import { type Marks, marksOf } from './observation.ts'

type Intent = Stripe.PaymentIntent

export const expand = ['latest_charge']
const slack_seconds = 60

/**
 * Every intent of a hold, the one that got furthest first. The list is asked, not the search, whose index lags behind;
 * it is read from shortly before the hold was asked for, at most `stripe_search_pages_max` pages of 100.
 */
export async function findIntents(
  stripe: Stripe,
  { booking_id, hold }: Marks,
  since_ms: number,
): Promise<readonly Intent[]> {
  const from = Math.floor(since_ms / 1_000) - slack_seconds
  const found: Intent[] = []
  let starting_after: string | undefined
  for (let page = 0; page < limits.stripe_search_pages_max; page++) {
    const { data, has_more } = await stripe.paymentIntents.list({
      created: { gte: from },
      limit: 100,
      expand: ['data.latest_charge'],
      ...(starting_after === undefined ? {} : { starting_after }),
    })
    found.push(...data.filter((intent) => isOf(intent, booking_id, hold)))
    starting_after = data.at(-1)?.id
    if (!has_more || starting_after === undefined) return found.sort(furthestFirst)
  }
  const { data } = await stripe.paymentIntents.search({
    query: `metadata['booking_id']:'${booking_id}'`,
    limit: 100,
    expand: ['data.latest_charge'],
  })
  const known = new Set(found.map(({ id }) => id))
  found.push(...data.filter((intent) => isOf(intent, booking_id, hold) && !known.has(intent.id)))
  return found.sort(furthestFirst)
}

function isOf(intent: Intent, booking_id: string, hold: number): boolean {
  const marks = marksOf(intent)
  return marks?.booking_id === booking_id && marks.hold === hold
}

/** A cancelled one before those that were never confirmed: the hold was let go, so nobody confirms another. */
const order = [
  'succeeded',
  'requires_capture',
  'processing',
  'requires_action',
  'requires_payment_method',
  'canceled',
]
const rankOf = ({ status }: Intent) => {
  const rank = order.indexOf(status)
  return rank === -1 ? order.length : rank
}

const furthestFirst = (one: Intent, other: Intent): number =>
  rankOf(one) - rankOf(other) || one.created - other.created || (one.id < other.id ? -1 : 1)
