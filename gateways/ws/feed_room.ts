// All sockets of one booking on this thread: one watch of the trip and the booking, and a ring of what was shown.
import type { Shown } from '../../engine/host.ts'
import type { Principal } from '../../protocols/actor.ts'
import type { BookingStatus } from '../../protocols/booking.ts'
import { limits } from '../../protocols/limits.ts'
import { closeCodes } from '../../protocols/socket.ts'
import type { FeedDoors } from '../doors.ts'
import type { FeedConnection, FeedSeat } from './feed_connection.ts'
import {
  chatFrame,
  type FeedFrame,
  lastPosition,
  type Position,
  positionFrame,
  positionOf,
  shownLast,
  statusAfter,
  statusFrame,
  statusOf,
} from './feed_frame.ts'

export class FeedRoom {
  readonly #id: string
  readonly #doors: FeedDoors
  readonly #connections = new Set<FeedConnection>()
  readonly #unwatch: readonly (() => void)[]
  /** Oldest first. */
  readonly #ring: FeedFrame[] = []
  /** Everything that was shown after this number is in the ring. */
  #covered_from: number
  #last_seq = 0
  #position: FeedFrame | undefined
  #status: BookingStatus | undefined
  #changes = 0

  /** `by` may see the booking: what was shown before is asked for in that name. */
  constructor(id: string, doors: FeedDoors, { by, booking }: Pick<FeedSeat, 'by' | 'booking'>) {
    this.#id = id
    this.#doors = doors
    this.#status = statusOf(booking)
    this.#covered_from = doors.env.now_ms()
    this.#unwatch = [
      doors.host.watch({ actor: 'trip', id }, (shown) => this.#ofTrip(shown)),
      doors.host.watch({ actor: 'booking', id }, (shown) => this.#ofBooking(shown)),
    ]
    this.#catchUp(by)
  }

  get empty(): boolean {
    return this.#connections.size === 0
  }

  join(connection: FeedConnection): void {
    this.#connections.add(connection)
    const { from } = connection.seat
    if (from > 0 && from >= this.#covered_from) {
      for (const frame of this.#ring) if (frame.seq > from) connection.show(frame)
      return
    }
    if (this.#position) connection.show(this.#position)
    if (from > 0 && this.#status) this.#snapshot(connection, this.#status)
  }

  leave(connection: FeedConnection): void {
    this.#connections.delete(connection)
  }

  close(): void {
    for (const unwatch of this.#unwatch) unwatch()
  }

  #ofTrip({ message, at_ms }: Shown): void {
    const position = positionOf(message)
    if (position) this.#move(position, at_ms)
  }

  /** A position that is not newer than the last one was overtaken: the feed never goes back in time. */
  #move(position: Position, at_ms: number): void {
    if (this.#position && position.at_ms <= this.#position.at_ms) return
    this.#position = positionFrame(this.#next(at_ms), position)
    this.#show(this.#position)
  }

  #ofBooking({ message, at_ms, trace }: Shown): void {
    const chat = chatFrame(this.#last_seq + 1, message)
    if (chat) return this.#show({ ...chat, seq: this.#next(at_ms) })
    const status = statusAfter(message)
    if (!status) return
    const span =
      trace && this.#doors.tracer?.begin('feed', [trace], { status, sockets: this.#connections.size })
    this.#changes += 1
    this.#turn(status, at_ms)
    if (span) span.end()
    const holder = 'runner_id' in message && message.type !== 'booking.declined' ? message.runner_id : ''
    for (const connection of [...this.#connections])
      if (connection.seat.by.role === 'runner' && connection.seat.by.id !== holder)
        connection.close(closeCodes.not_participant, 'the booking is no longer yours')
  }

  #turn(status: BookingStatus, at_ms: number): void {
    if (status === this.#status) return
    const before = this.#status
    this.#status = status
    this.#show(statusFrame(this.#next(at_ms), status, at_ms, before))
  }

  #show(frame: FeedFrame): void {
    this.#ring.push(frame)
    const old_ms = this.#doors.env.now_ms() - limits.feed_ring_ms
    while (this.#ring.length > limits.feed_ring_frames || (this.#ring[0]?.seq ?? old_ms) < old_ms)
      this.#covered_from = this.#ring.shift()?.seq ?? 0
    for (const connection of this.#connections) connection.show(frame)
  }

  /** Not in the ring: others have seen how it came to be. */
  #snapshot(connection: FeedConnection, status: BookingStatus): void {
    const at_ms = this.#doors.env.now_ms()
    const seq = Math.max(this.#next(this.#last_seq), connection.seat.from + 1)
    connection.show(statusFrame(seq, status, at_ms))
  }

  #next(at_ms: number): number {
    this.#last_seq = Math.max(this.#last_seq + 1, at_ms)
    return this.#last_seq
  }

  /** What was shown before this room began to watch: the last place, and a status that changed in between. */
  async #catchUp(by: Principal): Promise<void> {
    const changes = this.#changes
    const [position, booking] = await Promise.all([this.#lastKnown(by), this.#ask('booking', by)])
    if (position) this.#move(position, position.at_ms)
    const status = booking && statusOf(booking)
    if (status && changes === this.#changes) this.#turn(status, this.#doors.env.now_ms())
  }

  async #lastKnown(by: Principal): Promise<Position | undefined> {
    const trip = await this.#ask('trip', by)
    if (!trip) return undefined
    const shown = shownLast(trip)
    if (shown) return shown
    const waypoints = await this.#doors.lists.waypoints(this.#id).catch(() => [])
    return lastPosition(trip, waypoints)
  }

  async #ask(actor: 'trip' | 'booking', by: Principal): Promise<object | undefined> {
    try {
      const answer = await this.#doors.host.ask({
        to: { actor, id: this.#id },
        query: { type: `${actor}.view` },
        by,
        deadline_ms: this.#doors.env.now_ms() + limits.command_deadline_ms,
      })
      return answer.ok ? answer.view : undefined
    } catch {
      return undefined
    }
  }
}
