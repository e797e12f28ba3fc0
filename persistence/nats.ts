/** One connection to NATS: found again whenever it is lost, and never a place where requests wait for it. */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { type ConnectionOptions, checkServerIdentity as checkIdentity, type PeerCertificate } from 'node:tls'
import type { Authenticator, Msg, MsgHdrs, NatsConnection, TlsOptions } from '@nats-io/nats-core'
import { credsAuthenticator, errors, headers, nkeyAuthenticator } from '@nats-io/nats-core'
import { connect } from '@nats-io/transport-node'
import type { Env } from '../engine/env.ts'
import { Fault } from '../engine/ports.ts'
import { limits } from '../protocols/limits.ts'
import { tlsFlaw } from './nats_diagnosis.ts'

export interface NatsOptions {
  readonly url: string
  /** Shown on the server's monitor pages. */
  readonly name: string
  readonly env: Env
}

export interface Inbox {
  /** Where replies are to be sent. */
  readonly reply: string
  close(): void
}

export interface RequestOptions {
  readonly timeout_ms?: number
  readonly headers?: MsgHdrs
}

/** What the drivers use of a connection: production's is `NatsLink`, the simulation has one of its own. */
export interface Link {
  readonly env: Env
  readonly connected: boolean
  /** Calls back when the connection is lost and when it is there again, until the returned function is called. */
  onChange(call: (connected: boolean) => void): () => void
  /** A subject of our own whose messages go to `call`, which is told `undefined` when the connection is lost. */
  inbox(call: (msg: Msg | undefined) => void): Inbox
  /** Messages of a subject or pattern go to `call` until the returned function is called. */
  listen(subject: string, call: (msg: Msg) => void): () => void
  /** One message, one answer. Ends in a Fault (`retry: true`) when there is none in time, and the outcome is unknown. */
  request(subject: string, payload: Uint8Array | string, options?: RequestOptions): Promise<Msg>
  /** Sends now, or throws a Fault. */
  send(subject: string, payload: Uint8Array | string, reply: string, fields?: MsgHdrs): void
}

/**
 * Connects, or rejects with a Fault after `limits.nats_connect_ms` (`retry: false` when the server refuses who we are,
 * or is not who we think); from then on it reconnects without end, with a bounded back-off.
 */
export async function connectNats({ url, name, env }: NatsOptions): Promise<NatsLink> {
  const back_off: { ms: number } = { ms: limits.nats_reconnect_first_ms }
  try {
    const nc = await connect({
      ...serversOf(url),
      name,
      timeout: limits.nats_connect_ms,
      maxReconnectAttempts: -1,
      reconnectDelayHandler: () => {
        const wait_ms = back_off.ms * (0.5 + env.random() / 2)
        back_off.ms = Math.min(back_off.ms * 2, limits.nats_reconnect_max_ms)
        return wait_ms
      },
      pingInterval: limits.nats_ping_ms,
      maxPingOut: limits.nats_pings_missed_max,
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true,
    })
    return new NatsLink(nc, env, () => {
      back_off.ms = limits.nats_reconnect_first_ms
    })
  } catch (cause) {
    throw new Fault(...refusalOf(cause, await whyOf(url)))
  }
}

/** Of certificates, as Node names them: unknown makers, wrong names, times. */
const mistrust = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|certificate|ENOENT|EACCES/

/** What stands in the way of a first connection, in the words of who set it up. */
function refusalOf(error: unknown, flaw: Error | undefined): [string, { retry: boolean; cause: unknown }] {
  const causes = causesOf(error)
  if (causes.some((cause) => cause instanceof errors.AuthorizationError))
    return ['NATS refuses our credentials', { retry: false, cause: error }]
  if (causes.some(({ message, code = '' }: NodeJS.ErrnoException) => mistrust.test(`${code} ${message}`)))
    return ['the certificates between NATS and us do not fit', { retry: false, cause: error }]
  if (flaw) return ['the certificates between NATS and us do not fit', { retry: false, cause: flaw }]
  return ['NATS cannot be reached', { retry: true, cause: error }]
}

async function whyOf(url: string): Promise<Error | undefined> {
  try {
    const { servers, tls } = serversOf(url)
    return tls && servers[0] ? await tlsFlaw(servers[0], tls as ConnectionOptions) : undefined
  } catch {
    return undefined
  }
}

const causesOf = (error: unknown): readonly Error[] =>
  error instanceof Error ? [error, ...causesOf(error.cause)] : []

export interface Servers {
  readonly servers: string[]
  readonly user?: string
  readonly pass?: string
  readonly token?: string
  readonly tls?: TlsOptions
  readonly authenticator?: Authenticator
}

/** What may stand behind the question mark: paths of files in PEM, of a credentials file, or of the seed of an nkey. */
export const nats_file_keys = ['ca', 'cert', 'key', 'creds', 'nkey'] as const

/**
 * Splits `nats://user:password@host:port?ca=FILE&cert=FILE&key=FILE&creds=FILE&nkey=FILE`, or several with commas
 * between, into what the client wants. A user alone is a token; `tls://`, and a file for TLS, accept no connection
 * without it. Throws when a file cannot be read.
 */
export function serversOf(url: string): Servers {
  const urls = url
    .split(',')
    .map((one) => one.trim())
    .map((one) => new URL(one.includes('://') ? one : `nats://${one}`))
  const [user, pass] = [urls[0]?.username ?? '', urls[0]?.password ?? ''].map(decodeURIComponent)
  const files: Files = Object.fromEntries(
    nats_file_keys.map((name) => [name, urls.map((one) => one.searchParams.get(name)).find(Boolean)]),
  )
  const tls = tlsOf(files)
  return {
    servers: urls.map(({ host }) => host),
    ...(user && pass ? { user, pass } : {}),
    ...(user && !pass ? { token: user } : {}),
    ...(tls || urls.some(({ protocol }) => protocol === 'tls:')
      ? { tls: { ...tls, ...identityOf(urls) } }
      : {}),
    ...authenticatorOf(files),
  }
}

type Files = { readonly [Name in (typeof nats_file_keys)[number]]?: string | null | undefined }

function tlsOf({ ca, cert, key }: Files): TlsOptions | undefined {
  if (!ca && !cert && !key) return undefined
  const read = (path: string) => readFileSync(path, 'utf8')
  return {
    ...(ca ? { ca: read(ca) } : {}),
    ...(cert ? { cert: read(cert) } : {}),
    ...(key ? { key: read(key) } : {}),
  }
}

/** The client hands its options on to Node's; an address without a name Node would hold against the name localhost. */
function identityOf(urls: readonly URL[]): object {
  const addresses = urls.map(({ hostname }) => hostname).filter((host) => isIP(host) !== 0)
  const checkServerIdentity = (host: string, certificate: PeerCertificate) => {
    const names = host === 'localhost' && addresses.length > 0 ? addresses : [host]
    const flaws = names.map((name) => checkIdentity(name, certificate))
    return flaws.includes(undefined) ? undefined : flaws[0]
  }
  return { checkServerIdentity }
}

function authenticatorOf({ creds, nkey }: Files): { authenticator: Authenticator } | undefined {
  if (creds) return { authenticator: credsAuthenticator(readFileSync(creds)) }
  if (nkey) return { authenticator: nkeyAuthenticator(Buffer.from(readFileSync(nkey, 'utf8').trim())) }
  return undefined
}

/** `Link.request` over the rest of a link. */
export function requestOver(
  link: Link,
  subject: string,
  payload: Uint8Array | string,
  { timeout_ms = limits.nats_request_ms, headers }: RequestOptions = {},
): Promise<Msg> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      cancel()
      inbox.close()
      settle()
    }
    const fail = (why: string) => end(() => reject(new Fault(`${subject}: ${why}`, { retry: true })))
    const cancel = link.env.after(timeout_ms, () => fail('no answer in time'))
    const inbox = link.inbox((msg) => {
      if (msg === undefined) fail('the connection was lost')
      else if (msg.headers?.code === 503) fail('nobody answers')
      else end(() => resolve(msg))
    })
    try {
      link.send(subject, payload, inbox.reply, headers)
    } catch (error) {
      end(() => reject(error))
    }
  })
}

/**
 * What is in flight when the connection is lost ends at once with a Fault, and so does what is asked for while it is:
 * nothing is kept to be sent later, when it would surprise.
 */
export class NatsLink implements Link {
  readonly nc: NatsConnection
  readonly env: Env
  readonly #prefix: string
  readonly #inboxes = new Map<string, (msg: Msg | undefined) => void>()
  readonly #listeners = new Set<(connected: boolean) => void>()
  #next = 0
  #connected = true
  #closing = false

  constructor(nc: NatsConnection, env: Env, onReconnect: () => void) {
    this.nc = nc
    this.env = env
    this.#prefix = `_INBOX.${env.uuid()}`
    nc.subscribe(`${this.#prefix}.*`, {
      callback: (error, msg) => {
        if (error) this.env.log('error', 'NATS refused the inbox', { why: error.message })
        else this.#inboxes.get(msg.subject.slice(this.#prefix.length + 1))?.(msg)
      },
    })
    this.#follow(onReconnect).catch((error: unknown) =>
      this.env.log('error', 'NATS is given up', { why: String(error) }),
    )
  }

  get connected(): boolean {
    return this.#connected
  }

  onChange(call: (connected: boolean) => void): () => void {
    this.#listeners.add(call)
    return () => this.#listeners.delete(call)
  }

  inbox(call: (msg: Msg | undefined) => void): Inbox {
    const token = (this.#next++).toString(36)
    this.#inboxes.set(token, call)
    return { reply: `${this.#prefix}.${token}`, close: () => void this.#inboxes.delete(token) }
  }

  listen(subject: string, call: (msg: Msg) => void): () => void {
    const subscription = this.nc.subscribe(subject, {
      callback: (error, msg) => {
        if (error) this.env.log('error', 'NATS refused a subject', { subject, why: error.message })
        else call(msg)
      },
    })
    return () => subscription.unsubscribe()
  }

  request(subject: string, payload: Uint8Array | string, options: RequestOptions = {}): Promise<Msg> {
    return requestOver(this, subject, payload, options)
  }

  send(subject: string, payload: Uint8Array | string, reply: string, fields?: MsgHdrs): void {
    if (!this.#connected) throw new Fault(`${subject}: NATS is not connected`, { retry: true })
    try {
      this.nc.publish(subject, payload, fields ? { reply, headers: fields } : { reply })
    } catch (cause) {
      throw new Fault(`${subject}: could not be sent`, { retry: false, cause })
    }
  }

  /** Ends the connection after what was sent has left. */
  async close(): Promise<void> {
    this.#closing = true
    if (this.#connected) await this.nc.flush().catch(() => undefined)
    await this.nc.close()
    this.#change(false)
  }

  async #follow(onReconnect: () => void): Promise<void> {
    try {
      for await (const status of this.nc.status()) {
        if (status.type === 'disconnect' || status.type === 'close') this.#change(false)
        if (status.type !== 'reconnect') continue
        onReconnect()
        this.#change(true)
      }
    } finally {
      this.#change(false)
    }
  }

  #change(connected: boolean): void {
    if (connected === this.#connected) return
    this.#connected = connected
    if (!this.#closing) this.env.log(connected ? 'info' : 'warn', connected ? 'NATS is back' : 'NATS is lost')
    if (!connected) for (const call of [...this.#inboxes.values()]) call(undefined)
    for (const call of [...this.#listeners]) call(connected)
  }
}

/** NATS headers of these names and values. */
export function headersOf(fields: Readonly<Record<string, string>>): MsgHdrs {
  const made = headers()
  for (const [name, value] of Object.entries(fields)) made.set(name, value)
  return made
}

/** The message id alone, encoded in one go: for the many small messages, where building general headers costs as much as the rest. */
export function idHeader(id: string): MsgHdrs {
  if (/[\r\n]/.test(id)) throw new Fault('a message id has no line breaks', { retry: false })
  const encode = () => Buffer.from(`NATS/1.0\r\nNats-Msg-Id: ${id}\r\n\r\n`)
  return { encode } as unknown as MsgHdrs
}

export interface ServerError {
  readonly code: number
  readonly err_code: number
  readonly description: string
}

/** Asks JetStream's own API. The server's refusal is part of the answer. */
export async function askJetStream<Answer extends object>(
  link: Link,
  what: string,
  body: object,
): Promise<Partial<Answer> & { readonly error?: ServerError }> {
  const msg = await link.request(`$JS.API.${what}`, JSON.stringify(body))
  return msg.json()
}
