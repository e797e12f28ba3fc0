// Pushes to phones: Firebase Cloud Messaging HTTP v1, with a service account's signed assertion (RFC 7523).
import { type CryptoKey, importPKCS8, SignJWT } from 'jose'
import { type Static, Type } from 'typebox'
import { Check } from 'typebox/value'
import type { Env } from '../../engine/env.ts'
import { Fault } from '../../engine/ports.ts'
import { limits } from '../../protocols/limits.ts'
import type { Pusher, PushMessage } from './pusher.ts'

const Account = Type.Object({
  project_id: Type.String({ minLength: 1 }),
  client_email: Type.String({ minLength: 1 }),
  private_key: Type.String({ minLength: 1 }),
  token_uri: Type.String({ pattern: '^https?://' }),
})
type Account = Static<typeof Account>

const scope = 'https://www.googleapis.com/auth/firebase.messaging'
const service = 'https://fcm.googleapis.com'

/**
 * `account_json` is the key file of a service account. Throws, without any of its text, when it is none. `base_url` is
 * Google's unless a test says otherwise.
 */
export async function fcmPusher(account_json: string, env: Env, base_url = service): Promise<Pusher> {
  const account = accountOf(account_json)
  const key = await importPKCS8(account.private_key, 'RS256').catch(() => {
    throw new Error('FCM_SERVICE_ACCOUNT: its private_key is no PKCS #8 key')
  })
  const tokens = new Tokens(account, key, env)
  const url = `${base_url}/v1/projects/${encodeURIComponent(account.project_id)}/messages:send`
  return {
    async push({ token }, message) {
      const response = await called(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${await tokens.current()}`, 'content-type': 'application/json' },
        body: JSON.stringify(bodyOf(token, message)),
      })
      if (response.ok) return 'taken'
      if (await isGone(response)) return 'gone'
      if (response.status === 401) tokens.drop()
      throw new Fault(`FCM answered ${response.status}`, { retry: true })
    },
  }
}

function accountOf(text: string): Account {
  let account: unknown
  try {
    account = JSON.parse(text)
  } catch {
    throw new Error('FCM_SERVICE_ACCOUNT: it is not JSON')
  }
  if (!Check(Account, account)) throw new Error('FCM_SERVICE_ACCOUNT: it is not the key of a service account')
  return account
}

function bodyOf(token: string, { title, body, ...data }: PushMessage) {
  const android = { priority: 'HIGH', ttl: `${limits.push_life_seconds}s` }
  return { message: { token, notification: { title, body }, data, android } }
}

/** UNREGISTERED comes as 404; a token that is none as 400 INVALID_ARGUMENT; one of another sender as 403. */
async function isGone(response: Response): Promise<boolean> {
  const told = await response.text()
  if (response.status === 404) return true
  if (response.status === 403) return told.includes('SENDER_ID_MISMATCH')
  return response.status === 400 && told.includes('INVALID_ARGUMENT')
}

/** Google's access token, fetched once for as long as it lives. */
class Tokens {
  readonly #account: Account
  readonly #key: CryptoKey
  readonly #env: Env
  #token: Promise<string> | undefined
  #ends_ms = 0

  constructor(account: Account, key: CryptoKey, env: Env) {
    this.#account = account
    this.#key = key
    this.#env = env
  }

  current(): Promise<string> {
    if (this.#token && this.#env.now_ms() < this.#ends_ms) return this.#token
    this.#ends_ms = Number.POSITIVE_INFINITY
    const fetching = this.#fetch()
    this.#token = fetching
    fetching.catch(() => this.drop())
    return fetching
  }

  drop(): void {
    this.#token = undefined
  }

  async #fetch(): Promise<string> {
    const now_s = Math.floor(this.#env.now_ms() / 1_000)
    const { client_email, token_uri } = this.#account
    const assertion = await new SignJWT({ scope })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
      .setIssuer(client_email)
      .setAudience(token_uri)
      .setIssuedAt(now_s)
      .setExpirationTime(now_s + 3_600)
      .sign(this.#key)
    const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
    const response = await called(token_uri, {
      method: 'POST',
      body: new URLSearchParams({ grant_type, assertion }),
    })
    if (!response.ok) throw new Fault(`no token for FCM: ${response.status}`, { retry: true })
    const { access_token, expires_in } = (await response.json()) as Record<string, unknown>
    if (typeof access_token !== 'string') throw new Fault('no token for FCM in the answer', { retry: true })
    this.#ends_ms = this.#env.now_ms() + Number(expires_in ?? 0) * 1_000 - limits.push_token_margin_ms
    return access_token
  }
}

async function called(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, {
      ...init,
      redirect: 'error',
      signal: AbortSignal.timeout(limits.push_timeout_ms),
    })
  } catch (cause) {
    throw new Fault('FCM could not be reached', { retry: true, cause })
  }
}
