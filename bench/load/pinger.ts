import { randomUUID } from 'node:crypto'
import { decodeServer } from '../../protocols/socket_codec.ts'
import { ackedIn, FixFrame } from './fix_frame.ts'
import type { LoadTrip, RunnerPerson } from './fleet.ts'
import { LoadSocket } from './web_socket.ts'

/** About a metre: the next fix is never a jump. */
const step_degrees = 0.00001

/** What a device's fixes came to. */
export interface PingCounts {
  sent: number
  acked: number
  refused: number
  feed_frames: number
  closed: number
  /** Codes of the refusals. */
  readonly codes: Record<string, number>
}

/** A runner's device that sends its next fix as soon as the last one is acked. */
class Device {
  readonly #runner: RunnerPerson
  readonly #counts: PingCounts
  readonly #frame = new FixFrame(randomUUID())
  #socket: LoadSocket | undefined
  #seq = 0
  #left = 0
  #done: () => void = () => {}

  constructor(runner: RunnerPerson, counts: PingCounts) {
    this.#runner = runner
    this.#counts = counts
  }

  async open(port: number): Promise<void> {
    const path = `/ws/runner?token=${this.#runner.token}`
    this.#socket = await LoadSocket.open(
      port,
      path,
      (opcode, bytes, start, end) => this.#take(opcode, bytes, start, end),
      () => {
        this.#counts.closed += 1
        this.#done()
      },
    )
  }

  /** Resolves when that many fixes have been answered. */
  send(fixes: number): Promise<void> {
    return new Promise((resolve) => {
      this.#left = fixes
      this.#done = resolve
      this.#next()
    })
  }

  close(): void {
    this.#done = () => {}
    this.#socket?.close()
  }

  #next(): void {
    if (this.#left === 0) return this.#done()
    this.#left -= 1
    this.#seq += 1
    this.#counts.sent += 1
    const { latitude, longitude } = this.#runner
    this.#socket?.send(this.#frame.of(this.#seq, latitude + this.#seq * step_degrees, longitude, Date.now()))
  }

  #take(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode !== 2 && opcode !== 1) return
    const acked = ackedIn(bytes, start, end)
    if (acked === undefined) return this.#other(opcode, bytes.subarray(start, end))
    this.#counts.acked += acked
    this.#next()
  }

  #other(opcode: number, payload: Buffer): void {
    const message = decodeServer(opcode === 1 ? payload.toString('utf8') : payload)
    if (message.type !== 'refused' && message.type !== 'rejected') return
    const { code } = message.problem
    this.#counts.codes[code] = (this.#counts.codes[code] ?? 0) + 1
    if (message.type === 'rejected') return
    this.#counts.refused += 1
    this.#next()
  }
}

/** Devices and watching owners of one load generator. */
export class Pinger {
  readonly counts: PingCounts = { sent: 0, acked: 0, refused: 0, feed_frames: 0, closed: 0, codes: {} }
  readonly #devices: Device[] = []
  readonly #watchers: LoadSocket[] = []

  async open(port: number, runners: readonly RunnerPerson[], trips: readonly LoadTrip[]): Promise<void> {
    for (const runner of runners) {
      const device = new Device(runner, this.counts)
      await device.open(port)
      this.#devices.push(device)
    }
    for (const { booking_id, owner } of trips) {
      const path = `/ws/tracking/${booking_id}?token=${owner.token}`
      const seen = () => {
        this.counts.feed_frames += 1
      }
      this.#watchers.push(await LoadSocket.open(port, path, seen, () => {}))
    }
  }

  /** Lets every device send that many fixes, each as fast as it is answered. Resolves with the milliseconds it took. */
  async round(fixes: number): Promise<number> {
    const start = performance.now()
    await Promise.all(this.#devices.map((device) => device.send(fixes)))
    return performance.now() - start
  }

  close(): void {
    for (const each of [...this.#devices, ...this.#watchers]) each.close()
  }
}
