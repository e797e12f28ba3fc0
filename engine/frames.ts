import { decodeRecord } from '../protocols/codec.ts'
import { isClaim } from '../protocols/frame.ts'
import { limits } from '../protocols/limits.ts'
import { lift } from '../protocols/upcast.ts'
import type { DurableFrame, Journal } from './ports.ts'

/** The frames of a shard with `after_seq < seq <= until_seq`, in order and in batches, as those who derive something from the log are given them. */
export async function* batchesOf(
  journal: Journal,
  shard: number,
  after_seq: number,
  until_seq: number,
): AsyncGenerator<readonly DurableFrame[]> {
  let batch: DurableFrame[] = []
  let events = 0
  for await (const { seq, bytes } of journal.read(shard, after_seq, until_seq)) {
    const record = decodeRecord(bytes)
    if (isClaim(record)) continue
    batch.push({ seq, frame: { ...record, events: record.events.map((event) => lift(event)) } })
    events += 1 + record.events.length
    if (events < limits.projection_batch_events) continue
    yield batch
    batch = []
    events = 0
  }
  if (batch.length > 0) yield batch
}
