import { type Subscription, subscriptions } from '../../protocols/offer_tables.ts'
import { isRefusal, reject } from '../../protocols/rejections.ts'
import type { Rows } from '../../protocols/rows.ts'
import { created, ok } from './reply.ts'
import type { Endpoint, PublicEndpoint } from './request.ts'
import { bodyOf } from './shapes.ts'
import { timeOf } from './times.ts'

const day_ms = 86_400_000

/** Contract, section 5.7. */
const plans = [
  {
    plan: 'basic',
    price_cents: 1_990,
    duration_days: 30,
    discount_percent: 5,
    description: '5 % off every booking',
  },
  {
    plan: 'premium',
    price_cents: 4_990,
    duration_days: 30,
    discount_percent: 15,
    description: '15 % off every booking',
  },
] as const

export const openSubscriptionEndpoints = {
  plans: async () => ok(plans),
} satisfies Record<string, PublicEndpoint>

export const subscriptionEndpoints = {
  /** `subscription.exists` while one is active; two requests at once make one. */
  subscribe: async ({ body, by }, { rows, env }) => {
    const wanted = bodyOf('subscribe', body)
    if (isRefusal(wanted)) return wanted
    const plan = plans.find((each) => each.plan === wanted.plan)
    if (!plan)
      return reject('request.malformed', `plan must be one of ${plans.map((each) => each.plan).join(', ')}`)
    const now_ms = env.now_ms()
    await endLapsed(rows, by.id, now_ms, env.uuid())
    const subscription: Subscription = {
      id: env.uuid(),
      user_id: by.id,
      plan: plan.plan,
      price_cents: plan.price_cents,
      started_at: now_ms,
      expires_at: now_ms + plan.duration_days * day_ms,
      status: 'active',
      active_key: by.id,
      auto_renew: true,
      created_at: now_ms,
    }
    if (!(await rows.add(subscriptions, subscription))) return reject('subscription.exists', '')
    return created(viewOf(subscription, now_ms))
  },

  /** The newest one, whatever became of it. */
  subscription: async ({ by }, { rows, env }) => {
    const order = [['created_at', 'down']] as const
    const [newest] = await rows.find(subscriptions, { where: { user_id: by.id }, order, limit: 1 })
    return newest ? ok(viewOf(newest, env.now_ms())) : reject('subscription.not_found', '')
  },

  cancelSubscription: async ({ by }, { rows, env }) => {
    const values = { status: 'cancelled', active_key: env.uuid(), auto_renew: false } as const
    const [ended] = await rows.change(subscriptions, { active_key: by.id }, values)
    return ended ? ok(viewOf(ended, env.now_ms())) : reject('subscription.not_found', '')
  },
} satisfies Record<string, Endpoint>

/** One that has lapsed makes place for the next. */
const endLapsed = (rows: Rows, user_id: string, now_ms: number, key: string) =>
  rows.change(
    subscriptions,
    { active_key: user_id, expires_at: { from: 0, to: now_ms } },
    { active_key: key },
  )

const viewOf = ({ active_key: _key, ...subscription }: Subscription, now_ms: number) => ({
  ...subscription,
  status:
    subscription.status === 'active' && subscription.expires_at <= now_ms ? 'expired' : subscription.status,
  started_at: timeOf(subscription.started_at),
  expires_at: timeOf(subscription.expires_at),
  created_at: timeOf(subscription.created_at),
})
