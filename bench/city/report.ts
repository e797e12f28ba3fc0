import type { Histogram } from 'hdr-histogram-js'
import type { Findings } from './audit.ts'
import { type Ledger, totalOf } from './ledger.ts'

/** All that a city's run came to: what `--json` prints. Times in milliseconds. */
export interface CityReport {
  readonly seed: number
  readonly runners: number
  readonly owners: number
  readonly seconds: number
  readonly bookings: Readonly<Record<string, number>>
  /** Each is one GPS fix. `late` ones came with a backlog. */
  readonly pings: Readonly<{ sent: number; acked: number; late: number }>
  readonly refused_fixes: Readonly<Record<string, number>>
  readonly feed: Readonly<{
    frames: number
    matched: number
    p50_ms: number
    p99_ms: number
    backwards: number
  }>
  readonly commands: Readonly<Record<string, CommandRow>>
  readonly expected_refusals: Readonly<Record<string, number>>
  /** Answers after which a command was sent again under the same key. */
  readonly retries: Readonly<Record<string, number>>
  readonly errors: Readonly<Record<string, number>>
  readonly audit: Findings
  readonly is_good: boolean
}

interface CommandRow {
  readonly acked: number
  readonly refused: number
  readonly failed: number
  readonly p50_ms: number
  readonly p99_ms: number
}

const quantile = (histogram: Histogram, percent: number): number =>
  histogram.totalCount === 0 ? 0 : Math.round(histogram.getValueAtPercentile(percent) / 10) / 100

/** Good: nothing acked is missing, nothing is doubled or illegal, no feed went backwards, and there were no errors. */
export function reportOf(
  run: Pick<CityReport, 'seed' | 'runners' | 'owners' | 'seconds'>,
  ledger: Ledger,
  audit: Findings,
): CityReport {
  const commands: Record<string, CommandRow> = {}
  for (const [kind, { acked, refused, failed, latency }] of ledger.kinds)
    commands[kind] = { acked, refused, failed, p50_ms: quantile(latency, 50), p99_ms: quantile(latency, 99) }
  const breaches = [audit.lost, audit.lost_waypoints, audit.doubled, audit.illegal, audit.broken]
  const is_good =
    breaches.every((list) => list.length === 0) && ledger.backwards === 0 && totalOf(ledger.errors) === 0
  return {
    ...run,
    bookings: audit.bookings,
    pings: {
      sent: ledger.fixes_sent,
      acked: ledger.fixes_acked,
      late: ledger.backlog_fixes,
    },
    refused_fixes: Object.fromEntries(ledger.refused_fixes),
    feed: {
      frames: ledger.frames,
      matched: ledger.feed_us.totalCount,
      p50_ms: quantile(ledger.feed_us, 50),
      p99_ms: quantile(ledger.feed_us, 99),
      backwards: ledger.backwards,
    },
    commands,
    expected_refusals: Object.fromEntries(ledger.expected),
    retries: Object.fromEntries(ledger.retries),
    errors: Object.fromEntries(ledger.errors),
    audit,
    is_good,
  }
}

const columns = (cells: readonly (string | number)[]): string =>
  cells.map((cell, index) => (index === 0 ? String(cell).padEnd(26) : String(cell).padStart(10))).join('')

function* counts(title: string, found: Readonly<Record<string, number>>): Generator<string> {
  const rows = Object.entries(found).sort(([, a], [, b]) => b - a)
  yield ''
  yield columns([title, rows.reduce((sum, [, count]) => sum + count, 0)])
  for (const [name, count] of rows) yield columns([`  ${name}`, count])
}

function* examples(title: string, found: readonly string[]): Generator<string> {
  yield columns([title, found.length])
  for (const one of found.slice(0, 10)) yield `    ${one}`
}

/** The table at the end of a run. */
export function* tableOf(report: CityReport): Generator<string> {
  const { audit, feed, pings } = report
  yield columns(['commands', 'acked', 'refused', 'failed', 'p50 ms', 'p99 ms'])
  for (const [kind, row] of Object.entries(report.commands))
    yield columns([`  ${kind}`, row.acked, row.refused, row.failed, row.p50_ms, row.p99_ms])
  yield* counts('bookings by state', report.bookings)
  yield ''
  yield columns(['pings', 'sent', 'acked', 'late'])
  yield columns(['  all', pings.sent, pings.acked, pings.late])
  yield* counts('pings put aside, by reason', report.refused_fixes)
  yield ''
  yield columns(['feed', 'frames', 'matched', 'p50 ms', 'p99 ms'])
  yield columns(['  ping to owner', feed.frames, feed.matched, feed.p50_ms, feed.p99_ms])
  yield* counts('expected refusals', report.expected_refusals)
  yield* counts('tried again', report.retries)
  yield* counts('errors', report.errors)
  yield ''
  yield columns(['audit', 'checked', 'lost'])
  yield columns(['  acked commands', audit.checked_commands, audit.lost.length])
  yield columns(['  acked waypoints', audit.checked_waypoints, audit.lost_waypoints.length])
  yield* examples('  lost commands', audit.lost)
  yield* examples('  lost waypoints', audit.lost_waypoints)
  yield* examples('  doubled', audit.doubled)
  yield* examples('  illegal', audit.illegal)
  yield* examples('  broken log', audit.broken)
  yield columns(['  feeds gone backwards', feed.backwards])
  yield ''
  yield report.is_good ? 'all is well' : 'NOT WELL'
}
