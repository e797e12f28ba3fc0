import { limits } from '../../protocols/limits.ts'
import { type Promo, promos } from '../../protocols/offer_tables.ts'
import { isRefusal, reject } from '../../protocols/rejections.ts'
import type { Rows } from '../../protocols/rows.ts'
import { instantOf } from '../../protocols/times.ts'
import { created, ok } from './reply.ts'
import type { Endpoint, HttpDoors } from './request.ts'
import { bodyOf } from './shapes.ts'
import { timeOf } from './times.ts'

export const promoEndpoints = {
  /** `promo.exists` for a code that is taken, in any case of letters. */
  createPromo: async ({ body, by }, { rows, env }) => {
    const wanted = bodyOf('createPromo', body)
    if (isRefusal(wanted)) return wanted
    const [valid_from, valid_until] = [instantOf(wanted.valid_from), instantOf(wanted.valid_until)]
    if (valid_from === undefined || valid_until === undefined)
      return reject('request.malformed', 'valid_from and valid_until must be times as RFC 3339 has them')
    if (valid_until <= valid_from) return reject('request.malformed', 'valid_until must be after valid_from')
    if (wanted.discount_type === 'percentage' && wanted.discount_value > 100)
      return reject('request.malformed', 'discount_value must be a percentage from 1 to 100')
    const promo: Promo = {
      ...wanted,
      id: env.uuid(),
      code: codeOf(wanted.code),
      current_uses: 0,
      valid_from,
      valid_until,
      created_by: by.id,
      created_at: env.now_ms(),
    }
    return (await rows.add(promos, promo)) ? created(promoView(promo)) : reject('promo.exists', '')
  },

  /** Always 200: whether the code would take something off this amount, how much, and otherwise why not. */
  validatePromo: async ({ body }, { rows, env }) => {
    const wanted = bodyOf('validatePromo', body)
    if (isRefusal(wanted)) return wanted
    const code = codeOf(wanted.code)
    const [promo] = await rows.find(promos, { where: { code }, order: [], limit: 1 })
    const message = flawOf(promo, wanted.amount_cents, env.now_ms())
    if (!promo || message) return ok({ valid: false, code, discount_cents: 0, message })
    return ok({ valid: true, code, discount_cents: discountOf(promo, wanted.amount_cents) })
  },

  activePromos: async (_request, { rows, env }: HttpDoors) => ok(await active(rows, env.now_ms())),
} satisfies Record<string, Endpoint>

const codeOf = (code: string) => code.trim().toUpperCase()

/** Why a code takes nothing off; undefined when it does. */
function flawOf(promo: Promo | undefined, amount_cents: number, now_ms: number): string | undefined {
  if (!promo) return 'the code is unknown'
  if (now_ms < promo.valid_from || now_ms >= promo.valid_until) return 'the code is not valid now'
  if (promo.max_uses > 0 && promo.current_uses >= promo.max_uses) return 'the code is used up'
  return amount_cents < promo.min_amount_cents ? 'the amount is below the minimum' : undefined
}

/** Sen, cut off; capped by `max_discount_cents` when it is not 0, and by the amount. Contract, section 5.7. */
function discountOf({ discount_type, discount_value, max_discount_cents }: Promo, amount_cents: number) {
  const plain = discount_type === 'fixed' ? discount_value : Math.floor((amount_cents * discount_value) / 100)
  return Math.min(plain, amount_cents, max_discount_cents > 0 ? max_discount_cents : plain)
}

async function active(rows: Rows, now_ms: number): Promise<readonly object[]> {
  const far_ms = Date.UTC(9999, 0)
  const where = { valid_from: { from: 0, to: now_ms }, valid_until: { from: now_ms + 1, to: far_ms } }
  const order = [['valid_until', 'up']] as const
  const found = await rows.find(promos, { where, order, limit: limits.promos_listed_max })
  return found.map(promoView)
}

const promoView = ({ created_by: _by, ...promo }: Promo) => ({
  ...promo,
  valid_from: timeOf(promo.valid_from),
  valid_until: timeOf(promo.valid_until),
  created_at: timeOf(promo.created_at),
})
