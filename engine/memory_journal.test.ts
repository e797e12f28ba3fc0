import { expect, test } from 'vitest'
import { journalContract } from './journal.contract.ts'
import { MemoryJournal } from './memory_journal.ts'

journalContract('memory', async () => ({ journal: new MemoryJournal(), close: async () => undefined }))

const bytes = new Uint8Array([1])

test('JN10 a journal in memory refuses, loses an ack, or hangs when it is told to', async () => {
  const journal = new MemoryJournal()
  journal.fail(1, 'refuse', 'lose_ack', 'hang')
  await expect(journal.append(1, 'a', bytes, 0)).rejects.toThrow('refused')
  expect(await journal.last(1)).toBeUndefined()
  await expect(journal.append(1, 'a', bytes, 0)).rejects.toThrow('no answer')
  const seq = (await journal.last(1))?.seq ?? 0
  const hanging = journal.append(1, 'b', bytes, seq)
  expect(journal.hanging).toBe(1)
  expect((await journal.last(1))?.id).toBe('a')
  journal.release()
  expect(await hanging).toBe((await journal.last(1))?.seq)
})

test('JN10 an append that hangs is judged by the log as it is when it arrives', async () => {
  const journal = new MemoryJournal()
  journal.fail(1, 'hang')
  const late = journal.append(1, 'a', bytes, 0)
  await journal.claim(1, 'c', bytes)
  journal.release()
  await expect(late).rejects.toThrow('the last sequence')
})

test('JN19 the log keeps bytes of its own, and nothing of the block that they were cut from', async () => {
  const journal = new MemoryJournal()
  const block = Buffer.alloc(64_000, 1)
  await journal.append(1, 'a', block.subarray(10, 110), 0)
  block.fill(2)
  const kept = (await journal.last(1))?.bytes
  expect(kept).toEqual(new Uint8Array(100).fill(1))
  expect(kept?.buffer.byteLength).toBe(100)
})

test('JN11 a journal that cannot be reached says so, and has its entries when it is back', async () => {
  const journal = new MemoryJournal()
  const seq = await journal.append(1, 'a', bytes, 0)
  journal.stop()
  await expect(journal.append(1, 'b', bytes, seq)).rejects.toThrow('cannot be reached')
  await expect(journal.last(1)).rejects.toThrow('cannot be reached')
  journal.start()
  expect((await new MemoryJournal(journal.log).last(1))?.seq).toBe(seq)
})
