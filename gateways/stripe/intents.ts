// What our payments ask of Stripe, each call safe to repeat: a new try first looks at what an earlier one has left.
import Stripe from 'stripe'
import type { Env } from '../../engine/env.ts'
import { Fault } from '../../engine/ports.ts'
import type { Address, Message } from '../../protocols/actor.ts'
import type { Effect } from '../../protocols/effects.ts'
import type { Observation } from '../../protocols/payment.ts'
import { expand, findIntents } from './find.ts'
import { observationOf } from './observation.ts'

export type StripeEffect = Extract<Effect, { type: `stripe.${string}` }>
type DataOf<Type extends StripeEffect['type']> = Extract<StripeEffect, { type: Type }>['data']
type Intent = Stripe.PaymentIntent

export interface Cashier {
  readonly stripe: Stripe
  readonly env: Env
  /** Where a page of Stripe's sends the owner back to. */
  readonly return_url: string
  readonly default_method: string
}

/** `key` names the effect and the try: Stripe replays the first answer to a key, a 500 as well. */
interface Try {
  readonly key: string
  readonly attempt: number
}

type Row<Type extends StripeEffect['type']> = (
  cashier: Cashier,
  data: DataOf<Type>,
  tried: Try,
) => Promise<Observation | undefined>

const rows: { readonly [Type in StripeEffect['type']]: Row<Type> } = {
  'stripe.create': async (cashier, data, tried) => {
    const intent = await newIntent(cashier, data, tried.attempt)
    if (typeof intent === 'string') return impossible(data.hold, intent)
    if (intent.status !== 'requires_confirmation') return observationOf(intent, data.hold)
    const { stripe, return_url } = cashier
    const confirm = () =>
      stripe.paymentIntents.confirm(
        intent.id,
        { return_url, expand },
        { idempotencyKey: `${tried.key}:confirm` },
      )
    return await acted(stripe, intent.id, data.hold, confirm, 'requires_confirmation')
  },

  'stripe.capture': async ({ stripe }, { stripe_payment_id: id, hold }, { key }) => {
    const intent = await stripe.paymentIntents.retrieve(id, { expand })
    if (intent.status !== 'requires_capture') return observationOf(intent, hold)
    const capture = () => stripe.paymentIntents.capture(id, { expand }, { idempotencyKey: key })
    return await acted(stripe, id, hold, capture, 'requires_capture')
  },

  'stripe.cancel': async (cashier, data, { key, attempt }) => {
    const { stripe } = cashier
    const { hold, stripe_payment_id: id } = data
    if (id !== '') return cancelled(stripe, await stripe.paymentIntents.retrieve(id, { expand }), hold, key)
    const found = await findIntents(stripe, data, data.since_ms)
    // A create may still be under way: it finds this intent, or ends up with it by its key.
    const intents = found.length > 0 ? found : [await made(cashier, data, attempt)]
    const seen: (Observation | undefined)[] = []
    for (const [index, intent] of intents.entries())
      if (typeof intent !== 'string') seen.push(await cancelled(stripe, intent, hold, `${key}:${index}`))
      else seen.push({ ...impossible(hold, intent), status: 'canceled' })
    return seen.find((each) => each?.status === 'succeeded') ?? seen[0]
  },

  'stripe.refund': async ({ stripe }, { stripe_payment_id: id, hold }, { key }) => {
    const intent = await stripe.paymentIntents.retrieve(id, { expand })
    if (intent.status !== 'succeeded') return cancelled(stripe, intent, hold, key)
    const seen = observationOf(intent, hold)
    if (!seen || seen.refunded_cents >= seen.captured_cents) return seen
    await stripe.refunds.create({ payment_intent: id }, { idempotencyKey: key })
    return observationOf(await stripe.paymentIntents.retrieve(id, { expand }), hold)
  },

  'stripe.check': async ({ stripe }, { stripe_payment_id: id, hold, booking_id, since_ms }) => {
    if (id !== '') return observationOf(await stripe.paymentIntents.retrieve(id, { expand }), hold)
    const [found] = await findIntents(stripe, { booking_id, hold }, since_ms)
    return found && observationOf(found, hold)
  },
}

/**
 * The intent of a hold: the one that is there, or a new one that is not confirmed yet; or why there can be none. It is
 * looked for even at the first try: a process that died may have made it, or a cancel that came before.
 */
async function newIntent(
  cashier: Cashier,
  data: DataOf<'stripe.create'>,
  attempt: number,
): Promise<Intent | string> {
  const [first, ...others] = await findIntents(cashier.stripe, data, data.since_ms)
  // There is one before anything is confirmed, whatever late calls may have made.
  for (const other of others)
    if (other.status !== 'canceled') await cashier.stripe.paymentIntents.cancel(other.id)
  return first ?? made(cashier, data, attempt)
}

/** Money is asked for only by a confirmation, so whoever needs the intent may make it: one key, one intent. */
async function made(
  { stripe, default_method }: Cashier,
  { booking_id, hold, amount_cents, currency, payment_method }: DataOf<'stripe.create'>,
  attempt: number,
): Promise<Intent | string> {
  const method = payment_method === '' ? default_method : payment_method
  const order: Stripe.PaymentIntentCreateParams = {
    amount: amount_cents,
    currency: currency.toLowerCase(),
    capture_method: 'manual',
    ...(method === '' ? {} : { payment_method: method }),
    metadata: { booking_id, hold: String(hold) },
    expand,
  }
  try {
    const idempotencyKey = `${booking_id}:${hold}:create:${attempt}`
    const intent = await stripe.paymentIntents.create(order, { idempotencyKey })
    // A replay tells how the intent was, not how it is.
    return intent.lastResponse.headers['idempotent-replayed'] === 'true'
      ? await stripe.paymentIntents.retrieve(intent.id, { expand })
      : intent
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal === undefined) throw error
    return refusal
  }
}

/** Does something to an intent. When Stripe refuses, the intent is read: it has moved on, or the refusal is for good. */
async function acted(
  stripe: Stripe,
  id: string,
  hold: number,
  act: () => Promise<Intent>,
  from: Intent['status'],
): Promise<Observation | undefined> {
  try {
    const intent = await act()
    return observationOf(intent, hold)
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal === undefined) throw error
    const intent = await stripe.paymentIntents.retrieve(id, { expand })
    return intent.status === from ? observationOf(intent, hold, refusal) : observationOf(intent, hold)
  }
}

async function cancelled(
  stripe: Stripe,
  intent: Intent,
  hold: number,
  idempotencyKey: string,
): Promise<Observation | undefined> {
  if (intent.status === 'canceled' || intent.status === 'succeeded') return observationOf(intent, hold)
  const cancel = () => stripe.paymentIntents.cancel(intent.id, { expand }, { idempotencyKey })
  const seen = await acted(stripe, intent.id, hold, cancel, intent.status)
  if (seen?.status === 'canceled' || seen?.status === 'succeeded') return seen
  throw new Fault(`an intent could not be cancelled: it is ${seen?.status}`, { retry: true })
}

/** Why Stripe refuses what it has understood; undefined when a later try may go better, or when it is our set-up that is wrong. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof Stripe.errors.StripeCardError) return error.decline_code ?? error.code ?? 'card_error'
  if (error instanceof Stripe.errors.StripeInvalidRequestError && error.statusCode !== 409)
    return error.code ?? 'invalid_request'
  return undefined
}

/** There is no intent, and never will be one. */
const impossible = (hold: number, failure: string): Observation => ({
  hold,
  stripe_payment_id: '',
  status: 'requires_payment_method',
  captured_cents: 0,
  refunded_cents: 0,
  redirect_url: '',
  failure: failure.slice(0, 200),
  capture_before_ms: 0,
})

type Result = { readonly to: Address; readonly command: Message }
export interface StripeEffects {
  /** Resolves with what the payment is to be told. Rejects with a Fault when a later try may succeed. */
  run(effect: StripeEffect, id: string, attempt: number): Promise<Result | undefined>
}

/**
 * Carries out the effects of payments. Those of one booking go one after another: a cancel that ran between the making
 * of an intent and its confirmation could miss it.
 */
export function stripeEffects(cashier: Cashier): StripeEffects {
  const queues = new Map<string, Promise<unknown>>()
  const run = async (effect: StripeEffect, id: string, attempt: number): Promise<Result | undefined> => {
    const { booking_id } = effect.data
    try {
      // The row's type follows from the effect's, which the compiler cannot see here.
      const row = rows[effect.type] as Row<StripeEffect['type']>
      const seen = await row(cashier, effect.data as never, { key: `${id}:${attempt}`, attempt })
      if (!seen) return undefined
      return {
        to: { actor: 'payment', id: booking_id },
        command: { type: 'payment.observe', ...seen } as Message,
      }
    } catch (cause) {
      if (cause instanceof Fault) throw cause
      throw new Fault(`${effect.type} did not get through: ${kindOf(cause)}`, { retry: true, cause })
    }
  }
  return {
    run(effect, id, attempt) {
      const { booking_id } = effect.data
      const before = queues.get(booking_id) ?? Promise.resolve()
      const mine = before.then(() => run(effect, id, attempt))
      const quiet = mine.catch(() => {})
      queues.set(booking_id, quiet)
      void quiet.then(() => {
        if (queues.get(booking_id) === quiet) queues.delete(booking_id)
      })
      return mine
    },
  }
}

/** Never the message: it may quote what we sent. */
const kindOf = (cause: unknown): string =>
  cause instanceof Stripe.errors.StripeError ? `${cause.type} ${cause.code ?? ''}`.trim() : String(cause)
