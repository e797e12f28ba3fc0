/** What every snapshot store promises, whatever it is made of. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ActorRow, type Cut, type CutHead, Fault, type Snapshots } from './ports.ts'

interface OpenSnapshots {
  readonly snapshots: Snapshots
  close(): Promise<void>
}

const bytes = (text: string) => new TextEncoder().encode(text)
const actor = (id: string, seq: number, more: Partial<ActorRow> = {}): ActorRow => ({
  kind: 'runner',
  id,
  seq,
  state: bytes(`${id} at ${seq}`),
  ...more,
})

function cutOf(shard: number, n: number, actors: readonly ActorRow[], epoch = 1): Cut {
  const shard_row = bytes(`row of ${n}`)
  return { shard, epoch, n, log_seq: n * 10, hash: `h${n}`, at_ms: 1_000 + n, shard_row, actors }
}

const headOf = ({ actors: _actors, ...head }: Cut): CutHead => head

/** All actors of a cut by id; an actor that comes twice fails. */
async function loaded(snapshots: Snapshots, shard: number, n: number): Promise<Map<string, ActorRow>> {
  const found = new Map<string, ActorRow>()
  for await (const batch of snapshots.load(shard, n)) {
    for (const row of batch) {
      expect(found.has(`${row.kind} ${row.id}`)).toBe(false)
      found.set(`${row.kind} ${row.id}`, row)
    }
  }
  return found
}

type Subject = () => Snapshots

/** Runs the suite. `open` gives a store with no cuts; one serves the whole suite, a shard or two a test. */
export function snapshotsContract(name: string, open: () => Promise<OpenSnapshots>): void {
  describe(`the snapshots (${name})`, () => {
    let opened: OpenSnapshots | undefined
    beforeAll(async () => {
      opened = await open()
    }, 120_000)
    afterAll(() => opened?.close())
    const subject = () => {
      if (!opened) throw new Error('the snapshots are not open')
      return opened.snapshots
    }
    loading(subject)
    fencing(subject)
    dropping(subject)
    waking(subject)
  })
}

function loading(subject: Subject): void {
  test('SN1 a cut is loaded with every actor as it was then, also those that had not changed', async () => {
    const first = cutOf(1, 5, [actor('a', 1), actor('b', 1, { latitude: 1.5, longitude: 103.75 })])
    const second = cutOf(1, 9, [actor('a', 4), actor('c', 1, { kind: 'booking' })])
    await subject().save(first)
    await subject().save(second)
    expect(await subject().cuts(1)).toEqual([headOf(second), headOf(first)])
    const old = { a: first.actors[0], b: first.actors[1] }
    expect(await loaded(subject(), 1, 5)).toEqual(
      new Map([
        ['runner a', old.a],
        ['runner b', old.b],
      ]),
    )
    expect(await loaded(subject(), 1, 9)).toEqual(
      new Map([
        ['runner a', second.actors[0]],
        ['runner b', old.b],
        ['booking c', second.actors[1]],
      ]),
    )
  })

  test('SN2 the two newest cuts can be loaded, an older one cannot', async () => {
    for (const n of [2, 4, 6, 8]) await subject().save(cutOf(2, n, [actor(`of-${n}`, n), actor('each', n)]))
    expect((await subject().cuts(2)).map(({ n }) => n)).toEqual([8, 6])
    const seqs = async (n: number) =>
      [...(await loaded(subject(), 2, n)).values()].map(({ seq }) => seq).sort()
    expect(await seqs(6)).toEqual([2, 4, 6, 6])
    expect(await seqs(8)).toEqual([2, 4, 6, 8, 8])
    await expect(loaded(subject(), 2, 4)).rejects.toThrow(Fault)
  })

  test('SN3 a large cut arrives in batches, every actor once', async () => {
    const many = Array.from({ length: 10_001 }, (_, index) => actor(`id-${index}`, 1))
    await subject().save(cutOf(3, 1, many))
    await subject().save(
      cutOf(
        3,
        2,
        many.slice(0, 2_000).map((row) => ({ ...row, seq: 2 })),
      ),
    )
    const found = await loaded(subject(), 3, 2)
    expect(found.size).toBe(10_001)
    expect([...found.values()].filter(({ seq }) => seq === 2)).toHaveLength(2_000)
    expect((await loaded(subject(), 3, 1)).get('runner id-0')?.seq).toBe(1)
  }, 60_000)

  test('SN4 shards know nothing of each other, and an empty one has no cut', async () => {
    await subject().save(cutOf(4, 3, [actor('a', 1)]))
    await subject().save(cutOf(5, 3, [actor('a', 7)]))
    expect((await loaded(subject(), 4, 3)).get('runner a')?.seq).toBe(1)
    expect((await loaded(subject(), 5, 3)).get('runner a')?.seq).toBe(7)
    expect(await subject().cuts(6)).toEqual([])
    expect(await subject().wake(6, 'runner', 'a')).toBeUndefined()
  })
}

function fencing(subject: Subject): void {
  test('SN5 a cut of an earlier epoch or frame than the newest is refused for good and changes nothing', async () => {
    const kept = cutOf(10, 20, [actor('a', 5)], 3)
    await subject().save(kept)
    for (const late of [cutOf(10, 25, [actor('a', 9)], 2), cutOf(10, 19, [actor('a', 4)], 3)]) {
      const refusal = await subject()
        .save(late)
        .then(
          () => undefined,
          (error: unknown) => error,
        )
      expect(refusal).toBeInstanceOf(Fault)
      expect(refusal).toMatchObject({ retry: false })
    }
    expect(await subject().cuts(10)).toEqual([headOf(kept)])
    expect((await subject().wake(10, 'runner', 'a'))?.seq).toBe(5)
  })

  test('SN6 saving a cut again, or the same frame in a later epoch, does not add one', async () => {
    const older = cutOf(11, 4, [actor('a', 1)])
    const cut = cutOf(11, 7, [actor('a', 2), actor('b', 1)])
    await subject().save(older)
    await subject().save(cut)
    await subject().save(cut)
    expect((await subject().cuts(11)).map(({ n }) => n)).toEqual([7, 4])
    await subject().save({ ...cut, epoch: 2, log_seq: 99, actors: [actor('b', 1)] })
    expect((await subject().cuts(11)).map(({ n, epoch, log_seq }) => [n, epoch, log_seq])).toEqual([
      [7, 2, 99],
      [4, 1, 40],
    ])
    expect([...(await loaded(subject(), 11, 7)).values()].map(({ id, seq }) => [id, seq]).sort()).toEqual([
      ['a', 2],
      ['b', 1],
    ])
    expect((await loaded(subject(), 11, 4)).get('runner a')?.seq).toBe(1)
  })
}

function dropping(subject: Subject): void {
  test('SN14 a cut that is not of the log is dropped with its rows, and a true one comes in its place', async () => {
    const older = cutOf(30, 4, [actor('a', 1), actor('b', 1)])
    const strange = cutOf(30, 1_000, [actor('a', 9), actor('c', 1)], 7)
    await subject().save(older)
    await subject().save(strange)
    const next = cutOf(30, 6, [actor('a', 2)], 2)
    await expect(subject().save(next)).rejects.toMatchObject({ retry: false })
    await subject().drop({ shard: 30, epoch: 6, n: 1_000 })
    expect(await subject().cuts(30)).toEqual([headOf(strange), headOf(older)])
    await subject().drop(strange)
    await subject().drop(strange)
    expect(await subject().cuts(30)).toEqual([headOf(older)])
    expect((await subject().wake(30, 'runner', 'a'))?.seq).toBe(1)
    expect(await subject().wake(30, 'runner', 'c')).toBeUndefined()
    await subject().save(next)
    expect([...(await loaded(subject(), 30, 6)).values()].map(({ id, seq }) => [id, seq]).sort()).toEqual([
      ['a', 2],
      ['b', 1],
    ])
  })
}

function waking(subject: Subject): void {
  test('SN7 one actor wakes as it was at the newest cut', async () => {
    const placed = actor('a', 2, { latitude: -1.25, longitude: 101.5 })
    await subject().save(cutOf(20, 1, [actor('a', 1), actor('b', 1)]))
    await subject().save(cutOf(20, 2, [placed]))
    expect(await subject().wake(20, 'runner', 'a')).toEqual(placed)
    expect(await subject().wake(20, 'runner', 'b')).toEqual(actor('b', 1))
    expect(await subject().wake(20, 'booking', 'a')).toBeUndefined()
  })
}
