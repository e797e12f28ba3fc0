// A Security Token Service on a free port, in front of twins; and a browser that keeps cookies and follows addresses by itself.
import { systemEnv } from '../../engine/system_env.ts'
import { freePort } from '../../persistence/embedded/free_port.ts'
import type { Account } from '../../protocols/accounts.ts'
import { openTables } from '../http/shared.ts'
import { accountOf, test_config } from '../http/testing.ts'
import { Attempts } from '../identity/attempts.ts'
import { freshKeys, type KeyRing } from '../identity/keys.ts'
import { MemoryAccounts } from '../identity/memory_accounts.ts'
import { hashPassword } from '../identity/passwords.ts'
import { MemoryGrants } from './memory_grants.ts'
import { startSts } from './server.ts'

export const password = 'correct horse'
export const redirect_uri = 'http://127.0.0.1:9/callback'
export const clients = [
  {
    client_id: 'phone',
    client_name: 'A phone & <co>',
    token_endpoint_auth_method: 'none',
    redirect_uris: [redirect_uri],
    post_logout_redirect_uris: ['http://127.0.0.1:9/bye'],
    grant_types: ['authorization_code', 'refresh_token'],
    application_type: 'native',
  },
  {
    client_id: 'reports',
    client_secret: 'reports-secret-of-some-length',
    redirect_uris: [],
    response_types: [],
    grant_types: ['client_credentials'],
  },
]

/** Keys that a test may change. */
export async function changingKeys(): Promise<KeyRing & { change(): Promise<void> }> {
  let keys = await freshKeys()
  const old: (typeof keys)[] = []
  const listeners: (() => void)[] = []
  return {
    get kid() {
      return keys.kid
    },
    get signing() {
      return keys.signing
    },
    get jwks() {
      return keys.jwks
    },
    get resolve() {
      return keys.resolve
    },
    get secret() {
      return keys.secret
    },
    onChange: (call) => void listeners.push(call),
    stop: () => {},
    async change() {
      old.push(keys)
      keys = await freshKeys(old.flatMap(({ secret }) => secret))
      for (const call of listeners) call()
    },
  }
}

/** Everything in memory but the listener. Its issuer is its own address. */
export async function startTestSts(account_role: Account['role'] = 'owner') {
  const env = { ...systemEnv('error'), log: () => {} }
  const grants = new MemoryGrants()
  const accounts = new MemoryAccounts((user_id) => grants.revokeAccount(user_id))
  const port = await freePort()
  const config = {
    ...test_config,
    sts_port: port,
    sts_issuer: `http://127.0.0.1:${port}`,
    sts_clients: JSON.stringify(clients),
  }
  const password_hash = await hashPassword(password)
  if (typeof password_hash !== 'string') throw new Error(password_hash.detail)
  const account = {
    ...accountOf({ id: env.uuid(), role: account_role }),
    email: 'mina@kilat.test',
    password_hash,
  }
  await accounts.create(account)
  const keys = await changingKeys()
  const attempts = new Attempts(openTables().attempts)
  const bff_secret = 'a-secret-of-the-test'
  const waits: number[] = []
  const doors = {
    config,
    env,
    keys,
    accounts,
    grants,
    attempts,
    bff_secret,
    isTrusted: () => false,
    count: () => waits.pop() ?? 0,
  }
  const sts = await startSts(doors, port)
  return { ...doors, waits, account, issuer: config.sts_issuer, close: () => sts.close() }
}

export type TestSts = Awaited<ReturnType<typeof startTestSts>>

export interface Seen {
  readonly status: number
  readonly text: string
  readonly headers: Headers
  /** Where it would go next; '' where it stays. */
  readonly location: string
}

/** A browser without eyes: it keeps cookies by name and path, and goes only where it is told. */
export class Browser {
  readonly #origin: string
  readonly #cookies = new Map<string, { value: string; path: string }>()

  constructor(origin: string) {
    this.#origin = origin
  }

  async go(path: string, form?: Readonly<Record<string, string>>): Promise<Seen> {
    const url = new URL(path, this.#origin)
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: this.#cookieFor(url.pathname) },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
    this.#keep(response)
    const next = response.headers.get('location')
    return {
      status: response.status,
      text: await response.text(),
      headers: response.headers,
      location: next === null ? '' : new URL(next, this.#origin).href,
    }
  }

  /** Goes on as long as it is sent on within the service. */
  async follow(path: string, form?: Readonly<Record<string, string>>): Promise<Seen> {
    let seen = await this.go(path, form)
    while (seen.location.startsWith(this.#origin)) seen = await this.go(seen.location)
    return seen
  }

  #keep(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(/; */)
      const [name = '', value = ''] = pair.split(/=(.*)/s)
      const path = attributes.find((each) => /^path=/i.test(each))?.slice(5) ?? '/'
      if (value === '') this.#cookies.delete(`${name} ${path}`)
      else this.#cookies.set(`${name} ${path}`, { value, path })
    }
  }

  #cookieFor(pathname: string): string {
    return [...this.#cookies]
      .filter(([, { path }]) => pathname.startsWith(path))
      .sort(([, one], [, other]) => other.path.length - one.path.length)
      .map(([key, { value }]) => `${key.split(' ')[0]}=${value}`)
      .join('; ')
  }
}

/** Field of a page's form by its name. */
export const fieldOf = (html: string, name: string): string =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''
/** Where a page's form goes. */
export const actionOf = (html: string): string => /action="([^"]*)"/.exec(html)?.[1] ?? ''
