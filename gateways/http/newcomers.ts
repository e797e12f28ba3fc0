// How people come to us: referral codes, and the form of those who want to be runners.
import { randomBytes } from 'node:crypto'
import { limits } from '../../protocols/limits.ts'
import { applications, referral_codes, referrals } from '../../protocols/offer_tables.ts'
import { isRefusal, reject } from '../../protocols/rejections.ts'
import type { Rows } from '../../protocols/rows.ts'
import { created, ok } from './reply.ts'
import type { Endpoint, PublicEndpoint } from './request.ts'
import { bodyOf } from './shapes.ts'
import { timeOf } from './times.ts'

export const referralEndpoints = {
  referralCode: async ({ by }, { rows }) => ok({ referral_code: await codeOf(rows, by.id) }),

  referrals: async ({ by }, { rows }) => {
    const where = { referrer_id: by.id }
    const order = [['created_at', 'down']] as const
    const [referral_code, found, total_referrals] = await Promise.all([
      codeOf(rows, by.id),
      rows.find(referrals, { where, order, limit: limits.referrals_listed_max }),
      rows.count(referrals, where),
    ])
    const list = found.map(({ referrer_id: _id, ...each }) => ({
      ...each,
      created_at: timeOf(each.created_at),
    }))
    return ok({ referral_code, total_referrals, referrals: list })
  },
} satisfies Record<string, Endpoint>

/** The user's code, made at its first use: `REF-` and 8 hex digits, tried again in the rare case that it is taken. */
async function codeOf(rows: Rows, user_id: string): Promise<string> {
  const where = { id: user_id }
  for (let tries = 0; tries < limits.application_number_tries_max; tries++) {
    const [known] = await rows.find(referral_codes, { where, order: [], limit: 1 })
    if (known) return known.code
    await rows.add(referral_codes, { id: user_id, code: `REF-${randomBytes(4).toString('hex')}` })
  }
  throw new Error('no free referral code was found')
}

export const openNewcomerEndpoints = {
  /** `application.exists` for an IC number that has applied. */
  apply: async ({ body }, { rows, env }) => {
    const wanted = bodyOf('apply', body)
    if (isRefusal(wanted)) return wanted
    const ic_number = wanted.icNumber.replace(/[\s-]/g, '')
    if ((await rows.count(applications, { ic_number })) > 0) return reject('application.exists', '')
    const submitted_at = env.now_ms()
    const year = new Date(submitted_at).getUTCFullYear()
    const this_year = { from: Date.UTC(year, 0), to: Date.UTC(year + 1, 0) - 1 }
    const before = await rows.count(applications, { submitted_at: this_year })
    // Others may apply meanwhile: the number that is taken is passed over.
    for (let next = 1; next <= limits.application_number_tries_max; next++) {
      const number = `KR-${year}-${String(before + next).padStart(5, '0')}`
      const added = await rows.add(applications, {
        id: env.uuid(),
        number,
        name: wanted.name,
        phone: wanted.phone,
        ic_number,
        plate_number: wanted.plateNumber,
        vehicle_type: wanted.vehicleType,
        pet_experience: wanted.petExperience,
        comfortable_with_live_pets: wanted.comfortableWithLivePets,
        status: 'pending_review',
        submitted_at,
      })
      if (added) return created({ applicationId: number })
      if ((await rows.count(applications, { ic_number })) > 0) return reject('application.exists', '')
    }
    return reject('unavailable', 'too many people apply at once')
  },
} satisfies Record<string, PublicEndpoint>
