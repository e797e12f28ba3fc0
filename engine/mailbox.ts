import { limits } from '../protocols/limits.ts'
import { overloaded, type Rejection } from '../protocols/rejections.ts'
import type { Activation, Work } from './activation.ts'

interface Entry {
  readonly activation: Activation
  readonly work: Work
}

/** First in, first out, without moving the rest. */
class Lane {
  #entries: (Entry | undefined)[] = []
  #head = 0

  get size(): number {
    return this.#entries.length - this.#head
  }

  push(entry: Entry): void {
    this.#entries.push(entry)
  }

  shift(): Entry | undefined {
    const entry = this.#entries[this.#head]
    if (!entry) return undefined
    this.#entries[this.#head++] = undefined
    if (this.#head > 1_024 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
    return entry
  }

  /** Takes out those for which it is true; the others keep their order. */
  drop(isDue: (entry: Entry) => boolean): readonly Entry[] {
    const dropped: Entry[] = []
    const kept: Entry[] = []
    for (const entry of this.#entries.slice(this.#head))
      if (entry) (isDue(entry) ? dropped : kept).push(entry)
    this.#entries = kept
    this.#head = 0
    return dropped
  }
}

/**
 * The commands that wait in a shard. Arrival order within a lane is what keeps actors fair to each other: a busy one
 * holds at most its own bound of places. Control (steps, timers) goes first and may use a reserve of its own, so that
 * a flood of commands cannot stop what was begun.
 */
export class Mailbox {
  readonly #control = new Lane()
  readonly #command = new Lane()
  #bytes = 0

  get depth(): number {
    return this.#control.size + this.#command.size
  }

  /** Of the commands that wait, as JSON. */
  get bytes(): number {
    return this.#bytes
  }

  /** Undefined when it was taken in. */
  put(activation: Activation, work: Work): Rejection | undefined {
    const lane = work.envelope.lane === 'control' ? this.#control : this.#command
    if (lane.size >= limits.mailbox_shard_max)
      return overloaded(`${lane.size} commands wait in the shard`, limits.overload_retry_ms)
    if (activation.queued + activation.waiting.length >= this.#bound(work))
      return overloaded(`${activation.queued} commands wait for the actor`, limits.overload_retry_ms)
    if (this.#bytes >= limits.mailbox_shard_bytes_max)
      return overloaded(`${this.#bytes} bytes of commands wait in the shard`, limits.overload_retry_ms)
    this.#bytes += work.size
    activation.queued += 1
    lane.push({ activation, work })
    return undefined
  }

  take(): Entry | undefined {
    const entry = this.#control.shift() ?? this.#command.shift()
    if (entry) this.#left(entry)
    return entry
  }

  /** Takes out those whose deadline is over. */
  takeLate(now_ms: number): readonly Work[] {
    const isLate = ({ work }: Entry) => work.envelope.deadline_ms <= now_ms
    const late = [...this.#control.drop(isLate), ...this.#command.drop(isLate)]
    for (const entry of late) this.#left(entry)
    return late.map(({ work }) => work)
  }

  #left({ activation, work }: Entry): void {
    activation.queued -= 1
    this.#bytes -= work.size
  }

  #bound(work: Work): number {
    return work.envelope.lane === 'control'
      ? 2 * limits.mailbox_activation_max
      : limits.mailbox_activation_max
  }
}
