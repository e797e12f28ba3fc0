// All sockets of one runner on this thread, and what they are shown: his own changes and those of the bookings he holds.

import type { Shown } from '../../engine/host.ts'
import type { Message } from '../../protocols/actor.ts'
import { limits } from '../../protocols/limits.ts'
import { runnerEvents } from '../../protocols/runner.ts'
import { closeCodes } from '../../protocols/socket.ts'
import type { Doors } from '../doors.ts'
import type { HeldBookings } from './held_bookings.ts'
import type { RunnerConnection } from './runner_connection.ts'

/** After these a booking no longer concerns the runner. */
const last_events = new Set(['booking.completed', 'booking.cancelled', 'booking.declined'])

export class RunnerRoom {
  readonly #id: string
  readonly #doors: Doors
  /** Oldest first. */
  readonly #connections = new Set<RunnerConnection>()
  readonly #unwatch: () => void
  /** By booking, oldest first: how to stop watching it. */
  readonly #bookings = new Map<string, () => void>()

  constructor(id: string, doors: Doors, held: HeldBookings) {
    this.#id = id
    this.#doors = doors
    this.#unwatch = doors.host.watch({ actor: 'runner', id }, (shown) => this.#ofRunner(shown))
    held.find(id, (booking_ids) => {
      if (this.#connections.size > 0) for (const booking_id of booking_ids) this.#follow(booking_id)
    })
  }

  /** The newest stay: one too many closes the oldest. */
  join(connection: RunnerConnection): void {
    this.#connections.add(connection)
    if (this.#connections.size <= limits.runner_sockets_max) return
    for (const oldest of this.#connections) {
      this.#connections.delete(oldest)
      oldest.close(closeCodes.replaced, 'a newer socket of this runner is open')
      return
    }
  }

  /** True when that was the last one: the room is then empty and watches nothing any more. */
  leave(connection: RunnerConnection): boolean {
    this.#connections.delete(connection)
    if (this.#connections.size > 0) return false
    this.#unwatch()
    for (const unfollow of this.#bookings.values()) unfollow()
    this.#bookings.clear()
    return true
  }

  #ofRunner({ message, seq, at_ms }: Shown): void {
    if (isOpen(message)) {
      for (const connection of this.#connections) connection.send(message)
      return
    }
    if (!Object.hasOwn(runnerEvents, message.type)) return
    const { type: event, ...data } = message
    if (event === 'runner.reserved') this.#follow(bookingOf(data))
    if (event === 'runner.released' && !('outcome' in data && data.outcome === 'delivered'))
      this.#unfollow(bookingOf(data))
    for (const connection of this.#connections)
      connection.send({ type: 'runner.changed', event, seq, at_ms, data })
  }

  #follow(booking_id: string): void {
    if (booking_id === '' || this.#bookings.has(booking_id)) return
    for (const oldest of this.#bookings.keys()) {
      if (this.#bookings.size < limits.held_bookings_max) break
      this.#unfollow(oldest)
    }
    const of = { actor: 'booking', id: booking_id }
    this.#bookings.set(
      booking_id,
      this.#doors.host.watch(of, (shown) => {
        if (shown.seq > 0) this.#ofBooking(shown)
      }),
    )
  }

  #unfollow(booking_id: string): void {
    this.#bookings.get(booking_id)?.()
    this.#bookings.delete(booking_id)
  }

  async #ofBooking({ of, message, seq, at_ms }: Shown): Promise<void> {
    if (last_events.has(message.type)) this.#unfollow(of.id)
    const booking = await this.#view(of.id)
    const changed = {
      type: 'booking.changed',
      booking_id: of.id,
      event: message.type,
      seq,
      at_ms,
      booking,
    } as const
    for (const connection of this.#connections) connection.send(changed)
  }

  /** The booking as the runner may see it; null when he may not, or it cannot be had now. */
  async #view(booking_id: string): Promise<object | null> {
    try {
      const answer = await this.#doors.host.ask({
        to: { actor: 'booking', id: booking_id },
        query: { type: 'booking.view' },
        by: { id: this.#id, role: 'runner' },
        deadline_ms: this.#doors.env.now_ms() + limits.command_deadline_ms,
      })
      return answer.ok ? answer.view : null
    } catch {
      return null
    }
  }
}

const isOpen = (message: Message): message is { type: 'booking.open'; booking: object } =>
  message.type === 'booking.open' && 'booking' in message

const bookingOf = (data: object): string =>
  'booking_id' in data && typeof data.booking_id === 'string' ? data.booking_id : ''
