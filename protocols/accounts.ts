import type { Role } from './actor.ts'
import type { Page } from './lists.ts'

/** Who may log in: a PostgreSQL row, not an actor. Times are milliseconds since the epoch. */
export interface Account {
  readonly id: string
  /** Trimmed and in lower case; unique. */
  readonly email: string
  readonly phone: string
  readonly full_name: string
  readonly role: Exclude<Role, 'service'>
  readonly is_verified: boolean
  readonly avatar_url: string
  /** argon2id, PHC string. */
  readonly password_hash: string
  readonly version: number
  readonly created_ms: number
  /** Since when he may not come in; absent for everybody else. */
  readonly banned_ms?: number | undefined
}

/** A refresh token as it is kept: only its SHA-256. All that descend from one login share a family. */
export interface RefreshToken {
  readonly hash: Uint8Array
  readonly family: string
  readonly user_id: string
  readonly expires_ms: number
}

/**
 * `rotated`: the old one is spent and `next` is stored, in one transaction. `grace`: it was spent less than the grace
 * ago (a second browser tab), and `next` is stored too. `reused`: it was spent before that, and its whole family is
 * now revoked.
 */
export type Rotation =
  | { readonly outcome: 'rotated' | 'grace'; readonly account: Account }
  | { readonly outcome: 'reused' | 'revoked' | 'expired' | 'unknown' }

export interface Accounts {
  /** False: the email is taken. */
  create(account: Account): Promise<boolean>
  byEmail(email: string): Promise<Account | undefined>
  byId(id: string): Promise<Account | undefined>
  /** Absent fields stay; version + 1. Undefined: no such account. */
  update(
    id: string,
    change: Partial<Pick<Account, 'full_name' | 'phone' | 'avatar_url'>>,
  ): Promise<Account | undefined>
  storeRefresh(token: RefreshToken): Promise<void>
  rotateRefresh(
    hash: Uint8Array,
    next: Pick<RefreshToken, 'hash' | 'expires_ms'>,
    now_ms: number,
    grace_ms: number,
  ): Promise<Rotation>
  /** Ends every refresh token of a user, and all that the Security Token Service gave out for him. */
  revokeRefresh(user_id: string, now_ms: number): Promise<void>
  /** Keeps him out and ends his tokens as `revokeRefresh` does; a second time changes nothing. Undefined: no such account. */
  ban(id: string, now_ms: number): Promise<Account | undefined>
  /** Who was banned at or after that time: ids, newest first, at most `max`. */
  bannedSince(since_ms: number, max: number): Promise<readonly string[]>
  /** Undefined: no such account. */
  setRole(email: string, role: Account['role']): Promise<Account | undefined>
  /** Newest first; pages count from 1. */
  page(page: number, limit: number): Promise<Page<Account>>
  /** How many accounts have each role; roles without any are left out. */
  countByRole(): Promise<Readonly<Record<string, number>>>
  /** A user has one at most: the newest. */
  putReset(reset: PasswordReset): Promise<void>
  /**
   * Spends a reset and sets the password, in one transaction that also ends the user's tokens. Undefined: it is
   * unknown, spent or expired.
   */
  resetPassword(hash: Uint8Array, password_hash: string, now_ms: number): Promise<Account | undefined>
}

/** A token to set a new password with, as it is kept: only its SHA-256. */
export type PasswordReset = Omit<RefreshToken, 'family'>
