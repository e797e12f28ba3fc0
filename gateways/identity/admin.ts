// What admins see of accounts, and do to them: contract, section 3.1.
import { limits } from '../../protocols/limits.ts'
import { reject } from '../../protocols/rejections.ts'
import { acknowledged, ok, paged } from '../http/reply.ts'
import type { Endpoint } from '../http/request.ts'
import { userOf } from './user.ts'

export const adminEndpoints = {
  users: async ({ query }, { accounts }) => {
    const { page, limit } = adminPageOf(query)
    const { items, total } = await accounts.page(page, limit)
    return paged({ items: items.map(userOf), total }, page, limit)
  },

  user: async ({ ids }, { accounts }) => {
    const account = await accounts.byId(ids.id ?? '')
    return account ? ok(userOf(account)) : reject('account.not_found', '')
  },

  userStats: async (_request, { accounts }) => {
    const by_role = await accounts.countByRole()
    return ok({ total_users: Object.values(by_role).reduce((sum, one) => sum + one, 0), by_role })
  },

  /**
   * Ends the user's refresh tokens at once and what he still holds within a minute, open sockets too. Doing it again
   * changes nothing. `account.not_found`, `account.is_you`.
   */
  ban: async ({ ids, by }, { accounts, bans, env }) => {
    const id = ids.id ?? ''
    if (id === by.id) return reject('account.is_you', '')
    const banned = await accounts.ban(id, env.now_ms())
    if (!banned) return reject('account.not_found', '')
    bans.add(id)
    env.log('info', 'an account was banned', { user_id: id, by: by.id })
    return acknowledged('user banned')
  },
} satisfies Record<string, Endpoint>

/** Contract, section 1.4: a limit above the largest counts as not said here. */
function adminPageOf(query: URLSearchParams): { page: number; limit: number } {
  const page = whole(query.get('page'))
  const limit = whole(query.get('limit'))
  const sensible = limit >= 1 && limit <= limits.page_limit_max
  return {
    page: Math.min(Math.max(page, 1), limits.page_number_max),
    limit: sensible ? limit : limits.list_page_default,
  }
}

const whole = (text: string | null) => (text !== null && /^\+?\d+$/.test(text) ? Number(text) : 0)
