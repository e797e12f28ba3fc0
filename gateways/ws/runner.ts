import { limits } from '../../protocols/limits.ts'
import { type Rejection, reject } from '../../protocols/rejections.ts'
import { closeCodes } from '../../protocols/socket.ts'
import type { Doors } from '../doors.ts'
import type { TemplatedApp } from '../uws.ts'
import { HeldBookings } from './held_bookings.ts'
import { OpenBookings } from './open_bookings.ts'
import { type Desk, RunnerConnection } from './runner_connection.ts'
import { RunnerRoom } from './runner_room.ts'
import { Turnstile } from './turnstile.ts'
import { type Knock, type Seated, upgrade } from './upgrade.ts'

/** The sockets of one path on one thread. */
export interface Mounted {
  /** Closes every socket as going away; no new one is let in. Resolves when all are closed. */
  close(): Promise<void>
  /** Sockets that are open. */
  count(): number
}

/** Serves `/ws/runner?token=` (SPEC.md, runner socket). Only access tokens of role runner are let in. */
export function mountRunnerSocket(app: TemplatedApp, doors: Doors): Mounted {
  const desk = new RunnerDesk(doors)
  app.ws<Seated<RunnerConnection>>('/ws/runner', {
    compression: 0,
    maxPayloadLength: limits.socket_frame_bytes_max,
    maxBackpressure: limits.socket_buffer_bytes_max,
    closeOnBackpressureLimit: false,
    idleTimeout: limits.socket_idle_seconds,
    sendPingsAutomatically: true,
    upgrade: (res, req, context) => upgrade(res, req, context, doors, desk),
    open: (socket) => desk.open(socket.getUserData().seated, () => socket.getUserData().seated.open(socket)),
    message: (socket, message, is_binary) =>
      socket.getUserData().seated.message(new Uint8Array(message), is_binary),
    drain: (socket) => socket.getUserData().seated.flush(),
    ping: (socket) => socket.getUserData().seated.pinged(),
    close: (socket) => {
      socket.getUserData().leave()
      desk.closed(socket.getUserData().seated)
    },
  })
  return desk
}

class RunnerDesk implements Desk, Mounted {
  readonly doors: Doors
  readonly turnstile: Turnstile
  readonly #held: HeldBookings
  readonly #open_bookings: OpenBookings
  readonly #connections = new Set<RunnerConnection>()
  readonly #rooms = new Map<string, RunnerRoom>()
  readonly #dirty = new Set<RunnerConnection>()
  #closing: (() => void) | undefined
  #is_closing = false
  #stop_sweep = () => {}

  constructor(doors: Doors) {
    this.doors = doors
    this.turnstile = new Turnstile(doors)
    this.#held = new HeldBookings(doors)
    this.#open_bookings = new OpenBookings(doors)
    doors.verifier.onBan((isBanned) => {
      for (const connection of [...this.#connections])
        if (isBanned(connection.by.id)) connection.close(closeCodes.banned, 'the account is suspended')
    })
  }

  count(): number {
    return this.#connections.size
  }

  async admit({ verified, query }: Knock): Promise<RunnerConnection | Rejection> {
    if (this.#is_closing) return reject('unavailable', 'the server is stopping')
    if (verified.principal.role !== 'runner') return reject('auth.role', 'the socket is for runners')
    return new RunnerConnection(this, verified, query('format') !== 'json')
  }

  open(connection: RunnerConnection, welcome: () => void): void {
    if (this.#connections.size === 0) this.#sweepLater()
    this.#connections.add(connection)
    welcome()
    const id = connection.by.id
    const room = this.#rooms.get(id) ?? new RunnerRoom(id, this.doors, this.#held)
    this.#rooms.set(id, room)
    room.join(connection)
  }

  closed(connection: RunnerConnection): void {
    connection.closed()
    this.#connections.delete(connection)
    this.#dirty.delete(connection)
    const id = connection.by.id
    if (this.#rooms.get(id)?.leave(connection)) this.#rooms.delete(id)
    if (this.#connections.size > 0) return
    this.#stop_sweep()
    this.#closing?.()
  }

  dirty(connection: RunnerConnection): void {
    if (this.#dirty.size === 0) this.doors.env.soon(() => this.#flush())
    this.#dirty.add(connection)
  }

  online(connection: RunnerConnection, latitude: number, longitude: number): void {
    this.#open_bookings.near(latitude, longitude).then((bookings) => {
      for (const booking of bookings) connection.send({ type: 'booking.open', booking })
    })
  }

  close(): Promise<void> {
    this.#is_closing = true
    if (this.#connections.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#closing = resolve
      for (const connection of [...this.#connections])
        connection.close(closeCodes.going_away, 'the server is stopping')
    })
  }

  #flush(): void {
    const connections = [...this.#dirty]
    this.#dirty.clear()
    for (const connection of connections) connection.flush()
  }

  #sweepLater(): void {
    this.#stop_sweep()
    this.#stop_sweep = this.doors.env.after(limits.socket_sweep_ms, () => {
      const now_ms = this.doors.env.now_ms()
      for (const connection of [...this.#connections]) connection.sweep(now_ms)
      if (this.#connections.size > 0) this.#sweepLater()
    })
  }
}
