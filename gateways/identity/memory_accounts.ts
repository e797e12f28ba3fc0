import type { Account, Accounts, PasswordReset, RefreshToken, Rotation } from '../../protocols/accounts.ts'
import type { Page } from '../../protocols/lists.ts'

interface Kept extends RefreshToken {
  spent_ms: number | undefined
  revoked: boolean
}

/** A twin of the accounts' tables, for tests of the doors. */
export class MemoryAccounts implements Accounts {
  readonly #accounts = new Map<string, Account>()
  readonly #tokens = new Map<string, Kept>()
  readonly #resets = new Map<string, PasswordReset>()
  /** What else ends with a user's tokens. */
  readonly #onRevoked: (user_id: string) => void

  constructor(onRevoked: (user_id: string) => void = () => {}) {
    this.#onRevoked = onRevoked
  }

  /** Accounts, refresh tokens and resets as they are kept. */
  kept(): unknown {
    return [[...this.#accounts.values()], [...this.#tokens], [...this.#resets]]
  }

  async create(account: Account): Promise<boolean> {
    if ([...this.#accounts.values()].some(({ email }) => email === account.email)) return false
    this.#accounts.set(account.id, account)
    return true
  }

  async byEmail(email: string): Promise<Account | undefined> {
    return [...this.#accounts.values()].find((account) => account.email === email)
  }

  async byId(id: string): Promise<Account | undefined> {
    return this.#accounts.get(id)
  }

  async update(id: string, change: Partial<Account>): Promise<Account | undefined> {
    const account = this.#accounts.get(id)
    if (!account) return undefined
    const changed = { ...account, ...change, version: account.version + 1 }
    this.#accounts.set(id, changed)
    return changed
  }

  async storeRefresh(token: RefreshToken): Promise<void> {
    this.#tokens.set(hex(token.hash), { ...token, spent_ms: undefined, revoked: false })
  }

  async rotateRefresh(
    hash: Uint8Array,
    next: Pick<RefreshToken, 'hash' | 'expires_ms'>,
    now_ms: number,
    grace_ms: number,
  ): Promise<Rotation> {
    const kept = this.#tokens.get(hex(hash))
    const account = kept && this.#accounts.get(kept.user_id)
    if (!kept || !account) return { outcome: 'unknown' }
    if (account.banned_ms !== undefined) return { outcome: 'revoked' }
    const refused = this.#refusal(kept, now_ms, grace_ms)
    if (refused) return refused
    const outcome = kept.spent_ms === undefined ? 'rotated' : 'grace'
    kept.spent_ms ??= now_ms
    await this.storeRefresh({ family: kept.family, user_id: kept.user_id, ...next })
    return { outcome, account }
  }

  async revokeRefresh(user_id: string): Promise<void> {
    for (const token of this.#tokens.values()) if (token.user_id === user_id) token.revoked = true
    this.#onRevoked(user_id)
  }

  async ban(id: string, now_ms: number): Promise<Account | undefined> {
    const account = this.#accounts.get(id)
    if (!account) return undefined
    await this.revokeRefresh(id)
    return this.update(id, { banned_ms: account.banned_ms ?? now_ms })
  }

  async bannedSince(since_ms: number, max: number): Promise<readonly string[]> {
    return [...this.#accounts.values()]
      .filter(({ banned_ms = 0 }) => banned_ms >= since_ms)
      .sort((one, other) => (other.banned_ms ?? 0) - (one.banned_ms ?? 0))
      .slice(0, max)
      .map(({ id }) => id)
  }

  async setRole(email: string, role: Account['role']): Promise<Account | undefined> {
    const account = await this.byEmail(email)
    return account && this.update(account.id, { role })
  }

  async page(page: number, limit: number): Promise<Page<Account>> {
    const all = [...this.#accounts.values()].sort(
      (one, other) => other.created_ms - one.created_ms || (one.id < other.id ? 1 : -1),
    )
    return { items: all.slice((page - 1) * limit, page * limit), total: all.length }
  }

  async countByRole(): Promise<Readonly<Record<string, number>>> {
    const counts: Record<string, number> = {}
    for (const { role } of this.#accounts.values()) counts[role] = (counts[role] ?? 0) + 1
    return counts
  }

  async putReset(reset: PasswordReset): Promise<void> {
    for (const [key, { user_id }] of this.#resets) if (user_id === reset.user_id) this.#resets.delete(key)
    this.#resets.set(hex(reset.hash), reset)
  }

  async resetPassword(hash: Uint8Array, password_hash: string, now_ms: number): Promise<Account | undefined> {
    const reset = this.#resets.get(hex(hash))
    this.#resets.delete(hex(hash))
    if (!reset || reset.expires_ms <= now_ms) return undefined
    await this.revokeRefresh(reset.user_id)
    return this.update(reset.user_id, { password_hash })
  }

  #refusal(kept: Kept, now_ms: number, grace_ms: number): Rotation | undefined {
    if (kept.revoked) return { outcome: 'revoked' }
    if (kept.expires_ms <= now_ms) return { outcome: 'expired' }
    if (kept.spent_ms === undefined || now_ms - kept.spent_ms < grace_ms) return undefined
    for (const other of this.#tokens.values()) if (other.family === kept.family) other.revoked = true
    return { outcome: 'reused' }
  }
}

const hex = (hash: Uint8Array) => Buffer.from(hash).toString('hex')
