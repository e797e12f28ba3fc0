/** A second set of the tables that people query, built from the log beside the ones that are served. */
import type { DurableFrame } from './ports.ts'
import type { Position } from './shard_row.ts'

/** How a table differs from what the log says. */
export interface TableDifference {
  readonly table: string
  /** Rows that the log wants. */
  readonly rows: number
  /** Rows that the log wants and the table lacks, and rows that it has and the log does not want. */
  readonly missing: number
  readonly extra: number
  /** Keys of some of them. */
  readonly examples: readonly string[]
}

/** Frames up to these positions that the workbench has not been given yet, in order. */
export type Rest = (marks: ReadonlyMap<number, Position>) => AsyncIterable<readonly DurableFrame[]>

export interface Workbench {
  /** One transaction, as the projections' own. */
  project(frames: readonly DurableFrame[]): Promise<void>
  /** How far the served tables are. */
  marks(): Promise<ReadonlyMap<number, Position>>
  /** Takes in the rest up to where the served tables are, and compares, all as of one moment. Nobody waits for it. */
  compare(rest: Rest): Promise<readonly TableDifference[]>
  /**
   * The same, and makes the served tables what the log says, in one transaction: readers see all of it or nothing, and
   * the projector waits for it and goes on behind it.
   */
  takeOver(rest: Rest): Promise<readonly TableDifference[]>
  /** Clears the place; the served tables stay as they are. */
  close(): Promise<void>
}
