// Carries out what actors ask of the world outside: notices for people, and word to the runners near an open booking.
import type { Env } from '../engine/env.ts'
import type { ShardHost } from '../engine/host.ts'
import { type Effects, Fault } from '../engine/ports.ts'
import type { Effect } from '../protocols/effects.ts'
import { limits } from '../protocols/limits.ts'
import { rejections } from '../protocols/rejections.ts'
import { bitsFor } from '../protocols/runner.ts'
import type { Template } from './push/templates.ts'
import type { StripeEffect, StripeEffects } from './stripe/intents.ts'

export interface Notice {
  /** A second notice with this id is the same one. */
  readonly effect_id: string
  readonly user_id: string
  readonly template: Template
  readonly booking_id: string
  readonly at_ms: number
  /** Values for the template's words. */
  readonly metadata?: object
}

/** An open booking, for runners near it whose app may be closed; the nearest first. */
export interface Offer {
  readonly effect_id: string
  readonly booking_id: string
  readonly runner_ids: readonly string[]
  readonly at_ms: number
}

/** Where notices are kept for their readers. */
export interface Inbox {
  /**
   * Resolves when the notice is kept and pushed; a repeat of its `effect_id` keeps no second one and reaches only the
   * devices that were not reached. Rejects with a Fault while a further `attempt`, counted from 1, may reach more.
   */
  add(notice: Notice, attempt: number): Promise<void>
  /** The same for each of the nearest runners who has a device. */
  offer(offer: Offer, attempt: number): Promise<void>
}

interface Means {
  readonly host: ShardHost
  readonly inbox: Inbox
  readonly env: Env
  readonly stripe: StripeEffects
}

type Local = Exclude<Effect, StripeEffect>
type Run<Type extends Local['type']> = (
  means: Means,
  data: Extract<Effect, { type: Type }>['data'],
  id: string,
  attempt: number,
) => Promise<void>

const isOfStripe = (effect: Effect): effect is StripeEffect => effect.type.startsWith('stripe.')

/** An open booking is shown as any runner may see it; one that is not open is refused to him. */
const any_runner = { id: '00000000-0000-0000-0000-000000000000', role: 'runner' } as const

const rows: { readonly [Type in Local['type']]: Run<Type> } = {
  'push.send': ({ inbox, env }, data, effect_id, attempt) =>
    inbox.add({ effect_id, ...data, at_ms: env.now_ms() }, attempt),

  /** A booking that is no longer open is announced to nobody. A runner may be told twice: it is no fact. */
  'dispatch.announce': async (
    { host, env, inbox },
    { booking_id, pickup, requirement },
    effect_id,
    attempt,
  ) => {
    const answer = await host.ask({
      to: { actor: 'booking', id: booking_id },
      query: { type: 'booking.view' },
      by: any_runner,
      deadline_ms: env.now_ms() + limits.command_deadline_ms,
    })
    if (!answer.ok) {
      const { rejected } = answer.rejection
      if (rejections[rejected].status !== 503) return
      throw new Fault(`the booking could not be read: ${rejected}`, { retry: true })
    }
    const booking = answer.view
    if (!('status' in booking) || booking.status !== 'requested') return
    const near = await host.near({
      kind: 'runner',
      ...pickup,
      radius_km: limits.announce_radius_km,
      limit: limits.announce_runners_max,
      bits: bitsFor(requirement),
      criteria: { requirement, only_free: true },
      ranked: true,
    })
    const message = { type: 'booking.open', booking }
    for (const { id } of near) host.show({ actor: 'runner', id }, message)
    const runner_ids = near.map(({ id }) => id)
    await inbox.offer({ effect_id, booking_id, runner_ids, at_ms: env.now_ms() }, attempt)
  },
}

/** The system's effects. Rejects with a Fault where a later try may succeed; those of Stripe give back what it said. */
export function effectRunner(means: Means): Effects {
  return {
    async run(effect, id, attempt) {
      if (isOfStripe(effect)) return means.stripe.run(effect, id, attempt)
      if (effect.type === 'push.send') await rows[effect.type](means, effect.data, id, attempt)
      else await rows[effect.type](means, effect.data, id, attempt)
      return undefined
    },
  }
}
