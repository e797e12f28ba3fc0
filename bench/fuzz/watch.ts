// What an engine under test shows of itself: lines that it should never have to log, and what lives in its heaps.

const lines_max = 20
/** Until so much of the way is done, memory fills what is bounded. */
const settled = 0.4
const growth_max = 1.2
const growth_free_mb = 64
/** With its garbage, which may be more than all that lives; and with what no heap counts. */
const resident_max_mb = 1_024

export class EngineWatch {
  readonly last_lines: string[] = []
  readonly wrong: string[] = []

  /** A line that the engine printed or logged: bugs are errors, and name themselves so. */
  hear(line: string): void {
    this.last_lines.push(line)
    if (this.last_lines.length > lines_max) this.last_lines.shift()
    const is_bug = /met a bug|[Uu]nhandled|"level":"error"/.test(line)
    if (is_bug && this.wrong.length < lines_max) this.wrong.push(`the engine says: ${line.slice(0, 1_000)}`)
  }
}

const medianOf = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/**
 * In words, when what lives at the end is well above what lived once everything was warm. `living_mb` is after a
 * collection each: what the kernel counts, `resident_mb`, is mostly garbage that nobody needed to collect yet, and is
 * too much only above a bound.
 */
export function growthOf(living_mb: readonly number[], resident_mb: number): string | undefined {
  if (resident_mb > resident_max_mb) return `the engine holds ${resident_mb} MB of memory`
  const warm = living_mb.slice(Math.floor(living_mb.length * settled))
  const quarter = Math.floor(warm.length / 4)
  if (quarter < 2) return undefined
  const [before, after] = [medianOf(warm.slice(0, quarter)), medianOf(warm.slice(-quarter))]
  if (after <= before * growth_max + growth_free_mb) return undefined
  return `what lives in the engine grew from ${Math.round(before)} to ${Math.round(after)} MB`
}
