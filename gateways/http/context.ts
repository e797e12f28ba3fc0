/** Which part of the system a path belongs to: contract, section 1.1. */

export const contexts = [
  'booking',
  'payment',
  'runner',
  'identity',
  'tracking',
  'notification',
  'system',
] as const
export type Context = (typeof contexts)[number]

/** The longest prefix wins; paths that nothing names belong to `system`. */
const prefixes: readonly (readonly [prefix: string, context: Context])[] = [
  ['/bff', 'identity'],
  ['/api/v1/admin/bookings', 'booking'],
  ['/api/v1/admin/payments', 'payment'],
  ['/api/v1/admin/runners', 'runner'],
  ['/api/v1/admin/promos', 'payment'],
  ['/api/v1/admin/stats/bookings', 'booking'],
  ['/api/v1/admin/stats/payments', 'payment'],
  ['/api/v1/admin', 'identity'],
  ['/api/v1/auth', 'identity'],
  ['/api/v1/bookings', 'booking'],
  ['/api/v1/chat', 'tracking'],
  ['/api/v1/notifications', 'notification'],
  ['/api/v1/payments', 'payment'],
  ['/api/v1/payouts', 'payment'],
  ['/api/v1/pets', 'booking'],
  ['/api/v1/petshops', 'runner'],
  ['/api/v1/promos', 'payment'],
  ['/api/v1/referrals', 'identity'],
  ['/api/v1/runners/apply', 'identity'],
  ['/api/v1/runners', 'runner'],
  ['/api/v1/subscriptions', 'payment'],
  ['/api/v1/tracking', 'tracking'],
  ['/api/v1/users/me/pets', 'booking'],
]

const begins = (path: string, prefix: string) => path === prefix || path.startsWith(`${prefix}/`)

export function contextOf(path: string): Context {
  const fitting = prefixes.filter(([prefix]) => begins(path, prefix))
  const [longest] = fitting.sort(([one], [other]) => other.length - one.length)
  return longest?.[1] ?? 'system'
}
