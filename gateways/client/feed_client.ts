// A watcher of one booking: reconnects, and resumes after the last frame that it saw.
import { limits } from '../../protocols/limits.ts'
import { Emitter } from './emitter.ts'
import { begun, type ClientEnv, Link, type TokenSource } from './link.ts'
import { nodeSockets, type SocketFactory } from './sockets.ts'

export interface FeedClientOptions {
  /** Like `ws://127.0.0.1:8080`. */
  readonly base_url: string
  readonly booking_id: string
  readonly token: TokenSource
  readonly env: ClientEnv
  readonly sockets?: SocketFactory
}

export interface LocationUpdate {
  readonly type: 'location_update'
  readonly seq: number
  readonly booking_id: string
  readonly runner_id: string
  readonly latitude: number
  readonly longitude: number
  readonly speed_kmh: number
  readonly heading_degrees: number
  /** Of the fix, server-corrected, milliseconds; `timestamp` is the same in whole seconds. */
  readonly at_ms: number
  readonly timestamp: string
}

export interface StatusChange {
  readonly type: 'booking_status_changed'
  readonly seq: number
  readonly booking_id: string
  /** Absent in a snapshot after a gap that could not be resumed. */
  readonly old_status?: string
  readonly new_status: string
  readonly timestamp: string
}

export interface FeedClientEvents {
  opened: undefined
  position: LocationUpdate
  status: StatusChange
  lost: { readonly code: number }
  ended: { readonly code: number; readonly status: number }
}

export class FeedClient {
  readonly events = new Emitter<FeedClientEvents>()
  readonly #link: Link
  #last_seq = 0

  constructor({ base_url, booking_id, token, env, sockets }: FeedClientOptions) {
    const path = `${base_url}/ws/tracking/${booking_id}`
    this.#link = new Link(
      {
        env,
        token,
        sockets: sockets ?? nodeSockets(),
        silence_ms: limits.feed_ping_ms + limits.feed_pong_ms,
        url: (access) => `${path}?token=${encodeURIComponent(access)}${this.#resume()}`,
      },
      {
        opened: () => {
          this.#link.settled()
          this.events.emit('opened', undefined)
        },
        message: (data) => this.#message(String(data)),
        lost: (code) => this.events.emit('lost', { code }),
        ended: (code, status) => this.events.emit('ended', { code, status }),
      },
    )
  }

  /** The number of the newest frame, 0 before the first. */
  get last_seq(): number {
    return this.#last_seq
  }

  /** Connects, and reconnects until `close`. Resolves when it is first open; rejects when the server refuses for good. */
  connect(): Promise<void> {
    return begun(this.#link, this.events, 'opened')
  }

  close(): void {
    this.#link.stop()
  }

  /** Loses the connection as a tunnel does; it comes back by itself. */
  cut(): void {
    this.#link.cut()
  }

  #resume(): string {
    return this.#last_seq > 0 ? `&from=${this.#last_seq}` : ''
  }

  #message(text: string): void {
    const frame = JSON.parse(text) as LocationUpdate | StatusChange
    this.#last_seq = Math.max(this.#last_seq, frame.seq)
    if (frame.type === 'location_update') this.events.emit('position', frame)
    else if (frame.type === 'booking_status_changed') this.events.emit('status', frame)
  }
}
