import { runningHash } from '../../engine/hash.ts'
import type { Journal } from '../../engine/ports.ts'
import { decodeRecord } from '../../protocols/codec.ts'
import { type EventRecord, type Frame, isClaim } from '../../protocols/frame.ts'

/** How far one shard's log has been read. */
interface Mark {
  seq: number
  n: number
  epoch: number
  /** Of the newest message; undefined until a frame tells, when the reading began in the middle. */
  hash: string | undefined
}

type Take = (event: EventRecord) => void

/** Reads the journal of every shard, each time from where it stopped, and checks that the log itself is whole. */
export class LogReader {
  readonly #marks: Mark[]
  /** Breaches of the log's own rules: a gap, a broken chain, a frame of an older epoch. */
  readonly broken: string[] = []

  constructor(shards: number) {
    this.#marks = Array.from({ length: shards }, () => ({ seq: 0, n: 0, epoch: 0, hash: '' }))
  }

  /** Starts at the present end: what is older is none of the reader's business. */
  async skip(journal: Journal): Promise<void> {
    for (const [shard, mark] of this.#marks.entries()) {
      const last = await journal.last(shard)
      if (!last) continue
      const record = decodeRecord(last.bytes)
      mark.seq = last.seq
      mark.epoch = record.epoch
      mark.n = isClaim(record) ? 0 : record.n
      mark.hash = undefined
    }
  }

  /** Gives every event up to the present end of each shard's log. */
  async read(journal: Journal, take: Take): Promise<void> {
    for (const [shard, mark] of this.#marks.entries()) await this.#readShard(journal, shard, mark, take)
  }

  async #readShard(journal: Journal, shard: number, mark: Mark, take: Take): Promise<void> {
    const last = await journal.last(shard)
    if (!last) return
    for await (const { seq, bytes } of journal.read(shard, mark.seq, last.seq)) {
      const record = decodeRecord(bytes)
      // A claim may be overtaken on its way; whoever made it claims again, and no frame is of its epoch.
      const wrong = isClaim(record) ? [] : wrongFrame(mark, record)
      this.broken.push(...wrong.map((what) => `shard ${shard} at ${seq}: ${what}`))
      if (!isClaim(record)) {
        mark.hash ??= record.prev_hash
        mark.n = record.n
        for (const event of record.events) take(event)
      }
      mark.hash = mark.hash === undefined ? undefined : runningHash(mark.hash, bytes)
      mark.epoch = Math.max(mark.epoch, record.epoch)
      mark.seq = seq
    }
  }
}

function wrongFrame(mark: Mark, { epoch, n, prev_seq, prev_hash }: Frame): string[] {
  const wrong: string[] = []
  if (epoch !== mark.epoch) wrong.push(`a frame of epoch ${epoch} in epoch ${mark.epoch}`)
  if (mark.n !== 0 && n !== mark.n + 1) wrong.push(`frame ${n} after frame ${mark.n}`)
  if (prev_seq !== mark.seq) wrong.push(`it follows ${prev_seq}, not ${mark.seq}`)
  if (mark.hash !== undefined && prev_hash !== mark.hash) wrong.push('the hash chain is broken')
  return wrong
}
