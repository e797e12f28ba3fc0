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
  /** Fixes that came at a bad time and were sent again; `refused` ones were not wanted at all. */
  again: number
  refused: number
  feed_frames: number
  closed: number
  /** Codes of the refusals. */
  readonly codes: Record<string, number>
}

/** Lets at most so many fixes be on their way at once, first come, first served. */
class Window {
  readonly #waiting: (() => void)[] = []
  #head = 0
  #free: number

  constructor(size: number) {
    this.#free = size
  }

  enter(send: () => void): void {
    if (this.#free === 0) {
      this.#waiting.push(send)
      return
    }
    this.#free -= 1
    send()
  }

  leave(): void {
    const next = this.#waiting[this.#head]
    if (!next) {
      this.#waiting.length = 0
      this.#head = 0
      this.#free += 1
      return
    }
    this.#head += 1
    next()
  }
}

/** A runner's device with one fix on its way at a time. */
class Device {
  readonly #runner: RunnerPerson
  readonly #counts: PingCounts
  readonly #window: Window
  readonly #frame = new FixFrame(randomUUID())
  readonly #send = () => this.#sendFix()
  #socket: LoadSocket | undefined
  #seq = 0
  #left = 0
  #done: () => void = () => {}

  constructor(runner: RunnerPerson, counts: PingCounts, window: Window) {
    this.#runner = runner
    this.#counts = counts
    this.#window = window
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
    this.#window.enter(this.#send)
  }

  #sendFix(): void {
    this.#counts.sent += 1
    const { latitude, longitude } = this.#runner
    this.#socket?.send(this.#frame.of(this.#seq, latitude + this.#seq * step_degrees, longitude, Date.now()))
  }

  #take(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode !== 2 && opcode !== 1) return
    const acked = ackedIn(bytes, start, end)
    if (acked === undefined) return this.#other(opcode, bytes.subarray(start, end))
    this.#counts.acked += acked
    this.#window.leave()
    this.#next()
  }

  #other(opcode: number, payload: Buffer): void {
    const message = decodeServer(opcode === 1 ? payload.toString('utf8') : payload)
    if (message.type !== 'refused' && message.type !== 'rejected') return
    const { code, retry_after_ms } = message.problem
    this.#counts.codes[code] = (this.#counts.codes[code] ?? 0) + 1
    if (message.type === 'rejected') return
    this.#window.leave()
    if (retry_after_ms === undefined) {
      this.#counts.refused += 1
      this.#next()
      return
    }
    this.#counts.again += 1
    setTimeout(() => this.#window.enter(this.#send), retry_after_ms)
  }
}

/** Devices and watching owners of one load generator. */
export class Pinger {
  readonly counts: PingCounts = {
    sent: 0,
    acked: 0,
    again: 0,
    refused: 0,
    feed_frames: 0,
    closed: 0,
    codes: {},
  }
  readonly #devices: Device[] = []
  readonly #watchers: LoadSocket[] = []

  /** `window`: fixes on their way at once, of all devices together. */
  async open(
    port: number,
    runners: readonly RunnerPerson[],
    trips: readonly LoadTrip[],
    window_size: number,
  ): Promise<void> {
    const window = new Window(window_size)
    for (const runner of runners) {
      const device = new Device(runner, this.counts, window)
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

  /** Lets every device send that many fixes, each as soon as the last one is acked and the window lets it. */
  async round(fixes: number): Promise<void> {
    await Promise.all(this.#devices.map((device) => device.send(fixes)))
  }

  close(): void {
    for (const each of [...this.#devices, ...this.#watchers]) each.close()
  }
}
