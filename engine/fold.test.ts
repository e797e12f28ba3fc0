import { expect, test } from 'vitest'
import { decodeRecord, encodeRecord } from '../protocols/codec.ts'
import { isClaim, type LogRecord } from '../protocols/frame.ts'
import { counter, idAt, memoryStores, stand, until } from './counter.given.ts'
import { Fold } from './fold.ts'
import { stateHash } from './hash.ts'
import { tipsOf, walk } from './log_walk.ts'
import type { Journal } from './ports.ts'

/** Every event of both shards, folded. */
async function folded(journal: Journal): Promise<Fold> {
  const fold = new Fold([counter])
  for (const [shard, tip] of (await tipsOf(journal, 2)).entries())
    for await (const { record, wrong } of walk(journal, shard, tip)) {
      expect(wrong).toEqual([])
      if (!isClaim(record)) for (const event of record.events) fold.take(event)
    }
  return fold
}

test('OP3 the fold of the journal is the state of every living actor, hash for hash', async () => {
  const stores = memoryStores()
  const here = await stand({ stores })
  const adds = Array.from({ length: 60 }, (_, index) => here.send(idAt(index % 7), { add: 1, tell: idAt(9) }))
  await until(here.env, Promise.all(adds))
  await here.env.advance(5_000)
  const fold = await folded(stores.journal)
  const living = here.thread.owned.flatMap(({ residents }) => [...residents.values()])
  expect(living).toHaveLength(8)
  for (const { address, state, seq } of living) {
    expect(fold.find(address.actor, address.id)).toMatchObject({ state, seq })
    expect(fold.hashOf(address.actor, address.id)).toBe(stateHash(state))
  }
  expect(fold.size).toBe(living.length)
  expect(fold.broken).toEqual([])
  expect(fold.view('counter', idAt(9))).toEqual({ state: 60 })
  expect(fold.find('counter', idAt(77))).toBe(undefined)
})

/** The log of shard 0 with one of its records otherwise. */
async function altered(change: (records: LogRecord[]) => LogRecord[]): Promise<readonly string[]> {
  const { stores, ...here } = await stand()
  const ids = Array.from({ length: 40 }, (_, index) => idAt(index))
  for (const id of ids.slice(0, 12)) await until(here.env, here.send(id, { add: 1 }))
  const entries = stores.journal.log.of(0)
  const records = change(entries.map(({ bytes }) => decodeRecord(bytes)))
  const log = records.map((record, index) => ({
    seq: entries[index]?.seq ?? 0,
    id: entries[index]?.id ?? '',
    bytes: encodeRecord(record),
  }))
  const journal = {
    ...stores.journal,
    async *read() {
      yield* log
    },
  } as unknown as Journal
  const wrong: string[] = []
  for await (const walked of walk(journal, 0, 1_000)) wrong.push(...walked.wrong)
  return wrong
}

test('OP4 a gap, a broken chain, an epoch that goes back and a stranger’s record are told with their place', async () => {
  const at = (records: LogRecord[], index: number, fields: object) =>
    records.map((record, place) => (place === index ? ({ ...record, ...fields } as LogRecord) : record))
  expect(await altered((records) => records)).toEqual([])
  const torn = await altered((records) => at(records, 2, { at_ms: 1 }))
  expect(torn.map((line) => line.replace(/\d+:/, '…:'))).toEqual([
    'shard 0 at …: it holds other bytes than were written',
    'shard 0 at …: the hash chain is broken',
  ])
  expect((await altered((records) => at(records, 2, { n: 7 }))).join()).toContain('frame 7 after frame 1')
  expect((await altered((records) => at(records, 2, { epoch: 9 }))).join()).toContain(
    'a frame of epoch 9 in epoch 1',
  )
  expect((await altered((records) => at(records, 1, { shard: 1 }))).join()).toContain('a record of shard 1')
  expect((await altered((records) => at(records, 2, { prev_seq: 99 }))).join()).toContain('it follows 99')
})

test('OP4 an event that came twice, one that is missing and a state that breaks its rule are told', () => {
  const fold = new Fold([counter])
  const event = (seq: number, add: number) => ({
    kind: 'counter',
    id: idAt(1),
    seq,
    type: 'counter.added',
    version: 1,
    by: { id: idAt(2), role: 'owner' } as const,
    cause: '',
    at_ms: 0,
    data: { add },
  })
  for (const each of [event(1, 1), event(1, 1), event(4, 1_000_000)]) fold.take(each)
  expect(fold.broken.map((line) => line.slice(line.indexOf(':') + 2))).toEqual([
    'event 1 after event 1',
    'event 4 after event 1',
    'too many',
  ])
  expect(fold.take({ ...event(1, 1), kind: 'ghost' })).toBe(undefined)
})
