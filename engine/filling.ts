import type { CommandRecord, EventRecord } from '../protocols/frame.ts'
import { limits } from '../protocols/limits.ts'
import type { Trace } from './tracer.ts'

/** Rough size of a record without its body, in bytes. */
const record_bytes = 160

/** The frame that a shard is filling while the one before it is on its way to disk. */
export class Filling {
  readonly n: number
  readonly commands: CommandRecord[] = []
  readonly events: EventRecord[] = []
  /** By command id, of those that came with one. */
  traces: Map<string, Trace> | undefined
  #bytes = 0

  constructor(n: number) {
    this.n = n
  }

  get empty(): boolean {
    return this.commands.length === 0
  }

  /** No further command is begun; the follow-ups of one that was are still taken in. */
  get full(): boolean {
    return this.events.length >= limits.events_per_frame_max || this.#bytes >= limits.frame_bytes_max
  }

  /** `body_size`: length of the command's body as JSON; its events are taken to be as large. */
  add(command: CommandRecord, events: readonly EventRecord[], body_size: number, trace?: Trace): void {
    this.commands.push(command)
    for (const event of events) this.events.push(event)
    if (trace !== undefined) {
      this.traces ??= new Map()
      this.traces.set(command.id, trace)
    }
    this.#bytes += (1 + events.length) * (record_bytes + body_size)
  }
}
