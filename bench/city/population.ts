import { randomUUID } from 'node:crypto'
import { systemEnv } from '../../engine/system_env.ts'
import type { Keys } from '../../gateways/identity/keys.ts'
import { accessToken } from '../../gateways/identity/tokens.ts'
import type { Account, Accounts } from '../../protocols/accounts.ts'

const token_life_ms = 10 * 60_000
/** No password has this hash: nobody logs in as one of the city's people. */
const no_password =
  '$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5$bm9ib2R5bm9ib2R5bm9ib2R5bm9ib2R5bm9ib2R5bm8'

export interface Identity {
  readonly keys: Keys
  readonly issuer: string
  /** The clock that tokens are dated by; this machine's without it. */
  readonly now_ms?: () => number
}

/** A person with an account, who mints his own access tokens. */
export class Citizen {
  readonly id: string
  readonly #account: Account
  readonly #identity: Identity
  #token: Promise<string> | undefined
  #minted_ms = 0

  constructor(account: Account, identity: Identity) {
    this.id = account.id
    this.#account = account
    this.#identity = identity
  }

  readonly token = (fresh: boolean): Promise<string> => {
    const { keys, issuer, now_ms: clock = environment.now_ms } = this.#identity
    const now_ms = clock()
    if (fresh || !this.#token || Math.abs(now_ms - this.#minted_ms) > token_life_ms) {
      this.#minted_ms = now_ms
      this.#token = accessToken(this.#account, keys, issuer, { ...environment, now_ms: clock })
    }
    return this.#token
  }
}

const environment = systemEnv('error')

/** People of one role with accounts in the database: `run` tells those of one city from those of another. */
export async function settle(
  accounts: Accounts,
  identity: Identity,
  role: 'owner' | 'runner' | 'admin',
  count: number,
  run: string,
): Promise<readonly Citizen[]> {
  const citizens: Citizen[] = []
  await together(8, count, async (index) => {
    const account: Account = {
      id: randomUUID(),
      email: `${role}-${index}-${run}@city.example`,
      phone: '+60123456789',
      full_name: `${role} ${index}`,
      role,
      is_verified: true,
      avatar_url: '',
      password_hash: no_password,
      version: 1,
      created_ms: Date.now(),
    }
    if (!(await accounts.create(account))) throw new Error(`${account.email} is taken`)
    citizens.push(new Citizen(account, identity))
  })
  return citizens
}

/** Does something for 0 to count - 1, `width` of them at a time. */
export async function together(
  width: number,
  count: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane))
}
