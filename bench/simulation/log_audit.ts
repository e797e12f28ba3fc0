/** The rules of the log itself (a claim that was overtaken on its way makes nobody the owner), held against every entry at the moment at which it is stored. */
import { runningHash } from '../../engine/hash.ts'
import type { LogEntry } from '../../engine/ports.ts'
import { decodeRecord } from '../../protocols/codec.ts'
import { type Frame, isClaim } from '../../protocols/frame.ts'
import type { Breaches } from './breaches.ts'

export type Entry = Pick<LogEntry, 'seq' | 'bytes'>

interface Mark {
  seq: number
  n: number
  epoch: number
  hash: string
  writer: string
}

export class LogAudit {
  readonly #breaches: Breaches
  readonly #marks: Mark[]
  readonly #carried = new Map<string, string>()
  readonly entries: Entry[][]

  constructor(breaches: Breaches, shards: number) {
    this.#breaches = breaches
    this.#marks = Array.from({ length: shards }, () => ({ seq: 0, n: 0, epoch: 0, hash: '', writer: '' }))
    this.entries = this.#marks.map(() => [])
  }

  /** The newest frame of a shard that is on disk. */
  durable(shard: number): number {
    return this.#marks[shard]?.n ?? 0
  }

  epoch(shard: number): number {
    return this.#marks[shard]?.epoch ?? 0
  }

  hash(shard: number): string {
    return this.#marks[shard]?.hash ?? ''
  }

  hasCarried(command_id: string): boolean {
    return this.#carried.has(command_id)
  }

  /** Checks the entry, and gives back its frame if it is one. */
  stored(shard: number, entry: Entry): Frame | undefined {
    const mark = this.#marks[shard]
    if (!mark) return undefined
    this.entries[shard]?.push(entry)
    const record = decodeRecord(entry.bytes)
    const wrong = isClaim(record) ? [] : wrongFrame(mark, record)
    for (const what of wrong) this.#breaches.add('log', `shard ${shard} at ${entry.seq}: ${what}`)
    if (!isClaim(record)) {
      mark.n = record.n
      this.#carry(record)
    } else if (record.epoch > mark.epoch) mark.writer = record.writer
    mark.hash = runningHash(mark.hash, entry.bytes)
    mark.epoch = Math.max(mark.epoch, record.epoch)
    mark.seq = entry.seq
    return isClaim(record) ? undefined : record
  }

  #carry({ shard, n, commands }: Frame): void {
    for (const { id, type } of commands) {
      const where = `frame ${n} of shard ${shard}`
      const before = this.#carried.get(id)
      if (before !== undefined) this.#breaches.add('once', `${type} ${id} is in ${before} and in ${where}`)
      this.#carried.set(id, where)
    }
  }
}

function wrongFrame(mark: Mark, { epoch, n, prev_seq, prev_hash, writer }: Frame): string[] {
  const wrong: string[] = []
  if (epoch !== mark.epoch) wrong.push(`a frame of epoch ${epoch} in epoch ${mark.epoch}`)
  if (writer !== mark.writer) wrong.push('a frame of a writer that did not make the last claim')
  if (n !== mark.n + 1) wrong.push(`frame ${n} after frame ${mark.n}`)
  if (prev_seq !== mark.seq) wrong.push(`it follows ${prev_seq}, not ${mark.seq}`)
  if (prev_hash !== mark.hash) wrong.push('the hash chain is broken')
  return wrong
}
