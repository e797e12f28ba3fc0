// A socket that comes back: reconnects with full jitter, asks for a fresh token when the old one is refused, notices silence.
import type { Cancel, Env } from '../../engine/env.ts'
import { limits } from '../../protocols/limits.ts'
import { closeCodes } from '../../protocols/socket.ts'
import type { ClientSocket, SocketFactory } from './sockets.ts'

export type ClientEnv = Pick<Env, 'now_ms' | 'monotonic_ms' | 'random' | 'uuid' | 'after'>
/** `fresh`: the last one was refused or is about to end. */
export type TokenSource = (fresh: boolean) => Promise<string>

export interface LinkOptions {
  readonly env: ClientEnv
  readonly sockets: SocketFactory
  readonly token: TokenSource
  /** Longer than this without a sound from the server means that the link is dead. */
  readonly silence_ms: number
  url(token: string): string
}

export interface LinkEvents {
  opened(): void
  message(data: string | Uint8Array): void
  /** It will come back by itself. */
  lost(code: number): void
  /** It will not come back: refused for good, or stopped. */
  ended(code: number, status: number): void
}

/** Refusals that no retry turns. 401 is not among them: a fresh token may. */
const final_statuses = new Set([400, 403, 404, 409, 422])
const final_codes = new Set<number>([closeCodes.replaced, closeCodes.not_participant])

export class Link {
  readonly #options: LinkOptions
  readonly #events: LinkEvents
  #socket: ClientSocket | undefined
  #open = false
  #stopped = true
  #fresh = false
  #attempts = 0
  #heard_ms = 0
  #cancel: Cancel = () => {}
  #cancel_watch: Cancel = () => {}

  constructor(options: LinkOptions, events: LinkEvents) {
    this.#options = options
    this.#events = events
  }

  get connected(): boolean {
    return this.#open
  }

  start(): void {
    if (!this.#stopped) return
    this.#stopped = false
    this.#connect()
  }

  /** Closes for good; `ended` follows. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#cancel()
    if (this.#socket) this.#socket.close()
    else this.#events.ended(1000, 0)
  }

  /** Cuts the connection as a lost network does; it comes back. */
  cut(): void {
    this.#socket?.terminate()
  }

  send(data: string | Uint8Array): boolean {
    return this.#open && this.#socket?.send(data) === true
  }

  /** The server has let us in: the next reconnect is a quick one again. */
  settled(): void {
    this.#attempts = 0
  }

  async #connect(): Promise<void> {
    const { token: tokens, url, sockets } = this.#options
    try {
      const token = await tokens(this.#fresh)
      if (this.#stopped) return
      this.#fresh = false
      this.#socket = sockets(url(token), {
        opened: () => this.#opened(),
        heard: (data) => this.#heard(data),
        closed: (code, status) => this.#closed(code, status),
      })
    } catch {
      if (!this.#stopped) this.#later()
    }
  }

  #opened(): void {
    this.#open = true
    this.#heard_ms = this.#options.env.monotonic_ms()
    this.#watch()
    this.#events.opened()
  }

  #heard(data: string | Uint8Array | undefined): void {
    this.#heard_ms = this.#options.env.monotonic_ms()
    if (data !== undefined) this.#events.message(data)
  }

  #closed(code: number, status: number): void {
    this.#open = false
    this.#socket = undefined
    this.#cancel_watch()
    if (final_statuses.has(status) || final_codes.has(code)) this.#stopped = true
    if (this.#stopped) {
      this.#events.ended(code, status)
      return
    }
    this.#fresh = status === 401 || code === closeCodes.token_expired
    this.#events.lost(code)
    this.#later()
  }

  /** Full jitter: anywhere between at once and a bound that doubles. */
  #later(): void {
    const { env } = this.#options
    const bound_ms = Math.min(
      limits.client_reconnect_max_ms,
      limits.client_reconnect_first_ms * 2 ** Math.min(this.#attempts, 16),
    )
    this.#attempts += 1
    this.#cancel = env.after(env.random() * bound_ms, () => this.#connect())
  }

  #watch(): void {
    const { env, silence_ms } = this.#options
    const left_ms = this.#heard_ms + silence_ms - env.monotonic_ms()
    if (left_ms <= 0) this.#socket?.terminate()
    else this.#cancel_watch = env.after(left_ms, () => this.#watch())
  }
}

/** The events that tell how a start went: the one that says it went well, and `ended`. */
interface Told<Good extends string> {
  on(name: Good, call: () => void): Cancel
  on(name: 'ended', call: (end: { readonly code: number; readonly status: number }) => void): Cancel
}

/** Starts a link. Resolves with the first `good` event, rejects when it was refused for good before that. */
export function begun<Good extends string>(link: Link, events: Told<Good>, good: Good): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (call: () => void) => {
      for (const cancel of done) cancel()
      call()
    }
    const done = [
      events.on(good, () => settle(resolve)),
      events.on('ended', ({ code, status }) =>
        settle(() => reject(new Error(`refused: close code ${code}, HTTP ${status}`))),
      ),
    ]
    link.start()
  })
}
