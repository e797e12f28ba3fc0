import { systemEnv } from '../engine/system_env.ts'
import { type Keys, loadKeys } from '../gateways/identity/keys.ts'
import { accessToken } from '../gateways/identity/tokens.ts'
import type { Account } from '../protocols/accounts.ts'

/** Signs access tokens with the keys of an engine's data folder, so that a load need not log in first. */
export class Mint {
  readonly #keys: Keys
  readonly #issuer: string
  readonly #env = systemEnv('error')

  private constructor(keys: Keys, issuer: string) {
    this.#keys = keys
    this.#issuer = issuer
  }

  static async open(data_dir: string, issuer: string): Promise<Mint> {
    return new Mint(await loadKeys(undefined, data_dir), issuer)
  }

  token(id: string, role: Account['role'], env = this.#env): Promise<string> {
    const account: Account = {
      id,
      email: `${id}@bench.invalid`,
      phone: '',
      full_name: 'Bench',
      role,
      is_verified: true,
      avatar_url: '',
      password_hash: '',
      version: 1,
      created_ms: 0,
    }
    return accessToken(account, this.#keys, this.#issuer, env)
  }
}
