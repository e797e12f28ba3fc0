import { limits } from '../../protocols/limits.ts'
import { type Rejection, reject } from '../../protocols/rejections.ts'
import { closeCodes } from '../../protocols/socket.ts'
import type { FeedDoors } from '../doors.ts'
import { takesPart } from '../participants.ts'
import type { TemplatedApp } from '../uws.ts'
import { FeedConnection } from './feed_connection.ts'
import { FeedRoom } from './feed_room.ts'
import type { Mounted } from './runner.ts'
import { Turnstile } from './turnstile.ts'
import { type Knock, type Seated, upgrade } from './upgrade.ts'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Serves `/ws/tracking/:bookingId?token=` (contract, section 4): the booking's owner, its runner and admins may watch. */
export function mountFeed(app: TemplatedApp, doors: FeedDoors): Mounted {
  const feed = new Feed(doors)
  app.ws<Seated<FeedConnection>>('/ws/tracking/:bookingId', {
    compression: 0,
    maxPayloadLength: limits.feed_inbound_bytes_max,
    maxBackpressure: limits.socket_buffer_bytes_max,
    closeOnBackpressureLimit: false,
    idleTimeout: 0,
    sendPingsAutomatically: false,
    upgrade: (res, req, context) => upgrade(res, req, context, doors, feed),
    open: (socket) => {
      socket.getUserData().seated.open(socket, doors.env.monotonic_ms())
      feed.open(socket.getUserData().seated)
    },
    message: (socket) => socket.getUserData().seated.said(doors.env.monotonic_ms()),
    ping: (socket) => socket.getUserData().seated.said(doors.env.monotonic_ms()),
    pong: (socket) => socket.getUserData().seated.heard(doors.env.monotonic_ms()),
    drain: (socket) => socket.getUserData().seated.drained(),
    close: (socket) => {
      socket.getUserData().leave()
      feed.closed(socket.getUserData().seated)
    },
  })
  return feed
}

class Feed implements Mounted {
  readonly turnstile: Turnstile
  readonly #doors: FeedDoors
  readonly #connections = new Set<FeedConnection>()
  readonly #rooms = new Map<string, FeedRoom>()
  /** Rooms without sockets, kept for those who reconnect, longest empty first: when each became empty. */
  readonly #empty = new Map<string, number>()
  #closing: (() => void) | undefined
  #is_closing = false
  #stop_sweep: (() => void) | undefined

  constructor(doors: FeedDoors) {
    this.#doors = doors
    this.turnstile = new Turnstile(doors)
    doors.verifier.onBan((isBanned) => {
      for (const connection of [...this.#connections])
        if (isBanned(connection.seat.by.id)) connection.close(closeCodes.banned, 'the account is suspended')
    })
  }

  count(): number {
    return this.#connections.size
  }

  async admit({ verified, parameter, user_agent, query }: Knock): Promise<FeedConnection | Rejection> {
    if (this.#is_closing) return reject('unavailable', 'the server is stopping')
    if (!uuid.test(parameter)) return reject('request.malformed', 'the booking id is not a UUID')
    const by = verified.principal
    const answer = await this.#doors.host.ask({
      to: { actor: 'booking', id: parameter.toLowerCase() },
      query: { type: 'booking.view' },
      by,
      deadline_ms: this.#doors.env.now_ms() + limits.command_deadline_ms,
    })
    if (!answer.ok) return answer.rejection
    if (!takesPart(answer.view, by)) return reject('booking.not_yours', 'only those who take part may watch')
    return new FeedConnection({
      by,
      booking_id: parameter,
      wants_status: !user_agent.startsWith('Dart/'),
      from: this.#resumeFrom(query('from')),
      booking: answer.view,
    })
  }

  /** Numbers are times: one that is not a number, or is yet to come, is none of ours. */
  #resumeFrom(given: string | undefined): number {
    const from = Number(given ?? 0)
    const known_ms = this.#doors.env.now_ms() + limits.clock_jump_ms
    return Number.isSafeInteger(from) && from > 0 && from <= known_ms ? from : 0
  }

  open(connection: FeedConnection): void {
    this.#connections.add(connection)
    this.#empty.delete(connection.key)
    const room = this.#rooms.get(connection.key) ?? new FeedRoom(connection.key, this.#doors, connection.seat)
    this.#rooms.set(connection.key, room)
    room.join(connection)
    if (!this.#stop_sweep) this.#sweepLater()
  }

  closed(connection: FeedConnection): void {
    connection.closed()
    this.#connections.delete(connection)
    const room = this.#rooms.get(connection.key)
    room?.leave(connection)
    if (room?.empty) this.#empty.set(connection.key, this.#doors.env.monotonic_ms())
    this.#drop(
      (empty_ms) => this.#is_closing || this.#doors.env.monotonic_ms() - empty_ms > limits.feed_ring_ms,
    )
    if (this.#connections.size === 0) this.#closing?.()
  }

  async close(): Promise<void> {
    this.#is_closing = true
    if (this.#connections.size > 0)
      await new Promise<void>((resolve) => {
        this.#closing = resolve
        for (const connection of [...this.#connections])
          connection.close(closeCodes.going_away, 'the server is stopping')
      })
    this.#stop_sweep?.()
    this.#drop(() => true)
  }

  #sweepLater(): void {
    this.#stop_sweep = this.#doors.env.after(limits.feed_sweep_ms, () => {
      const now_ms = this.#doors.env.monotonic_ms()
      for (const connection of [...this.#connections]) connection.sweep(now_ms)
      this.#drop((empty_ms) => now_ms - empty_ms > limits.feed_ring_ms)
      this.#stop_sweep = undefined
      if (this.#rooms.size > 0) this.#sweepLater()
    })
  }

  /** Ends rooms that have been empty for too long, or are too many. */
  #drop(isOver: (empty_ms: number) => boolean): void {
    for (const [key, empty_ms] of this.#empty) {
      if (this.#empty.size <= limits.feed_rooms_idle_max && !isOver(empty_ms)) return
      this.#empty.delete(key)
      this.#rooms.get(key)?.close()
      this.#rooms.delete(key)
    }
  }
}
