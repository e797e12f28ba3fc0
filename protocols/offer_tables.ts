/** Promo codes, subscriptions, referrals and applications of future runners. Amounts are sen. */
import type { Table } from './rows.ts'

export interface Promo {
  readonly id: string
  /** Trimmed, in upper case. */
  readonly code: string
  readonly discount_type: 'percentage' | 'fixed'
  readonly discount_value: number
  readonly min_amount_cents: number
  /** 0: no cap. */
  readonly max_discount_cents: number
  /** 0: no limit. */
  readonly max_uses: number
  readonly current_uses: number
  readonly valid_from: number
  readonly valid_until: number
  readonly created_by: string
  readonly created_at: number
}

export const promos: Table<Promo> = {
  name: 'promos',
  columns: {
    id: 'uuid',
    code: 'text',
    discount_type: 'text',
    discount_value: 'integer',
    min_amount_cents: 'integer',
    max_discount_cents: 'integer',
    max_uses: 'integer',
    current_uses: 'integer',
    valid_from: 'time',
    valid_until: 'time',
    created_by: 'uuid',
    created_at: 'time',
  },
  unique: [['code']],
}

export interface Subscription {
  readonly id: string
  readonly user_id: string
  readonly plan: string
  readonly price_cents: number
  readonly started_at: number
  readonly expires_at: number
  readonly status: 'active' | 'cancelled'
  /** The user's id while it is active, else its own: one user has one active subscription. */
  readonly active_key: string
  readonly auto_renew: boolean
  readonly created_at: number
}

export const subscriptions: Table<Subscription> = {
  name: 'subscriptions',
  columns: {
    id: 'uuid',
    user_id: 'uuid',
    plan: 'text',
    price_cents: 'integer',
    started_at: 'time',
    expires_at: 'time',
    status: 'text',
    active_key: 'uuid',
    auto_renew: 'boolean',
    created_at: 'time',
  },
  unique: [['active_key']],
}

/** The id is the user's. */
export interface ReferralCode {
  readonly id: string
  readonly code: string
}

export const referral_codes: Table<ReferralCode> = {
  name: 'user_referral_codes',
  columns: { id: 'uuid', code: 'text' },
  unique: [['code']],
}

export interface Referral {
  readonly id: string
  readonly referrer_id: string
  readonly referee_id: string
  readonly reward_amount_cents: number
  readonly referrer_credited: boolean
  readonly referee_credited: boolean
  readonly created_at: number
}

export const referrals: Table<Referral> = {
  name: 'referrals',
  columns: {
    id: 'uuid',
    referrer_id: 'uuid',
    referee_id: 'uuid',
    reward_amount_cents: 'integer',
    referrer_credited: 'boolean',
    referee_credited: 'boolean',
    created_at: 'time',
  },
  unique: [['referee_id']],
}

export interface Application {
  readonly id: string
  /** `KR-<year>-<5 digits>`. */
  readonly number: string
  readonly name: string
  readonly phone: string
  readonly ic_number: string
  readonly plate_number: string
  readonly vehicle_type: string
  readonly pet_experience: readonly string[]
  readonly comfortable_with_live_pets: boolean
  readonly status: 'pending_review'
  readonly submitted_at: number
}

export const applications: Table<Application> = {
  name: 'runner_applications',
  columns: {
    id: 'uuid',
    number: 'text',
    name: 'text',
    phone: 'text',
    ic_number: 'text',
    plate_number: 'text',
    vehicle_type: 'text',
    pet_experience: 'json',
    comfortable_with_live_pets: 'boolean',
    status: 'text',
    submitted_at: 'time',
  },
  unique: [['ic_number'], ['number']],
}
