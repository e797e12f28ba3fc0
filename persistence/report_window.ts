/** Reports on their way to a topic: many in flight at once, one subscription for all their acks. */
import type { Msg } from '@nats-io/nats-core'
import type { Cancel, Env } from '../engine/env.ts'
import type { Report } from '../engine/ports.ts'
import { limits } from '../protocols/limits.ts'
import { hasTopic, reportText } from '../protocols/topics.ts'
import { idHeader, type Link } from './nats.ts'

interface Waiting {
  readonly report: Report
  sent_ms: number
  tries: number
}

/** The first letter of an ack that says no, `{"error":…`; one that says yes begins with the stream. */
const error_letter = 'e'.charCodeAt(0)

/**
 * At most `limits.report_window` are unacked and `limits.report_queue_max` wait behind them; one more is dropped. What
 * is not acked in time is sent again under the same message id, a few times. The order is not kept.
 */
export class ReportWindow {
  readonly #link: Link
  readonly #env: Env
  readonly #prefix: string
  readonly #unacked = new Map<number, Waiting>()
  readonly #unlisten: () => void
  #unsubscribe: () => void
  /** A ring would save nothing: the head moves on, and the array is cut when it is all behind. */
  #queue: Waiting[] = []
  #head = 0
  #pumping = false
  #next = 0
  #sweep: Cancel | undefined
  #idle: (() => void)[] = []
  #sent = 0
  #acked = 0
  #dropped = 0
  #resent = 0

  constructor(link: Link, env: Env) {
    this.#link = link
    this.#env = env
    this.#prefix = `_INBOX.${env.uuid()}.`
    this.#unsubscribe = link.listen(`${this.#prefix}*`, (msg) => this.#onAck(msg))
    this.#unlisten = link.onChange((connected) => {
      if (connected) this.#resend(0)
    })
  }

  /** False: too many wait, and this one was dropped. Its text is made when it is sent: what waits is to be light. */
  add(report: Report): boolean {
    if (!hasTopic(report.type)) throw new Error(`a report of type ${report.type} belongs to no topic`)
    if (this.#queue.length - this.#head >= limits.report_queue_max) {
      this.#dropped += 1
      return false
    }
    this.#queue.push({ report, sent_ms: 0, tries: 0 })
    this.#pumpSoon()
    return true
  }

  counts() {
    return {
      reports_sent: this.#sent,
      reports_acked: this.#acked,
      reports_dropped: this.#dropped,
      reports_resent: this.#resent,
      reports_waiting: this.#waiting,
    }
  }

  /** Resolves when nothing waits, and in any case after `within_ms`. */
  flush(within_ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#env.after(within_ms, resolve)
      this.#idle.push(() => {
        cancel()
        resolve()
      })
      this.#settle()
    })
  }

  close(): void {
    this.#dropped += this.#waiting
    this.#queue = []
    this.#head = 0
    this.#unacked.clear()
    this.#sweep?.()
    this.#sweep = undefined
    this.#unlisten()
    this.#unsubscribe()
    this.#unsubscribe = () => undefined
    this.#settle()
  }

  get #waiting(): number {
    return this.#unacked.size + this.#queue.length - this.#head
  }

  /** Each socket's callback ends in a flush of its own: sent at once, every report would be a write to the server. */
  #pumpSoon(): void {
    if (this.#pumping) return
    this.#pumping = true
    this.#env.soon(() => {
      this.#pumping = false
      this.#pump()
    })
  }

  #pump(): void {
    while (this.#link.connected && this.#unacked.size < limits.report_window) {
      const waiting = this.#queue[this.#head]
      if (!waiting) break
      this.#head += 1
      this.#sent += 1
      this.#send(waiting)
    }
    if (this.#head === this.#queue.length || this.#head >= limits.report_window) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
    if (this.#unacked.size > 0) this.#watch()
  }

  #send(waiting: Waiting): void {
    const token = this.#next++
    waiting.sent_ms = this.#env.monotonic_ms()
    waiting.tries += 1
    this.#unacked.set(token, waiting)
    const { subject, text } = reportText(waiting.report)
    try {
      this.#link.send(subject, Buffer.from(text), this.#prefix + token, idHeader(waiting.report.key))
    } catch {
      // The connection went just now, and it will be sent again; what cannot be sent at all runs out of tries.
    }
  }

  #onAck(msg: Msg): void {
    const token = Number(msg.subject.slice(this.#prefix.length))
    const waiting = this.#unacked.get(token)
    if (!waiting) return
    // An ack that says no: the sweep finds it still here and tries again.
    if (msg.headers?.code === 503 || msg.data[2] === error_letter) return
    this.#unacked.delete(token)
    this.#acked += 1
    this.#pump()
    this.#settle()
  }

  #watch(): void {
    this.#sweep ??= this.#env.after(limits.report_ack_ms, () => {
      this.#sweep = undefined
      if (this.#link.connected) this.#resend(limits.report_ack_ms)
      if (this.#unacked.size > 0) this.#watch()
    })
  }

  /** Sends again what has been unacked for `age_ms`, or drops it after too many tries. */
  #resend(age_ms: number): void {
    const before_ms = this.#env.monotonic_ms() - age_ms
    for (const [token, waiting] of [...this.#unacked]) {
      if (waiting.sent_ms > before_ms) break
      this.#unacked.delete(token)
      if (waiting.tries >= limits.report_tries_max) this.#dropped += 1
      else {
        this.#resent += 1
        this.#send(waiting)
      }
    }
    this.#pump()
    this.#settle()
  }

  #settle(): void {
    if (this.#waiting > 0) return
    const idle = this.#idle
    this.#idle = []
    for (const resolve of idle) resolve()
  }
}
