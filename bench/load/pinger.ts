import { randomUUID } from 'node:crypto'
import { decodeServer } from '../../protocols/socket_codec.ts'
import { ackedIn, FixFrame } from './fix_frame.ts'
import type { LoadTrip, RunnerPerson } from './fleet.ts'
import { type Sender, Turns } from './turns.ts'
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

/** A runner's device. It sends when it is its turn, whether its last fix has been answered or not. */
class Device implements Sender {
  readonly #runner: RunnerPerson
  readonly #counts: PingCounts
  readonly #ended: (fixes: number) => void
  readonly #boot = randomUUID()
  #frame = new FixFrame(this.#boot)
  #socket: LoadSocket | undefined
  #seq = 0
  #unanswered = 0

  constructor(runner: RunnerPerson, counts: PingCounts, ended: (fixes: number) => void) {
    this.#runner = runner
    this.#counts = counts
    this.#ended = ended
  }

  async open(port: number): Promise<void> {
    const path = `/ws/runner?token=${this.#runner.token}`
    this.#socket = await LoadSocket.open(
      port,
      path,
      (opcode, bytes, start, end) => this.#take(opcode, bytes, start, end),
      () => this.#closed(),
    )
  }

  send(): boolean {
    if (!this.#socket) return false
    this.#seq += 1
    this.#unanswered += 1
    this.#sendFix(this.#seq)
    return true
  }

  close(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
  }

  #sendFix(seq: number): void {
    const socket = this.#socket
    if (!socket) return
    this.#counts.sent += 1
    const { latitude, longitude } = this.#runner
    if (!socket.idle) this.#frame = new FixFrame(this.#boot)
    socket.send(this.#frame.of(seq, latitude + seq * step_degrees, longitude, Date.now()))
  }

  #take(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode !== 2 && opcode !== 1) return
    const acked = ackedIn(bytes, start, end)
    if (acked === undefined) return this.#other(opcode, bytes.subarray(start, end))
    this.#counts.acked += acked
    this.#end(acked)
  }

  #end(fixes: number): void {
    this.#unanswered -= fixes
    this.#ended(fixes)
  }

  #other(opcode: number, payload: Buffer): void {
    const message = decodeServer(opcode === 1 ? payload.toString('utf8') : payload)
    if (message.type !== 'refused' && message.type !== 'rejected') return
    const { code, retry_after_ms } = message.problem
    this.#counts.codes[code] = (this.#counts.codes[code] ?? 0) + 1
    if (message.type === 'rejected') return
    const seqs = message.ranges.flatMap(([from, to]) =>
      Array.from({ length: to - from + 1 }, (_, index) => from + index),
    )
    if (retry_after_ms === undefined) {
      this.#counts.refused += seqs.length
      this.#end(seqs.length)
      return
    }
    this.#counts.again += seqs.length
    setTimeout(() => {
      for (const seq of seqs) this.#sendFix(seq)
    }, retry_after_ms)
  }

  /** What it has sent is never answered. */
  #closed(): void {
    if (!this.#socket) return
    this.#socket = undefined
    this.#counts.closed += 1
    this.#end(this.#unanswered)
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
  #window = 0
  #turns: Turns | undefined

  /** `window`: fixes on their way at once, of all devices together. */
  async open(
    port: number,
    runners: readonly RunnerPerson[],
    trips: readonly LoadTrip[],
    window: number,
  ): Promise<void> {
    this.#window = window
    for (const runner of runners) {
      const device = new Device(runner, this.counts, (fixes) => this.#turns?.ended(fixes))
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

  /** Lets every device send that many fixes, one of each after the other, as the window lets them. */
  async round(fixes: number): Promise<void> {
    this.#turns = new Turns(this.#devices, fixes, this.#window)
    await this.#turns.run()
    this.#turns = undefined
  }

  close(): void {
    for (const each of [...this.#devices, ...this.#watchers]) each.close()
  }
}
