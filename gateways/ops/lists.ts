/** The tables that people query, derived from the log once more: `kilat rebuild projections`, and their part of `kilat verify`. */
import { batchesOf } from '../../engine/frames.ts'
import { tipsOf } from '../../engine/log_walk.ts'
import type { DurableFrame } from '../../engine/ports.ts'
import type { Position } from '../../engine/shard_row.ts'
import type { TableDifference, Workbench } from '../../engine/workbench.ts'
import { limits } from '../../protocols/limits.ts'
import type { Desk, Log, Verb } from './desk.ts'
import { Progress } from './progress.ts'

/** Brings a workbench up to positions of the log, each time from where it is. */
class Filling {
  readonly #log: Log
  readonly #progress: Progress
  readonly #at: number[]

  constructor(desk: Desk, log: Log) {
    this.#log = log
    this.#progress = new Progress(desk, 'lists')
    this.#at = Array.from({ length: log.shards }, () => 0)
  }

  /** Frames that are not in yet, up to these sequences. */
  async *until(seqs: readonly number[]): AsyncGenerator<readonly DurableFrame[]> {
    for (const [shard, until] of seqs.entries()) {
      for await (const frames of batchesOf(this.#log.journal, shard, this.#at[shard] ?? 0, until)) {
        yield frames
        this.#at[shard] = frames.at(-1)?.seq ?? 0
        this.#progress.add(frames.reduce((sum, { frame }) => sum + frame.events.length, 0))
      }
    }
  }

  readonly rest = (marks: ReadonlyMap<number, Position>) =>
    this.until(this.#at.map((at, shard) => Math.max(at, marks.get(shard)?.seq ?? 0)))

  /** The log grows meanwhile: each round has less to catch up with, until the rest is small. */
  async fill(bench: Workbench, target: () => Promise<readonly number[]>): Promise<void> {
    for (
      let round = 0, lag = Number.POSITIVE_INFINITY;
      lag > limits.workbench_lag_frames && round < 10;
      round++
    ) {
      lag = 0
      for await (const frames of this.until(await target())) {
        await bench.project(frames)
        lag += frames.length
      }
    }
  }
}

/** How the lists differ from the log, as of one moment. */
export async function compareLists(desk: Desk): Promise<readonly TableDifference[]> {
  const [log, bench] = [await desk.log(), await desk.workbench()]
  try {
    const filling = new Filling(desk, log)
    await filling.fill(bench, async () => {
      const marks = await bench.marks()
      return Array.from({ length: log.shards }, (_, shard) => marks.get(shard)?.seq ?? 0)
    })
    return await bench.compare(filling.rest)
  } finally {
    await bench.close()
  }
}

/** `kilat rebuild projections`. */
export const rebuildProjections: Verb = async (desk, words) => {
  const [log, bench] = [await desk.log(), await desk.workbench()]
  try {
    const filling = new Filling(desk, log)
    await filling.fill(bench, () => tipsOf(log.journal, log.shards))
    desk.note('taking the place of the served lists')
    const tables = await bench.takeOver(filling.rest)
    if (words.values.json === true) desk.print(JSON.stringify({ tables }))
    else
      for (const { table, rows, missing, extra } of tables)
        desk.print(`${table.padEnd(24)} ${rows} rows, ${missing} put in, ${extra} taken away`)
    return true
  } finally {
    await bench.close()
  }
}
