import { expect, test } from 'vitest'
import { runningHash } from '../../engine/hash.ts'
import { MemoryJournal } from '../../engine/memory_journal.ts'
import { encodeRecord } from '../../protocols/codec.ts'
import type { EventRecord, Frame, LogRecord } from '../../protocols/frame.ts'
import { LogReader } from './log.ts'

/** A shard's log as an engine would write it, but for what a test changes. */
class Writer {
  readonly journal = new MemoryJournal()
  #hash = ''
  #seq = 0
  #n = 0

  async claim(epoch: number): Promise<void> {
    await this.#append({ v: 1, claim: true, shard: 0, epoch, writer: 'w', at_ms: 1 })
  }

  async frame(epoch: number, change: Partial<Frame> = {}): Promise<void> {
    this.#n += 1
    const event: EventRecord = {
      kind: 'booking',
      id: `b-${this.#n}`,
      seq: 1,
      type: 'booking.requested',
      version: 1,
      by: { id: 'o', role: 'owner' },
      cause: 'c',
      at_ms: 1,
      data: {},
    }
    const place = { prev_seq: this.#seq, prev_hash: this.#hash, n: this.#n, epoch }
    const rest = {
      v: 1,
      shard: 0,
      writer: 'w',
      at_ms: 1,
      commands: [],
      events: [event],
      settled: [],
    } as const
    await this.#append({ ...rest, ...place, ...change })
  }

  async #append(record: LogRecord): Promise<void> {
    const bytes = encodeRecord(record)
    this.#seq = await this.journal.claim(0, `m-${this.#seq}`, bytes)
    this.#hash = runningHash(this.#hash, bytes)
  }
}

async function readAll(reader: LogReader, { journal }: Writer): Promise<string[]> {
  const ids: string[] = []
  await reader.read(journal, (event) => ids.push(event.id))
  return ids
}

test('CT10 the log is read to its end, and the next time from there', async () => {
  const writer = new Writer()
  await writer.claim(1)
  await writer.frame(1)
  await writer.frame(1)
  const reader = new LogReader(1)
  expect(await readAll(reader, writer)).toEqual(['b-1', 'b-2'])
  await writer.claim(2)
  await writer.frame(2)
  expect(await readAll(reader, writer)).toEqual(['b-3'])
  expect(reader.broken).toEqual([])
})

test('CT10 what was there before is skipped when it is none of our business', async () => {
  const writer = new Writer()
  await writer.claim(1)
  await writer.frame(1)
  const reader = new LogReader(1)
  await reader.skip(writer.journal)
  await writer.frame(1)
  expect(await readAll(reader, writer)).toEqual(['b-2'])
  expect(reader.broken).toEqual([])
})

test('CT11 a gap, a broken chain, a wrong predecessor and an older epoch are each told', async () => {
  const writer = new Writer()
  await writer.claim(2)
  await writer.frame(2)
  await writer.frame(2, { n: 9 })
  await writer.frame(2, { n: 10, prev_hash: 'ab'.repeat(32) })
  await writer.frame(2, { n: 11, prev_seq: 77 })
  await writer.frame(1, { n: 12 })
  // A claim that was overtaken on its way breaks nothing: no frame is of its epoch.
  await writer.claim(2)
  const reader = new LogReader(1)
  await readAll(reader, writer)
  expect(reader.broken).toHaveLength(4)
})
