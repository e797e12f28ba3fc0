/** A what-if as a table for people. */
import type { Group, Measures } from './measures.ts'

/** The columns, in their order; the last is the third less the second. */
export interface Columns {
  readonly recorded: Measures
  readonly baseline: Measures
  readonly whatif: Measures
  readonly difference: Measures
}

type Form = (value: number) => string

const whole: Form = (value) => String(value)
const km: Form = (value) => value.toFixed(2)
const seconds: Form = (value) => value.toFixed(0)
const share: Form = (value) => value.toFixed(3)
/** Sen as ringgit, exact. */
export const ringgit: Form = (cents) => {
  const digits = String(Math.abs(cents)).padStart(3, '0')
  return `${cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

interface Row {
  readonly label: string
  readonly of: (measures: Measures) => number | null
  readonly form: Form
}

const row = (label: string, of: Row['of'], form: Form): Row => ({ label, of, form })

const service = (of: (measures: Measures) => Group): readonly Row[] => [
  row('bookings asked', (all) => of(all).asked, whole),
  row('  refused by the rules', (all) => of(all).refused, whole),
  row('  assigned', (all) => of(all).assigned, whole),
  row('  unserved', (all) => of(all).unserved, whole),
  row('  delivered', (all) => of(all).delivered, whole),
  row('  cancelled', (all) => of(all).cancelled, whole),
  row('pickup distance, mean km', (all) => of(all).pickup_km.mean, km),
  row('  p50 km', (all) => of(all).pickup_km.p50, km),
  row('  p95 km', (all) => of(all).pickup_km.p95, km),
  row('wait until accepted, p50 s', (all) => of(all).accept_wait_s.p50, seconds),
  row('  p95 s', (all) => of(all).accept_wait_s.p95, seconds),
  row('wait until picked up, p50 s', (all) => of(all).pickup_wait_s.p50, seconds),
  row('  p95 s', (all) => of(all).pickup_wait_s.p95, seconds),
  row('gross fare of deliveries, MYR', (all) => of(all).money.gross_cents, ringgit),
  row('  nobody paid', (all) => of(all).money.unpaid_cents, ringgit),
  row('  platform fee', (all) => of(all).money.platform_fee_cents, ringgit),
  row('  runner payout', (all) => of(all).money.runner_payout_cents, ringgit),
]

const sections: readonly (readonly [title: string, rows: readonly Row[]])[] = [
  ['all bookings', service(({ all }) => all)],
  ['high-tier bookings', service(({ high_tier }) => high_tier)],
  ['normal-tier bookings', service(({ normal }) => normal)],
  [
    'fairness among runners who were online',
    [
      row('runners', ({ fairness }) => fairness.runners, whole),
      row('  who earned', ({ fairness }) => fairness.earning_runners, whole),
      row('earnings, Gini', ({ fairness }) => fairness.earnings_gini, share),
      row('  p90 / p10', ({ fairness }) => fairness.earnings_p90_by_p10, share),
      row('jobs per online hour, Gini', ({ fairness }) => fairness.jobs_per_hour_gini, share),
      row('  p90 / p10', ({ fairness }) => fairness.jobs_per_hour_p90_by_p10, share),
    ],
  ],
]

const signed = (form: Form) => (value: number) => {
  const text = form(value)
  return Number(text) > 0 ? `+${text}` : text.replace(/^-(0(\.0+)?)$/, '$1')
}

const cell = (value: number | null, form: Form) => (value === null ? '-' : form(value))

const cellsOf = (columns: Columns, { label, of, form }: Row): readonly string[] => [
  label,
  cell(of(columns.recorded), form),
  cell(of(columns.baseline), form),
  cell(of(columns.whatif), form),
  cell(of(columns.difference), signed(form)),
]

const heads = ['', 'recorded', 'baseline', 'what-if', 'difference']

/** Aligned lines; tiers are left out where all bookings are of one. */
export function tableOf(columns: Columns): readonly string[] {
  const blocks = sections.map(([title, rows]) => ({ title, cells: rows.map((one) => cellsOf(columns, one)) }))
  const isEmpty = ({ cells }: (typeof blocks)[number]) => cells[0]?.slice(1, 4).every((text) => text === '0')
  const tiers = blocks.filter(({ title }) => title.endsWith('-tier bookings'))
  const shown = tiers.some(isEmpty) ? blocks.filter((block) => !tiers.includes(block)) : blocks
  const all = [heads, ...shown.flatMap(({ cells }) => cells)]
  const widths = heads.map((_head, place) => Math.max(...all.map((cells) => (cells[place] ?? '').length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((text, place) => (place === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[place] ?? 0)))
      .join('  ')
      .trimEnd()
  return [line(heads), ...shown.flatMap(({ title, cells }) => ['', title, ...cells.map(line)])]
}
