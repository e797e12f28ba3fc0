// Carries out what actors ask of the world outside: notices for people, and word to the runners near an open booking.
import type { Env } from '../engine/env.ts'
import type { ShardHost } from '../engine/host.ts'
import { type Effects, Fault } from '../engine/ports.ts'
import type { Effect } from '../protocols/effects.ts'
import { limits } from '../protocols/limits.ts'
import { rejections } from '../protocols/rejections.ts'
import { bitsFor } from '../protocols/runner.ts'

export interface Notice {
  /** A second notice with this id is the same one. */
  readonly effect_id: string
  readonly user_id: string
  readonly template: Extract<Effect, { type: 'push.send' }>['data']['template']
  readonly booking_id: string
  readonly at_ms: number
}

/** Where notices are kept for their readers. */
export interface Inbox {
  /** Resolves when the notice is kept; a repeat of its `effect_id` changes nothing. */
  add(notice: Notice): Promise<void>
}

interface Means {
  readonly host: ShardHost
  readonly inbox: Inbox
  readonly env: Env
}

type Run<Type extends Effect['type']> = (
  means: Means,
  data: Extract<Effect, { type: Type }>['data'],
  id: string,
) => Promise<void>

/** An open booking is shown as any runner may see it; one that is not open is refused to him. */
const any_runner = { id: '00000000-0000-0000-0000-000000000000', role: 'runner' } as const

const rows: { readonly [Type in Effect['type']]: Run<Type> } = {
  'push.send': ({ inbox, env }, data, effect_id) => inbox.add({ effect_id, ...data, at_ms: env.now_ms() }),

  /** A booking that is no longer open is announced to nobody. A runner may be told twice: it is no fact. */
  'dispatch.announce': async ({ host, env }, { booking_id, pickup, requirement }) => {
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
  },
}

/** The system's effects. Rejects with a Fault where a later try may succeed; none gives back a command. */
export function effectRunner(means: Means): Effects {
  return {
    async run(effect, id) {
      if (effect.type === 'push.send') await rows[effect.type](means, effect.data, id)
      else await rows[effect.type](means, effect.data, id)
      return undefined
    },
  }
}
