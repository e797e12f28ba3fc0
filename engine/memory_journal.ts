/** The journal's twin in memory: the same promises, and faults on demand. */
import { Fault, type Journal, type LogEntry } from './ports.ts'

/**
 * What goes wrong with the appends of a shard. `refuse`: not stored, rejected. `lose_ack`: stored, rejected all the
 * same. `hang`: stored only when `release` is called, however late, and only then answered.
 */
export type JournalFault = 'refuse' | 'lose_ack' | 'hang'

/** What is kept when a journal closes: opening another one on it is a restart. */
export class MemoryLog {
  readonly shards = new Map<number, LogEntry[]>()
  /** Sequences by shard and message id. */
  readonly ids = new Map<string, number>()
  last_seq = 0

  of(shard: number): LogEntry[] {
    const entries = this.shards.get(shard) ?? []
    this.shards.set(shard, entries)
    return entries
  }
}

export class MemoryJournal implements Journal {
  readonly log: MemoryLog
  /** Faults to come, by shard: each append of the shard takes the first one. */
  readonly faults = new Map<number, JournalFault[]>()
  #hanging: (() => void)[] = []
  #down = false

  constructor(log = new MemoryLog()) {
    this.log = log
  }

  async append(shard: number, id: string, bytes: Uint8Array, expected_seq: number): Promise<number> {
    return this.#withFaults(shard, () => {
      const last_seq = this.log.of(shard).at(-1)?.seq ?? 0
      if (last_seq !== expected_seq)
        throw new Fault(`the last sequence of shard ${shard} is ${last_seq}, not ${expected_seq}`, {
          retry: false,
        })
      return this.#store(shard, id, bytes)
    })
  }

  async claim(shard: number, id: string, bytes: Uint8Array): Promise<number> {
    return this.#withFaults(shard, () => this.#store(shard, id, bytes))
  }

  async last(shard: number): Promise<LogEntry | undefined> {
    this.#reach()
    return this.log.of(shard).at(-1)
  }

  async *read(shard: number, after_seq: number, until_seq: number): AsyncIterable<LogEntry> {
    for (const entry of this.log.of(shard)) {
      this.#reach()
      if (entry.seq > after_seq && entry.seq <= until_seq) yield entry
    }
  }

  /** The next appends of the shard fail in these ways, in this order. */
  fail(shard: number, ...faults: JournalFault[]): void {
    this.faults.set(shard, [...(this.faults.get(shard) ?? []), ...faults])
  }

  /** Appends that hang now reach the log, in order, and are judged by what it holds by then. */
  release(): void {
    const hanging = this.#hanging
    this.#hanging = []
    for (const go of hanging) go()
  }

  get hanging(): number {
    return this.#hanging.length
  }

  /** Nothing can be reached until `start`. */
  stop(): void {
    this.#down = true
  }

  start(): void {
    this.#down = false
  }

  async #withFaults(shard: number, store: () => number): Promise<number> {
    this.#reach()
    const fault = this.faults.get(shard)?.shift()
    if (fault === 'refuse') throw new Fault('the append was refused', { retry: true })
    if (fault === 'hang') await new Promise<void>((resolve) => this.#hanging.push(resolve))
    const seq = store()
    if (fault === 'lose_ack') throw new Fault('no answer in time', { retry: true })
    return seq
  }

  /** A repeated message id is acked with the first one's sequence and not stored again. */
  #store(shard: number, id: string, bytes: Uint8Array): number {
    const known = this.log.ids.get(`${shard} ${id}`)
    if (known !== undefined) return known
    this.log.last_seq += 1
    this.log.ids.set(`${shard} ${id}`, this.log.last_seq)
    // A Buffer's own slice would be a view, which holds on to the whole block that a packer cut it from.
    this.log.of(shard).push({ seq: this.log.last_seq, id, bytes: new Uint8Array(bytes) })
    return this.log.last_seq
  }

  #reach(): void {
    if (this.#down) throw new Fault('the journal cannot be reached', { retry: true })
  }
}
