// One watcher's socket of one booking. It never goes back in time, and the newest position pushes out one that waits.
import type { Principal } from '../../protocols/actor.ts'
import { limits } from '../../protocols/limits.ts'
import { closeCodes } from '../../protocols/socket.ts'
import type { WebSocket } from '../uws.ts'
import { Budget } from './budget.ts'
import { type FeedFrame, textOf } from './feed_frame.ts'
import type { Seated } from './upgrade.ts'

export interface FeedSeat {
  readonly by: Principal
  /** As it stood in the URL: some apps compare it case by case. */
  readonly booking_id: string
  /** Dart's client shows an error for every frame that is no position. */
  readonly wants_status: boolean
  /** The last number that the client has seen; 0 for a client that does not say. */
  readonly from: number
  /** The booking in its wire shape, as it was when the socket was let in. */
  readonly booking: object
}

export class FeedConnection {
  readonly seat: FeedSeat
  #socket: WebSocket<Seated<FeedConnection>> | undefined
  #last_seq: number
  #waiting: FeedFrame | undefined
  #heard_ms = 0
  #pinged_ms = 0
  #budget: Budget | undefined

  constructor(seat: FeedSeat) {
    this.seat = seat
    this.#last_seq = seat.from
  }

  get key(): string {
    return this.seat.booking_id.toLowerCase()
  }

  open(socket: WebSocket<Seated<FeedConnection>>, now_ms: number): void {
    this.#socket = socket
    this.#heard_ms = now_ms
    this.#pinged_ms = now_ms
    this.#budget = new Budget(limits.feed_inbound_per_second, limits.feed_inbound_burst, now_ms)
  }

  closed(): void {
    this.#socket = undefined
    this.#waiting = undefined
  }

  close(code: number, reason: string): void {
    this.#socket?.end(code, reason)
  }

  heard(now_ms: number): void {
    this.#heard_ms = now_ms
  }

  /** A frame or ping of the peer's own: it shows that he is there, and too many of them end the connection. */
  said(now_ms: number): void {
    this.heard(now_ms)
    if (!this.#budget?.take(now_ms)) this.close(closeCodes.flood, 'too many frames')
  }

  /** A status and a chat message are sent at once; a position waits, alone, while the socket is not being read. */
  show(frame: FeedFrame): void {
    if (!this.#socket) return
    if (frame.kind === 'position' && this.#socket.getBufferedAmount() > limits.feed_coalesce_bytes) {
      this.#waiting = frame
      return
    }
    if (frame.kind !== 'position') {
      if (!this.seat.wants_status) return
      this.drained()
    }
    this.#waiting = undefined
    this.#send(frame)
  }

  /** The socket is being read again. */
  drained(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting) this.#send(waiting)
  }

  /** Pings when it is time, and cuts a peer that has not answered. */
  sweep(now_ms: number): void {
    if (!this.#socket) return
    if (now_ms - this.#heard_ms > limits.feed_ping_ms + limits.feed_pong_ms) {
      this.#socket.close()
    } else if (now_ms - this.#pinged_ms >= limits.feed_ping_ms) {
      this.#pinged_ms = now_ms
      this.#socket.ping()
    }
  }

  #send(frame: FeedFrame): void {
    if (!this.#socket || frame.seq <= this.#last_seq) return
    this.#last_seq = frame.seq
    if (this.#socket.send(textOf(frame, this.seat.booking_id), false) === 2)
      this.close(closeCodes.slow_reader, 'the socket is not read')
  }
}
