import type { Findings } from '../city/audit.ts'
import type { Victim } from './victims.ts'

/** What one round of the drill came to. */
export interface Round {
  readonly round: number
  readonly workers: number
  readonly killed: readonly Victim[]
  /** Commands acked by then, in all rounds. */
  readonly acked: number
  readonly waypoints: number
  readonly lost: number
  readonly lost_waypoints: number
  /** Good fixes that the engine acked and put aside with a reason: after a restart it may misjudge one. */
  readonly aside: number
  readonly doubled: number
  /** From the kill to the first `ready`. */
  readonly serving_ms: number
  /** Processes of a dead engine that were still there when they should have been gone. */
  readonly leftover: number
  readonly shared_stores: number
  /** Actors that the engine serves otherwise than their events say. */
  readonly differing: number
  readonly compared: number
  /** Everything else that is not as it should be, in words. */
  readonly wrong: readonly string[]
}

/** What is wrong, in words; `whereabouts` says more of a fix that was lost. */
export const wrongOf = (
  { lost, lost_waypoints, doubled, illegal, broken }: Findings,
  whereabouts: ReadonlyMap<string, string> = new Map(),
): readonly string[] => [
  ...lost.map((what) => `lost: ${what}`),
  ...lost_waypoints.map((what) => `lost waypoint: ${what} ${whereabouts.get(what) ?? ''}`.trimEnd()),
  ...doubled.map((what) => `doubled: ${what}`),
  ...illegal.map((what) => `illegal: ${what}`),
  ...broken.map((what) => `broken log: ${what}`),
]

export const isGood = (round: Round): boolean =>
  [
    round.lost,
    round.lost_waypoints,
    round.aside,
    round.doubled,
    round.leftover,
    round.shared_stores,
    round.differing,
  ].every((count) => count === 0) && round.wrong.length === 0

const widths = [5, 7, 17, 8, 9, 5, 7, 6, 7, 10, 8, 7, 11]
const row = (cells: readonly (string | number)[]): string =>
  cells.map((cell, index) => String(cell).padStart(widths[index] ?? 0)).join(' ')

export const head = row([
  'round',
  'workers',
  'killed',
  'commands',
  'waypoints',
  'lost',
  'lost wp',
  'aside',
  'doubled',
  'serving ms',
  'leftover',
  'shared',
  'differing',
])

export const line = (round: Round): string =>
  row([
    round.round,
    round.workers,
    round.killed.join('+'),
    round.acked,
    round.waypoints,
    round.lost,
    round.lost_waypoints,
    round.aside,
    round.doubled,
    round.serving_ms,
    round.leftover,
    round.shared_stores,
    `${round.differing}/${round.compared}`,
  ])

const most = (rounds: readonly Round[], of: (round: Round) => number): number =>
  Math.max(0, ...rounds.map(of))
const sum = (rounds: readonly Round[], of: (round: Round) => number): number =>
  rounds.reduce((total, round) => total + of(round), 0)

/** Lost, doubled and illegal stay found once they are: the last round of each run has them all. */
export function totals(rounds: readonly Round[]): string {
  const runs = [...new Set(rounds.map(({ workers }) => workers))]
  const last = runs.flatMap((workers) => rounds.filter((round) => round.workers === workers).slice(-1))
  return row([
    'total',
    runs.join(','),
    `${sum(rounds, ({ killed }) => killed.length)} kills`,
    sum(last, ({ acked }) => acked),
    sum(last, ({ waypoints }) => waypoints),
    sum(last, ({ lost }) => lost),
    sum(last, ({ lost_waypoints }) => lost_waypoints),
    sum(last, ({ aside }) => aside),
    sum(last, ({ doubled }) => doubled),
    `≤ ${most(rounds, ({ serving_ms }) => serving_ms)}`,
    sum(rounds, ({ leftover }) => leftover),
    sum(rounds, ({ shared_stores }) => shared_stores),
    `${sum(rounds, ({ differing }) => differing)}/${sum(rounds, ({ compared }) => compared)}`,
  ])
}
