/** Whether the log knows what a snapshot was cut from, and the end of one that it does not know. */
import { decodeRecord } from '../protocols/codec.ts'
import { type Frame, isClaim } from '../protocols/frame.ts'
import type { Env } from './env.ts'
import type { CutHead, Journal, Snapshots } from './ports.ts'

/** Whether the cut's frame is in the log where the cut says. Rejects with the journal's Fault, and with an Error for a record that cannot be read. */
export async function confirms(journal: Journal, cut: CutHead, until_seq: number): Promise<boolean> {
  let at_cut = false
  for await (const { seq, bytes } of journal.read(cut.shard, cut.log_seq - 1, until_seq)) {
    const record = decodeRecord(bytes)
    if (seq === cut.log_seq) at_cut = !isClaim(record) && record.n === cut.n && record.epoch === cut.epoch
    else if (!isClaim(record)) return at_cut && chainHolds(cut, record)
    if (!at_cut) return false
  }
  return at_cut
}

/** A frame right behind the cut names the cut's hash; behind a claim, replay checks the chain. */
const chainHolds = (cut: CutHead, next: Frame) => next.prev_seq !== cut.log_seq || next.prev_hash === cut.hash

export interface FalseCutsParts {
  readonly shard: number
  readonly env: Env
  readonly journal: Journal
  readonly snapshots: Snapshots
}

/**
 * Drops the cuts that the log does not confirm: one that names a frame or an epoch that never was would keep every true
 * one out for good. Only the log's owner may: while its newest entry is of `writer`, nobody else can have cut anything
 * behind it. Resolves with how many there were. Rejects with a Fault.
 */
export async function dropFalse(parts: FalseCutsParts, writer: string): Promise<number> {
  const { shard, env, journal, snapshots } = parts
  const cuts = await snapshots.cuts(shard)
  const last = await journal.last(shard)
  if (!last || decodeRecord(last.bytes).writer !== writer) return 0
  let dropped = 0
  for (const cut of cuts) {
    if (await confirms(journal, cut, last.seq)) continue
    env.log('error', 'a snapshot that the log does not know is dropped', {
      shard,
      n: cut.n,
      epoch: cut.epoch,
    })
    await snapshots.drop(cut)
    dropped += 1
  }
  return dropped
}
