/** What a time comes to: service, waits, fairness and money, of all bookings and by tier. */
import { limits } from '../../../protocols/limits.ts'
import { deciles, gini, meanOf, percentile, sumOf } from './figures.ts'
import type { RunnerRecord, Span } from './recorded.ts'
import type { Ride } from './rides.ts'

/** Null: there is nothing to reckon it from. */
type Figure = number | null

export interface Spread {
  readonly p50: Figure
  readonly p95: Figure
}

/** `asked` = `assigned` + `unserved`; `gross` = `unpaid` + `platform_fee` + `runner_payout`, of what was delivered, in sen. */
export interface Group {
  readonly asked: number
  readonly refused: number
  readonly assigned: number
  readonly unserved: number
  readonly delivered: number
  readonly cancelled: number
  readonly pickup_km: Spread & { readonly mean: Figure }
  readonly accept_wait_s: Spread
  readonly pickup_wait_s: Spread
  readonly money: {
    readonly gross_cents: number
    readonly unpaid_cents: number
    readonly platform_fee_cents: number
    readonly runner_payout_cents: number
  }
}

/** Of the runners who were online in the time. */
export interface Fairness {
  readonly runners: number
  readonly earning_runners: number
  readonly earnings_gini: Figure
  readonly earnings_p90_by_p10: Figure
  readonly jobs_per_hour_gini: Figure
  readonly jobs_per_hour_p90_by_p10: Figure
}

export interface Measures {
  readonly all: Group
  readonly high_tier: Group
  readonly normal: Group
  readonly fairness: Fairness
}

const figure = (value: number | undefined): Figure => value ?? null

const spread = (values: readonly number[]): Spread => ({
  p50: figure(percentile(values, 0.5)),
  p95: figure(percentile(values, 0.95)),
})

function groupOf(rides: readonly Ride[]): Group {
  const assigned = rides.filter(({ accepted_ms }) => accepted_ms > 0)
  const delivered = rides.filter(({ delivered_ms }) => delivered_ms > 0)
  const met = rides.filter(({ picked_up_ms }) => picked_up_ms > 0)
  const pickups_km = assigned.flatMap(({ pickup_km }) => (pickup_km === undefined ? [] : [pickup_km]))
  return {
    asked: rides.length,
    refused: rides.filter(({ refused }) => refused).length,
    assigned: assigned.length,
    unserved: rides.length - assigned.length,
    delivered: delivered.length,
    cancelled: rides.filter(({ cancelled_ms }) => cancelled_ms > 0).length,
    pickup_km: { mean: figure(meanOf(pickups_km)), ...spread(pickups_km) },
    accept_wait_s: spread(assigned.map(({ accepted_ms, asked_ms }) => (accepted_ms - asked_ms) / 1_000)),
    pickup_wait_s: spread(met.map(({ picked_up_ms, asked_ms }) => (picked_up_ms - asked_ms) / 1_000)),
    money: {
      gross_cents: sumOf(delivered.map(({ price_cents }) => price_cents)),
      unpaid_cents: sumOf(delivered.filter(({ paid }) => !paid).map(({ price_cents }) => price_cents)),
      platform_fee_cents: sumOf(delivered.map(({ platform_fee_cents }) => platform_fee_cents)),
      runner_payout_cents: sumOf(delivered.map(({ runner_payout_cents }) => runner_payout_cents)),
    },
  }
}

function fairnessOf(
  rides: readonly Ride[],
  runners: readonly RunnerRecord[],
  { from_ms, to_ms }: Span,
): Fairness {
  const earned = new Map(runners.map(({ id }) => [id, { cents: 0, jobs: 0 }]))
  for (const { runner_id, delivered_ms, runner_payout_cents } of rides) {
    const one = earned.get(runner_id)
    if (!one || delivered_ms === 0) continue
    one.cents += runner_payout_cents
    one.jobs += 1
  }
  const online = runners.filter(({ online_ms }) => online_ms > 0)
  const cents = online.map(({ id }) => earned.get(id)?.cents ?? 0)
  const rates = online
    .filter(({ online_ms }) => online_ms >= (to_ms - from_ms) * limits.whatif_online_share)
    .map(({ id, online_ms }) => (earned.get(id)?.jobs ?? 0) / (online_ms / 3_600_000))
  return {
    runners: online.length,
    earning_runners: cents.filter((sum) => sum > 0).length,
    earnings_gini: figure(gini(cents)),
    earnings_p90_by_p10: figure(deciles(cents)),
    jobs_per_hour_gini: figure(gini(rates)),
    jobs_per_hour_p90_by_p10: figure(deciles(rates)),
  }
}

export function measuresOf(
  rides: readonly Ride[],
  { runners, span }: { readonly runners: readonly RunnerRecord[]; readonly span: Span },
): Measures {
  return {
    all: groupOf(rides),
    high_tier: groupOf(rides.filter(({ high_tier }) => high_tier)),
    normal: groupOf(rides.filter(({ high_tier }) => !high_tier)),
    fairness: fairnessOf(rides, runners, span),
  }
}

const millionths = (value: number) => Math.round(value * 1e6) / 1e6

/** Each figure of the one less that of the other, to the sixth digit; null where either has none. */
export function difference<Whole>(one: Whole, other: Whole): Whole {
  if (typeof one === 'number' && typeof other === 'number') return millionths(one - other) as Whole
  if (typeof one !== 'object' || one === null || typeof other !== 'object' || other === null)
    return null as Whole
  return Object.fromEntries(
    Object.entries(one).map(([name, value]) => [
      name,
      difference(value, (other as Readonly<Record<string, unknown>>)[name]),
    ]),
  ) as Whole
}

/** How far two ways of the same bookings agree. */
export interface Agreement {
  readonly bookings: number
  /** Given to the same runner, or to nobody, both times. */
  readonly same_runner: number
  readonly another_runner: number
  /** Only the first, or only the second, had a runner for it. */
  readonly lost: number
  readonly won: number
}

export function agreementOf(rides: ReadonlyMap<string, Ride>, others: ReadonlyMap<string, Ride>): Agreement {
  const counts = { same_runner: 0, another_runner: 0, lost: 0, won: 0 }
  for (const [id, ride] of rides) {
    const [one, other] = [holderOf(ride), holderOf(others.get(id))]
    if (one === other) counts.same_runner += 1
    else if (one !== '' && other !== '') counts.another_runner += 1
    else if (one !== '') counts.lost += 1
    else counts.won += 1
  }
  return { bookings: rides.size, ...counts }
}

const holderOf = (ride: Ride | undefined) => (ride && ride.accepted_ms > 0 ? ride.runner_id : '')
