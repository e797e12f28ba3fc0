// What the Security Token Service stands on, and what it puts into tokens.
import type { AccessToken, ClientCredentials } from 'oidc-provider'
import type { Env } from '../../engine/env.ts'
import type { Account, Accounts } from '../../protocols/accounts.ts'
import type { Grants } from '../../protocols/grants.ts'
import { limits } from '../../protocols/limits.ts'
import type { Config } from '../config.ts'
import type { Attempts } from '../identity/attempts.ts'
import type { Keys } from '../identity/keys.ts'

/** All that the Security Token Service stands on. */
export interface StsDoors {
  readonly config: Config
  readonly env: Env
  readonly keys: Keys
  readonly accounts: Accounts
  readonly grants: Grants
  readonly attempts: Attempts
  /** What the front of browsers shows at the token endpoint. */
  readonly bff_secret: string
  readonly isTrusted: (address: string) => boolean
  /** Counts a request of an address: 0 when it may pass, else the milliseconds after which the next one may. */
  readonly count: (address: string) => number
}

/** The API, as the audience of access tokens. */
export const api_resource = 'urn:kilat:api'
/** With `api` in its scope an access token is one that the API takes; without, it is for the userinfo endpoint alone. */
const api_scope = 'api'
export const offered_scopes = ['openid', 'offline_access', 'profile', 'email', 'phone', api_scope]

export const api_server = {
  scope: offered_scopes.join(' '),
  audience: api_resource,
  accessTokenTTL: limits.access_token_seconds,
  accessTokenFormat: 'jwt' as const,
  jwt: { sign: { alg: 'EdDSA' as const } },
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The account, unless it is banned or there is none. */
export async function livingAccount(id: string, accounts: Accounts): Promise<Account | undefined> {
  const account = uuid.test(id) ? await accounts.byId(id) : undefined
  return account?.banned_ms === undefined ? account : undefined
}

/** All that a client may be told of a user; the scope decides which of it. */
export const claimsOf = ({ id, email, full_name, phone, role, is_verified, avatar_url }: Account) => ({
  sub: id,
  name: full_name,
  role,
  email,
  email_verified: is_verified,
  ...(phone === '' ? {} : { phone_number: phone }),
  ...(avatar_url === '' ? {} : { picture: avatar_url }),
})

/** The claims of contract, section 2.1, beside those of the standard. A service's token speaks for no user. */
export async function apiClaims(token: AccessToken | ClientCredentials, accounts: Accounts) {
  if (!('accountId' in token)) return { token_type: 'service' }
  const account = await livingAccount(token.accountId, accounts)
  if (!account) return { token_type: 'none' }
  const { id, email, role } = account
  return { user_id: id, email, role, token_type: token.scopes.has(api_scope) ? 'access' : 'identity' }
}
