// A person's REST client: logs in, refreshes in single flight, and tries again what may pass, with the same idempotency key.
import { limits } from '../../protocols/limits.ts'
import type { Problem } from '../../protocols/socket.ts'
import type { ClientEnv } from './link.ts'
import { Refused, Unanswered } from './pending_commands.ts'

export interface Session {
  readonly access_token: string
  readonly refresh_token: string
  readonly user: { readonly id: string; readonly email: string; readonly role: string }
}

export interface HttpClientOptions {
  /** Like `http://127.0.0.1:8080`. */
  readonly base_url: string
  readonly env: ClientEnv
  readonly fetch?: typeof fetch
}

export interface Call {
  readonly body?: object
  readonly query?: Readonly<Record<string, string | number>>
  /** Names the call, so that a repeat is the same one; minted where it is absent. */
  readonly key?: string
}

export interface Reply<Data = unknown> {
  readonly status: number
  readonly data: Data
}

export class HttpClient {
  readonly #base_url: string
  readonly #env: ClientEnv
  readonly #fetch: typeof fetch
  #session: Session | undefined
  #refreshing: Promise<void> | undefined

  constructor({ base_url, env, fetch: using = fetch }: HttpClientOptions) {
    this.#base_url = base_url
    this.#env = env
    this.#fetch = using
  }

  get user(): Session['user'] | undefined {
    return this.#session?.user
  }

  /** Rejects with `Refused`. */
  async login(email: string, password: string): Promise<Session> {
    return this.#enter('/api/v1/auth/login', { email, password })
  }

  /** Creates the account and enters it. Rejects with `Refused`. */
  async register(account: {
    readonly email: string
    readonly password: string
    readonly full_name: string
    readonly role: string
    readonly phone?: string
  }): Promise<Session> {
    return this.#enter('/api/v1/auth/register', account)
  }

  /** The access token, for sockets. `fresh` asks for a newer one than the last. */
  readonly token = async (fresh = false): Promise<string> => {
    if (fresh) await this.#refresh()
    if (!this.#session) throw new Unanswered('nobody is logged in')
    return this.#session.access_token
  }

  get<Data = object>(path: string, query?: Call['query']): Promise<Reply<Data>> {
    return this.request<Data>('GET', path, query ? { query } : {})
  }

  post<Data = object>(path: string, body?: object, key?: string): Promise<Reply<Data>> {
    return this.request<Data>('POST', path, { ...(body ? { body } : {}), ...(key ? { key } : {}) })
  }

  /**
   * Resolves with `data` of the envelope, or the whole body where there is none. Rejects with `Refused` once the
   * server has said no for good, or with `Unanswered` when it could not be reached, or had no time, often enough.
   */
  async request<Data = object>(method: string, path: string, call: Call = {}): Promise<Reply<Data>> {
    const key = call.key ?? this.#env.uuid()
    let refreshed = false
    for (let attempt = 0; ; attempt++) {
      const used = this.#session?.access_token
      const outcome = await this.#once<Data>(method, path, call, key)
      if ('data' in outcome) return outcome
      const { problem } = outcome
      if (problem.status === 401 && used !== undefined && !refreshed) {
        refreshed = true
        await this.#refreshFrom(used)
      } else if (passes(problem) && attempt < limits.client_retries_max)
        await this.#wait(problem.retry_after_ms, attempt)
      else throw failure(problem)
    }
  }

  async #once<Data>(
    method: string,
    path: string,
    { body, query }: Call,
    key: string,
  ): Promise<Reply<Data> | { problem: Problem }> {
    const search = searchOf(query)
    const headers: Record<string, string> = {}
    if (body) headers['content-type'] = 'application/json'
    if (this.#session) headers.authorization = `Bearer ${this.#session.access_token}`
    if (method !== 'GET') headers['idempotency-key'] = key
    try {
      const response = await this.#fetch(`${this.#base_url}${path}${search}`, {
        method,
        headers,
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
      const text = await response.text()
      const parsed: unknown = text === '' ? {} : JSON.parse(text)
      if (response.ok) return { status: response.status, data: dataOf(parsed) as Data }
      return { problem: { code: '', title: '', detail: '', ...(parsed as object), status: response.status } }
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error)
      return { problem: { code: 'unreachable', status: 0, title: 'No answer', detail } }
    }
  }

  async #enter(path: string, body: object): Promise<Session> {
    const { data } = await this.request<Session>('POST', path, { body })
    this.#session = data
    return data
  }

  /** Another call may have refreshed while this one was under way. */
  async #refreshFrom(used: string): Promise<void> {
    if (this.#session?.access_token === used) await this.#refresh()
  }

  /** One refresh at a time: a refresh token works once. */
  #refresh(): Promise<void> {
    this.#refreshing ??= this.#rotate().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  async #rotate(): Promise<void> {
    const session = this.#session
    if (!session) throw new Unanswered('nobody is logged in')
    for (let attempt = 0; ; attempt++) {
      const body = { refresh_token: session.refresh_token }
      const outcome = await this.#once<Session>('POST', '/api/v1/auth/refresh', { body }, this.#env.uuid())
      if ('data' in outcome) {
        this.#session = { ...session, ...outcome.data }
        return
      }
      if (!passes(outcome.problem) || attempt >= limits.client_retries_max) throw new Refused(outcome.problem)
      await this.#wait(outcome.problem.retry_after_ms, attempt)
    }
  }

  /** What the server asked for, with jitter; else full jitter under a bound that doubles. */
  #wait(retry_after_ms: number | undefined, attempt: number): Promise<void> {
    const bound_ms = Math.min(limits.client_reconnect_max_ms, limits.client_reconnect_first_ms * 2 ** attempt)
    const ms =
      retry_after_ms === undefined
        ? this.#env.random() * bound_ms
        : retry_after_ms * (1 + this.#env.random()) + this.#env.random() * bound_ms
    return new Promise((resolve) => {
      this.#env.after(ms, resolve)
    })
  }
}

/** The server was not reached, has no time, or saw too much from this address. */
const passes = ({ status, code }: Problem): boolean =>
  status === 0 || status === 503 || status === 408 || (status === 429 && code === 'auth.rate_limited')

const dataOf = (body: unknown): unknown =>
  typeof body === 'object' && body !== null && 'data' in body ? body.data : body

const failure = (problem: Problem): Error =>
  problem.status === 0 ? new Unanswered(problem.detail) : new Refused(problem)

function searchOf(query: Call['query']): string {
  if (!query) return ''
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) search.set(name, String(value))
  return `?${search}`
}
