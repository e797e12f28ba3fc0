/** What every journal promises, whatever it is made of. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { limits } from '../protocols/limits.ts'
import type { Journal, LogEntry } from './ports.ts'

export interface OpenJournal {
  readonly journal: Journal
  close(): Promise<void>
}

const bytesOf = (text: string) => new TextEncoder().encode(text)

async function listed(entries: AsyncIterable<LogEntry>): Promise<string[]> {
  const found: string[] = []
  for await (const { seq, id, bytes } of entries)
    found.push(`${seq} ${id} ${new TextDecoder().decode(bytes)}`)
  return found
}

interface Subject {
  readonly journal: Journal
  /** Appends ids one after the other; returns what a reader should list. */
  fill(shard: number, ids: readonly string[]): Promise<{ seqs: number[]; lines: string[] }>
}

/** Runs the suite. `open` gives a journal with at least 16 shards, empty at first; one serves the whole suite, a shard a test. */
export function journalContract(name: string, open: () => Promise<OpenJournal>): void {
  describe(`the journal (${name})`, () => {
    let opened: OpenJournal | undefined
    const subject: Subject = {
      get journal() {
        if (!opened) throw new Error('the journal is not open')
        return opened.journal
      },
      async fill(shard, ids) {
        const seqs: number[] = []
        for (const id of ids)
          seqs.push(await subject.journal.append(shard, id, bytesOf(`body of ${id}`), seqs.at(-1) ?? 0))
        return { seqs, lines: ids.map((id, index) => `${seqs[index]} ${id} body of ${id}`) }
      },
    }
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened?.close())
    writing(subject)
    reading(subject)
  })
}

function writing(subject: Subject): void {
  test('JN1 an empty shard has no last entry and nothing to read', async () => {
    expect(await subject.journal.last(0)).toBeUndefined()
    expect(await listed(subject.journal.read(0, 0, 100))).toEqual([])
  })

  test('JN2 entries are read back in order, and the last one is known', async () => {
    const { seqs, lines } = await subject.fill(1, ['a1', 'a2', 'a3'])
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
    expect(await listed(subject.journal.read(1, 0, seqs[2] ?? 0))).toEqual(lines)
    const last = await subject.journal.last(1)
    expect([last?.seq, last?.id, new TextDecoder().decode(last?.bytes)]).toEqual([
      seqs[2],
      'a3',
      'body of a3',
    ])
  })

  test('JN3 an append after any other entry than the last is refused, and nothing is stored', async () => {
    const { seqs, lines } = await subject.fill(2, ['b1', 'b2'])
    await expect(subject.journal.append(2, 'b3', bytesOf('x'), seqs[0] ?? 0)).rejects.toThrow()
    await expect(subject.journal.append(2, 'b4', bytesOf('x'), 0)).rejects.toThrow()
    await expect(subject.journal.append(2, 'b5', bytesOf('x'), (seqs[1] ?? 0) + 1)).rejects.toThrow()
    expect(await listed(subject.journal.read(2, 0, (seqs[1] ?? 0) + 10))).toEqual(lines)
  })

  test('JN4 a claim needs no expected entry, and from then on the old writer is refused', async () => {
    const { seqs } = await subject.fill(3, ['c1'])
    const claim = await subject.journal.claim(3, 'c:3:2:w', bytesOf('claim'))
    await expect(subject.journal.append(3, 'c2', bytesOf('late'), seqs[0] ?? 0)).rejects.toThrow()
    expect((await subject.journal.last(3))?.id).toBe('c:3:2:w')
    expect(await subject.journal.append(3, 'c3', bytesOf('new'), claim)).toBeGreaterThan(claim)
  })

  test('JN4 a claim of an empty shard is its first entry', async () => {
    const seq = await subject.journal.claim(4, 'c:4:1:w', bytesOf('claim'))
    expect((await subject.journal.last(4))?.seq).toBe(seq)
  })
}

function reading(subject: Subject): void {
  test('JN5 an id is stored once, however often it is sent', async () => {
    const seq = await subject.journal.append(5, 'd1', bytesOf('first'), 0)
    for (const expected of [0, seq])
      expect([seq, undefined]).toContain(
        await subject.journal.append(5, 'd1', bytesOf('first'), expected).catch(() => undefined),
      )
    await subject.journal.claim(5, 'd1', bytesOf('first')).catch(() => undefined)
    expect(await listed(subject.journal.read(5, 0, seq + 10))).toEqual([`${seq} d1 first`])
  })

  test('JN6 a reading begins after one entry and ends with another, whatever comes later', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `e${index}`)
    const { seqs, lines } = await subject.fill(6, ids)
    const [from, until] = [seqs[4] ?? 0, seqs[11] ?? 0]
    expect(await listed(subject.journal.read(6, from, until))).toEqual(lines.slice(5, 12))
    expect(await listed(subject.journal.read(6, until, until))).toEqual([])
  })

  test('JN7 shards that are written at the same time do not disturb each other', async () => {
    const ids = (shard: number) => Array.from({ length: 50 }, (_, index) => `s${shard}:${index}`)
    const filled = await Promise.all([7, 8, 9, 10].map((shard) => subject.fill(shard, ids(shard))))
    for (const [index, { seqs, lines }] of filled.entries())
      expect(await listed(subject.journal.read(7 + index, 0, seqs.at(-1) ?? 0))).toEqual(lines)
  })

  test('JN8 the largest record is kept whole', async () => {
    const bytes = new Uint8Array(limits.record_bytes_max).map((_, index) => index * 7)
    const seq = await subject.journal.append(11, 'big', bytes, 0)
    for await (const entry of subject.journal.read(11, 0, seq))
      expect(Buffer.compare(entry.bytes, bytes)).toBe(0)
    expect(Buffer.compare((await subject.journal.last(11))?.bytes ?? new Uint8Array(), bytes)).toBe(0)
  })

  test('JN9 a log longer than any batch is read without a gap', async () => {
    const count = limits.read_batch_entries * 2 + 3
    const ids = Array.from({ length: count }, (_, index) => `g${index}`)
    const { seqs, lines } = await subject.fill(12, ids)
    expect(await listed(subject.journal.read(12, 0, seqs.at(-1) ?? 0))).toEqual(lines)
    for await (const entry of subject.journal.read(12, 0, seqs.at(-1) ?? 0)) {
      expect(entry.id).toBe('g0')
      break
    }
  })
}
