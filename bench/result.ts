/** One row of the report. Ratios are `ours / floor` and `ours / peer`, whichever way is better. */
export interface Result {
  readonly name: string
  readonly ours: number
  readonly floor: number | null
  readonly peer: number | null
  readonly unit: string
  readonly rounds: number
  readonly ratio_floor: number | null
  readonly ratio_peer: number | null
  /** What else was measured, by name with its unit; `counts` says in words what was counted. */
  readonly extra: Readonly<Record<string, unknown>>
}

export interface Options {
  /** Rounds that count; one more warms up. */
  readonly rounds: number
  /** Sizes given on the command line, `--name value`. */
  size(name: string, usual: number): number
  /** A line of progress on the error stream. */
  note(line: string): void
}

export interface Bench {
  readonly name: string
  /** What `ours` must reach, in words with its unit; the report shows it beside the figure. */
  readonly target: string
  readonly meets: (result: Result) => boolean
  readonly run: (options: Options) => Promise<Result>
}

/** A row without what is not measured. */
export function resultOf(
  name: string,
  unit: string,
  rounds: number,
  figures: { ours: number; floor?: number; peer?: number },
  extra: Readonly<Record<string, unknown>>,
): Result {
  const { ours, floor = null, peer = null } = figures
  return {
    name,
    ours: rounded(ours),
    floor: floor === null ? null : rounded(floor),
    peer: peer === null ? null : rounded(peer),
    unit,
    rounds,
    ratio_floor: floor === null ? null : rounded(ours / floor),
    ratio_peer: peer === null ? null : rounded(ours / peer),
    extra,
  }
}

/** Four significant digits, whole from a thousand on. */
export const rounded = (value: number): number =>
  Math.abs(value) >= 1_000 ? Math.round(value) : Number(value.toPrecision(4))

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}
