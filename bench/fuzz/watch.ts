// What an engine under test shows of itself: its memory, and lines that it should never have to log.
import { readFileSync } from 'node:fs'

const sample_ms = 1_000
const lines_max = 20
/** Until so much of the way is done, memory fills what is bounded. */
const settled = 0.4
const growth_max = 1.2
const growth_free_bytes = 64 * 1024 ** 2

export class EngineWatch {
  readonly samples: number[] = []
  readonly last_lines: string[] = []
  readonly wrong: string[] = []
  #timer: NodeJS.Timeout | undefined

  /** A line that the engine printed or logged: bugs are errors, and name themselves so. */
  hear(line: string): void {
    this.last_lines.push(line)
    if (this.last_lines.length > lines_max) this.last_lines.shift()
    const is_bug = /met a bug|[Uu]nhandled|"level":"error"/.test(line)
    if (is_bug && this.wrong.length < lines_max) this.wrong.push(`the engine says: ${line.slice(0, 1_000)}`)
  }

  follow(pid: number): void {
    this.#timer = setInterval(() => {
      const bytes = residentBytes(pid)
      if (bytes > 0) this.samples.push(bytes)
    }, sample_ms)
  }

  end(): void {
    clearInterval(this.#timer)
  }
}

/** Resident memory of a process; 0 where that cannot be read. */
function residentBytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

const medianOf = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** In words, when memory at the end is well above what it was once everything was warm. */
export function growthOf(samples: readonly number[]): string | undefined {
  const warm = samples.slice(Math.floor(samples.length * settled))
  const quarter = Math.floor(warm.length / 4)
  if (quarter < 2) return undefined
  const [before, after] = [medianOf(warm.slice(0, quarter)), medianOf(warm.slice(-quarter))]
  if (after <= before * growth_max + growth_free_bytes) return undefined
  return `the engine grew from ${Math.round(before / 1024 ** 2)} to ${Math.round(after / 1024 ** 2)} MiB`
}
