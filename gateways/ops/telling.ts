import { Chronicle, type Told } from '../../engine/chronicle.ts'
import { walk } from '../../engine/log_walk.ts'
import { isClaim } from '../../protocols/frame.ts'
import type { Desk, Log } from './desk.ts'
import { Progress } from './progress.ts'

/** Every command of a shard's frames up to a sequence, in order, with all that its actor knew. */
export async function* toldIn(desk: Desk, log: Log, shard: number, until_seq: number): AsyncGenerator<Told> {
  const { journal, shards, policyAt } = log
  const chronicle = new Chronicle({ shard, shards, behaviours: desk.behaviours, policyAt })
  const progress = new Progress(desk, `shard ${shard}`)
  for await (const { seq, record } of walk(journal, shard, until_seq)) {
    if (isClaim(record)) continue
    yield* chronicle.take(seq, record)
    progress.add(record.events.length)
  }
}
