/** A shard's log read from its beginning: each record with its place, and what breaks the log's own rules. */
import { decodeRecord } from '../protocols/codec.ts'
import { type Frame, isClaim, type LogRecord, recordId } from '../protocols/frame.ts'
import { runningHash } from './hash.ts'
import type { Journal } from './ports.ts'

export interface Walked {
  readonly seq: number
  readonly record: LogRecord
  /** Running hash (hex) up to and with this record. */
  readonly hash: string
  /** What is wrong with its place: a gap, a broken chain, an epoch that goes back. */
  readonly wrong: readonly string[]
}

interface Mark {
  seq: number
  n: number
  epoch: number
  hash: string
}

/** Every record of a shard up to `until_seq`, in order. Rejects with the journal's Fault, or the codec's Error for bytes that are no record. */
export async function* walk(
  journal: Journal,
  shard: number,
  until_seq: number,
  options: { readonly without_bodies?: boolean } = {},
): AsyncGenerator<Walked> {
  const mark: Mark = { seq: 0, n: 0, epoch: 0, hash: '' }
  for await (const { seq, id, bytes } of journal.read(shard, 0, until_seq)) {
    const record = decodeRecord(bytes, options.without_bodies)
    // A claim may be overtaken on its way; whoever made it claims again, and no frame is of its epoch.
    const wrong = isClaim(record) ? [] : flawsOfFrame(mark, record)
    if (record.shard !== shard) wrong.push(`it is a record of shard ${record.shard}`)
    // A break is told once: what comes behind it is held against what that record itself goes on from.
    mark.hash = runningHash(isClaim(record) ? mark.hash : record.prev_hash, bytes)
    // Ids of records from before they were named so closely are the beginnings of today's.
    const named = recordId(record, mark.hash)
    if (id !== named && !named.startsWith(`${id}:`)) wrong.push('it holds other bytes than were written')
    mark.epoch = Math.max(mark.epoch, record.epoch)
    if (!isClaim(record)) mark.n = record.n
    mark.seq = seq
    yield { seq, record, hash: mark.hash, wrong: wrong.map((what) => `shard ${shard} at ${seq}: ${what}`) }
  }
}

function flawsOfFrame(mark: Mark, { epoch, n, prev_seq, prev_hash }: Frame): string[] {
  const wrong: string[] = []
  if (epoch !== mark.epoch) wrong.push(`a frame of epoch ${epoch} in epoch ${mark.epoch}`)
  if (n !== mark.n + 1) wrong.push(`frame ${n} after frame ${mark.n}`)
  if (prev_seq !== mark.seq) wrong.push(`it follows ${prev_seq}, not ${mark.seq}`)
  if (prev_hash !== mark.hash) wrong.push('the hash chain is broken')
  return wrong
}

/** Where the log of each shard ends now: the cut up to which a reading of a running engine is one. 0 for an empty log. */
export const tipsOf = (journal: Journal, shards: number): Promise<readonly number[]> =>
  Promise.all(Array.from({ length: shards }, async (_, shard) => (await journal.last(shard))?.seq ?? 0))
