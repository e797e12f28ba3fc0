/** What a drill came to. It kept its word when nothing is lost or doubled, and nothing else is wrong. */
export interface Outcome {
  /** Commands that were acked; for a drill that gives none, what it asked. */
  readonly acked: number
  readonly lost: number
  readonly doubled: number
  /** From the fault to the first durable command and answered list after it, milliseconds, at most; null where nothing stops serving. */
  readonly serving_ms: number | null
  /** Everything else that is not as it should be, in words. */
  readonly wrong: readonly string[]
  /** What else was counted, by name with its unit. */
  readonly extra?: Readonly<Record<string, unknown>>
}

export interface DrillOptions {
  readonly form: 'short' | 'long'
  readonly rounds: number
  readonly seed: number
  readonly shards: number
  readonly token_issuer: string
  /** A line of progress on the error stream. */
  readonly note: (line: string) => void
  /** Told of each process that should have ended with the drill, which fails it. */
  readonly left: (what: string) => void
}

/** How much of a drill is run, and when it is ended at the latest. */
export interface Form {
  readonly rounds: number
  readonly limit_s: number
}

export interface Drill {
  readonly name: string
  /** What it must reach, in words. */
  readonly target: string
  /** For every change; all of them together take less than five minutes. */
  readonly short: Form
  readonly long: Form
  /** It measures how long answers take: no other drill runs beside it. */
  readonly is_alone?: boolean
  /** Rejects when the drill itself could not be carried out, which fails it too. */
  readonly run: (options: DrillOptions) => Promise<Outcome>
}

/** One line of the table. */
export interface Row extends Outcome {
  readonly name: string
  readonly target: string
  /** What gives this row again. */
  readonly command: string
  readonly form: 'short' | 'long'
  readonly rounds: number
  readonly seed: number
  readonly seconds: number
  readonly verdict: 'passed' | 'failed'
}

export interface Ran {
  readonly form: 'short' | 'long'
  readonly rounds: number
  readonly seed: number
  readonly seconds: number
}

/** The row of a drill that came to an end, with the processes that it left behind. */
export function rowOf(
  { name, target }: Drill,
  { form, rounds, seed, seconds }: Ran,
  outcome: Outcome,
  left: readonly string[] = [],
): Row {
  const { acked, lost, doubled, serving_ms, extra } = outcome
  const wrong = [...outcome.wrong, ...left]
  const is_kept = lost === 0 && doubled === 0 && wrong.length === 0
  const command = `npm run drill -- ${name}${form === 'short' ? ' --short' : ''} --rounds ${rounds} --seed ${seed}`
  const told = { acked, lost, doubled, serving_ms, seconds, verdict: is_kept ? 'passed' : 'failed' } as const
  return { name, target, command, form, rounds, seed, ...told, wrong, ...(extra ? { extra } : {}) }
}

/** The row of a drill that told nothing, for the reason given. */
export const failedRow = (drill: Drill, ran: Ran, why: string): Row =>
  rowOf(drill, ran, { acked: 0, lost: 0, doubled: 0, serving_ms: null, wrong: [why] })

const widths = [-10, -6, 6, 9, 6, 8, 11, 8, 8]
const line = (cells: readonly (string | number)[]): string =>
  cells
    .map((cell, index) => {
      const width = widths[index] ?? 0
      return width < 0 ? String(cell).padEnd(-width) : String(cell).padStart(width)
    })
    .join(' ')

/** The rows as a table, each with its target and what was wrong under it. */
export function* tableOf(rows: readonly Row[]): Generator<string> {
  yield line(['drill', 'form', 'rounds', 'acked', 'lost', 'doubled', 'serving ms', 'seconds', 'verdict'])
  for (const row of rows) {
    const { name, form, rounds, acked, lost, doubled, serving_ms, seconds, verdict } = row
    yield line([name, form, rounds, acked, lost, doubled, serving_ms ?? '-', seconds, verdict])
    yield `    ${row.target}`
    yield `    ${row.command}`
    for (const wrong of row.wrong.slice(0, 10)) yield `    ! ${wrong}`
  }
}
