// Accounts for demos and loads, made without going through the doors' limits. All share one password, so never for a real deployment.
import type { Env } from '../../engine/env.ts'
import type { Account, Accounts } from '../../protocols/accounts.ts'
import { limits } from '../../protocols/limits.ts'
import { hashPassword } from './passwords.ts'

/** The password of every seeded account: the README of one of the apps names it. */
export const seed_password = 'TestRunner123!'
/** An app without a registration screen logs in as this runner, who has a profile. */
const known_runner = 'runner.test@kilat.my'

export interface SeedCounts {
  readonly owners: number
  readonly runners: number
}

/** What makes a runner of an account: his profile and a crate. Called again for one who has both, it changes nothing. */
export type Profile = (runner: Account) => Promise<void>

export interface Seeded {
  readonly owners: readonly Account[]
  readonly runners: readonly Account[]
}

/**
 * Owners `owner-0001@kilat.test` and so on, runners alike and `runner.test@kilat.my`, all verified, each runner with
 * what `profile` gives him. Those who are there already are taken as they are. Rejects with a Fault.
 */
export async function seedAccounts(
  accounts: Accounts,
  profile: Profile,
  { owners, runners }: SeedCounts,
  env: Env,
): Promise<Seeded> {
  const hash = await hashPassword(seed_password)
  if (typeof hash !== 'string') throw new Error(hash.detail)
  const settle = (emails: readonly string[], role: 'owner' | 'runner') =>
    inBatches(emails, (email) => settled(accounts, { ...template(env, hash), email, role }))
  const seeded = {
    owners: await settle(emailsOf('owner', owners), 'owner'),
    runners: await settle([known_runner, ...emailsOf('runner', runners)], 'runner'),
  }
  await inBatches(seeded.runners, profile)
  return seeded
}

const emailsOf = (role: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${role}-${String(index + 1).padStart(4, '0')}@kilat.test`)

const template = (env: Env, password_hash: string) => ({
  id: env.uuid(),
  phone: '+60123456789',
  full_name: 'Kilat Demo',
  is_verified: true,
  avatar_url: '',
  password_hash,
  version: 1,
  created_ms: env.now_ms(),
})

async function settled(accounts: Accounts, account: Account): Promise<Account> {
  if (await accounts.create(account)) return account
  const known = await accounts.byEmail(account.email)
  if (!known) throw new Error(`${account.email} is taken and not there`)
  return known
}

async function inBatches<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>) {
  const results: Result[] = []
  for (let start = 0; start < items.length; start += limits.seed_batch)
    results.push(...(await Promise.all(items.slice(start, start + limits.seed_batch).map(work))))
  return results
}
