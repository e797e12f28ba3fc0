import type { Env } from '../../engine/env.ts'
import type { Account, Accounts } from '../../protocols/accounts.ts'
import { isRefusal, type Rejection, reject } from '../../protocols/rejections.ts'
import type { Attempts } from './attempts.ts'
import { verifyPassword } from './passwords.ts'

export interface Credentials {
  /** As it was typed. */
  readonly email: string
  readonly password: string
  /** Where the try comes from; '' for an address that no limit counts. */
  readonly address: string
}

export interface LoginDoors {
  readonly accounts: Accounts
  readonly attempts: Attempts
  readonly env: Env
}

/**
 * Who logs in, at whatever door. `auth.bad_credentials`, the same and as slow for an unknown user as for a wrong
 * password; `auth.rate_limited` after too many of them; `account.banned`, only for who knows the password;
 * `overloaded`.
 */
export async function logIn(
  { email, password, address }: Credentials,
  { accounts, attempts, env }: LoginDoors,
): Promise<Account | Rejection> {
  const known_as = emailOf(email)
  const attempt = attempts.login(known_as, address, env.now_ms())
  if (isRefusal(attempt)) return attempt
  const account = await accounts.byEmail(known_as)
  const right = await verifyPassword(account?.password_hash, password)
  if (isRefusal(right)) return right
  if (!right || !account) return reject('auth.bad_credentials', '')
  attempt.succeeded()
  if (account.banned_ms !== undefined) return reject('account.banned', '')
  return account
}

/** The parts of an email share no letter, so a long text that is none is refused in one pass. */
export const email_shape = /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/

/** An email as accounts have it. */
export const emailOf = (text: string): string => text.trim().toLowerCase()
