import type { Account, Accounts, RefreshToken, Rotation } from '../../protocols/accounts.ts'

interface Kept extends RefreshToken {
  spent_ms: number | undefined
  revoked: boolean
}

/** A twin of the accounts' tables, for tests of the doors. */
export class MemoryAccounts implements Accounts {
  readonly #accounts = new Map<string, Account>()
  readonly #tokens = new Map<string, Kept>()

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
    const refused = this.#refusal(kept, now_ms, grace_ms)
    if (refused) return refused
    const outcome = kept.spent_ms === undefined ? 'rotated' : 'grace'
    kept.spent_ms ??= now_ms
    await this.storeRefresh({ family: kept.family, user_id: kept.user_id, ...next })
    return { outcome, account }
  }

  async revokeRefresh(user_id: string): Promise<void> {
    for (const token of this.#tokens.values()) if (token.user_id === user_id) token.revoked = true
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
