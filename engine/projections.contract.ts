/** What every projection promises, whatever it is made of. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DurableFrame, Fault, type Projections } from './ports.ts'

interface OpenProjections {
  readonly projections: Projections
  close(): Promise<void>
}

const frame = (shard: number, n: number): DurableFrame => ({
  seq: n * 7,
  frame: { shard, n, at_ms: 1_000 + n, events: [], commands: [] },
})

/** Runs the suite. `open` gives projections into which nothing has gone; one serves the whole suite, a shard or two a test. */
export function projectionsContract(name: string, open: () => Promise<OpenProjections>): void {
  describe(`the projections (${name})`, () => {
    let opened: OpenProjections | undefined
    beforeAll(async () => {
      opened = await open()
    }, 120_000)
    afterAll(() => opened?.close())
    const subject = () => {
      if (!opened) throw new Error('the projections are not open')
      return opened.projections
    }

    test('PJ1 the watermark of a shard is its last frame that is in, and 0 before the first', async () => {
      expect(await subject().watermark(1)).toEqual({ n: 0, seq: 0 })
      await subject().project([frame(1, 1), frame(1, 2)])
      expect(await subject().watermark(1)).toEqual({ n: 2, seq: 14 })
      await subject().project([])
      expect(await subject().watermark(1)).toEqual({ n: 2, seq: 14 })
    })

    test('PJ1 one call may hold frames of several shards, in order per shard', async () => {
      await subject().project([frame(12, 1), frame(11, 1), frame(12, 2), frame(11, 2), frame(11, 3)])
      expect(await subject().watermark(11)).toEqual({ n: 3, seq: 21 })
      expect(await subject().watermark(12)).toEqual({ n: 2, seq: 14 })
    })

    test('PJ2 frames that are in already change nothing, alone or before new ones', async () => {
      await subject().project([frame(21, 1), frame(21, 2)])
      await subject().project([frame(21, 1), frame(21, 2)])
      expect(await subject().watermark(21)).toEqual({ n: 2, seq: 14 })
      await subject().project([frame(21, 2), frame(21, 3)])
      expect(await subject().watermark(21)).toEqual({ n: 3, seq: 21 })
    })

    test('PJ3 a gap is a fault that names it, and nothing of the call is in', async () => {
      await subject().project([frame(31, 1)])
      const refusal = await subject()
        .project([frame(32, 1), frame(31, 3)])
        .catch((error: unknown) => error)
      expect(refusal).toBeInstanceOf(Fault)
      expect(refusal).toMatchObject({ retry: false, message: expect.stringContaining('frame 3 after 1') })
      expect(await subject().watermark(31)).toEqual({ n: 1, seq: 7 })
      expect(await subject().watermark(32)).toEqual({ n: 0, seq: 0 })
    })

    test('PJ4 two projectors of the same frames at once leave them in once', async () => {
      const frames = [frame(41, 1), frame(41, 2), frame(42, 1)]
      await Promise.all([
        subject().project(frames),
        subject().project([...frames].reverse().slice(0, 1)),
        subject().project(frames),
      ])
      expect(await subject().watermark(41)).toEqual({ n: 2, seq: 14 })
      expect(await subject().watermark(42)).toEqual({ n: 1, seq: 7 })
    })
  })
}
