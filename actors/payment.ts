/** The escrow of a booking, under the booking's id: one hold at a time, captured after the delivery was confirmed, or given back. */
import type { Actor, Context } from '../protocols/actor.ts'
import type {
  EscrowStatus,
  paymentCommands,
  paymentEvents,
  paymentQueries,
  paymentSteps,
} from '../protocols/payment.ts'
import { reject } from '../protocols/rejections.ts'
import { paymentReactions } from './payment_reactions.ts'
import { create, observed, ordered, refund, returning, review, strayOf } from './payment_rules.ts'
import { paymentView } from './payment_view.ts'

export interface Payment {
  readonly status: EscrowStatus | 'none'
  /** Where the present hold is going: it waits, is being captured, or goes back to its owner. */
  readonly aim: 'hold' | 'capture' | 'return'
  /** The delivery was confirmed, so that a hold is captured as soon as it is there. */
  readonly capture_due: boolean
  readonly booking_number: string
  readonly owner_id: string
  readonly runner_id: string
  readonly amount_cents: number
  readonly platform_fee_cents: number
  readonly runner_payout_cents: number
  readonly currency: string
  readonly payment_method: string
  /** Counts the holds that were tried. */
  readonly hold: number
  readonly since_ms: number
  readonly stripe_payment_id: string
  readonly redirect_url: string
  readonly expires_ms: number
  readonly return_reason: string
  readonly failure: string
  /** Intents that had money when nobody wanted them any more, and how they stood. */
  readonly strays: readonly string[]
  readonly held_ms: number
  readonly released_ms: number
  readonly refunded_ms: number
  readonly version: number
  readonly created_ms: number
  readonly updated_ms: number
}

const none: Payment = {
  status: 'none',
  aim: 'hold',
  capture_due: false,
  booking_number: '',
  owner_id: '',
  runner_id: '',
  amount_cents: 0,
  platform_fee_cents: 0,
  runner_payout_cents: 0,
  currency: '',
  payment_method: '',
  hold: 0,
  since_ms: 0,
  stripe_payment_id: '',
  redirect_url: '',
  expires_ms: 0,
  return_reason: '',
  failure: '',
  strays: [],
  held_ms: 0,
  released_ms: 0,
  refunded_ms: 0,
  version: 0,
  created_ms: 0,
  updated_ms: 0,
}

export const payment: Actor<
  Payment,
  typeof paymentCommands & typeof paymentSteps,
  typeof paymentEvents,
  undefined,
  Record<never, never>,
  typeof paymentQueries
> = {
  name: 'payment',
  initial: none,

  decide: {
    'payment.create': (state, command, context) =>
      state.status === 'none' || state.status === 'failed' ? [create(state, command, context)] : [],

    'payment.capture': (state, { runner_id }) => {
      if (state.status === 'held' && state.aim === 'hold')
        return [{ type: 'payment.capture_requested', ...ordered(state), runner_id }]
      const may_come = state.status === 'pending' || state.status === 'failed'
      return may_come && !state.capture_due ? [{ type: 'payment.capture_due', runner_id }] : []
    },

    'payment.cancel': (state, { reason }) => returning(state, reason),
    'payment.refund': refund,

    'payment.assign_runner': (state, { runner_id }) =>
      state.status === 'none' || state.runner_id === runner_id
        ? []
        : [{ type: 'payment.runner_assigned', runner_id }],

    'payment.observe': (state, { type: _type, ...seen }, context) => observed(state, seen, context),
    'payment.review': review,

    'payment.warn': (state, { hold }) => {
      const { booking_number, owner_id, runner_id, expires_ms } = state
      if (state.hold !== hold || state.status !== 'held' || state.aim !== 'hold') return []
      return [{ type: 'payment.hold_expiring', booking_number, owner_id, runner_id, hold, expires_ms }]
    },
  },

  evolve: {
    'payment.escrow_created': (state, { type: _type, ...order }, at) => ({
      ...moved(state, 'pending', at),
      ...order,
      aim: 'hold',
      since_ms: at.at_ms,
      stripe_payment_id: '',
      redirect_url: '',
      failure: '',
      created_ms: state.created_ms === 0 ? at.at_ms : state.created_ms,
    }),
    'payment.action_required': (state, { stripe_payment_id, redirect_url }, at) => ({
      ...moved(state, 'pending', at),
      stripe_payment_id,
      redirect_url,
    }),
    'payment.escrow_held': (state, { stripe_payment_id, expires_ms }, at) => ({
      ...moved(state, 'held', at),
      stripe_payment_id,
      expires_ms,
      redirect_url: '',
      held_ms: at.at_ms,
    }),
    'payment.capture_due': (state, { runner_id }) => ({ ...state, runner_id, capture_due: true }),
    'payment.capture_requested': (state, { runner_id }) => ({
      ...state,
      runner_id,
      aim: 'capture',
      capture_due: true,
    }),
    'payment.return_requested': (state, { reason }) => ({ ...state, aim: 'return', return_reason: reason }),
    'payment.escrow_released': (state, _event, at) => ({
      ...moved(state, 'released', at),
      released_ms: at.at_ms,
    }),
    'payment.escrow_refunded': (state, { stripe_payment_id }, at) => ({
      ...moved(state, 'refunded', at),
      stripe_payment_id,
      refunded_ms: at.at_ms,
    }),
    'payment.failed': (state, { stripe_payment_id, reason }, at) => ({
      ...moved(state, 'failed', at),
      stripe_payment_id,
      redirect_url: '',
      failure: reason,
    }),
    'payment.stray_found': (state, { stripe_payment_id, status }) => ({
      ...state,
      strays: [...state.strays, strayOf(stripe_payment_id, status)],
    }),
    'payment.runner_assigned': (state, { runner_id }, at) => ({
      ...moved(state, state.status, at),
      runner_id,
    }),
    'payment.reviewed': (state) => state,
    'payment.hold_expiring': (state) => state,
  },

  react: paymentReactions,

  settle: {
    'payment.refund': ({ status, aim }) => (status === 'held' && aim === 'return' ? 'wait' : 'done'),
  },

  answer: {
    'payment.view': ({ state }, _query, { id, by }) => {
      if (state.status === 'none') return reject('payment.not_found', 'nothing was paid for it yet')
      const mine = by.id === state.owner_id
      if (!mine && by.id !== state.runner_id && by.role !== 'admin')
        return reject('payment.not_yours', 'a payment is shown to its owner and its runner')
      const { redirect_url } = state
      return mine ? { ...paymentView(state, id), redirect_url } : paymentView(state, id)
    },
  },

  view: ({ state }, id) => paymentView(state, id),

  invariant: brokenRule,
}

/** Each move counts one version. */
const moved = (state: Payment, status: Payment['status'], { at_ms }: Pick<Context, 'at_ms'>): Payment => ({
  ...state,
  status,
  version: state.version + 1,
  updated_ms: at_ms,
})

function brokenRule(state: Payment): string | undefined {
  const { status, aim, version, hold, stripe_payment_id } = state
  if ((status === 'none') !== (version === 0)) return 'a version that does not fit'
  if ((status === 'none') !== (hold === 0)) return 'a hold that does not fit'
  const has_intent = status === 'held' || status === 'released' || status === 'refunded'
  if (has_intent && stripe_payment_id === '') return `${status} without an intent`
  if (status === 'released' && !(aim === 'capture' && state.capture_due))
    return 'released without a confirmation'
  if (status === 'refunded' && aim !== 'return') return 'refunded, and nobody asked for it'
  if (state.platform_fee_cents + state.runner_payout_cents !== state.amount_cents)
    return 'a sum that is not whole'
  return undefined
}
