/** The recorded demand under another policy: `kilat whatif`. It reads, and writes nothing anywhere. */

import { limits } from '../../../protocols/limits.ts'
import { firstPolicy, type Policy } from '../../../protocols/policy.ts'
import { type Desk, type Log, Mistake, Misuse, textOf, timeOf, type Verb, type Words } from '../desk.ts'
import { changesOf } from '../moment.ts'
import { nextPolicyIn } from '../policy.ts'
import { Progress } from '../progress.ts'
import { habitsOf } from './habits.ts'
import { agreementOf, difference, type Measures, measuresOf } from './measures.ts'
import { Model, type ModelParts } from './model.ts'
import { modelledParts } from './modelled.ts'
import { readTime } from './reading.ts'
import type { Recorded } from './recorded.ts'
import type { Ride } from './rides.ts'
import type { PolicyFor } from './stage.ts'
import { tableOf } from './table.ts'
import { Truth } from './truth.ts'

type Given = Pick<ModelParts, 'recorded' | 'habits' | 'choices'>

interface Asked {
  readonly path: string
  readonly from_ms: number
  readonly to_ms: number
}

function askedOf(words: Words): Asked {
  const path = textOf(words, 'policy')
  const [from_ms, to_ms] = [timeOf(words, 'from'), timeOf(words, 'to')]
  if (path === undefined || from_ms === undefined || to_ms === undefined)
    throw new Misuse('it wants --policy FILE, --from TIME and --to TIME')
  if (from_ms > to_ms) throw new Misuse('it ends before it begins')
  if (from_ms === to_ms) throw new Misuse('it ends where it begins: there is no time in between')
  return { path, from_ms, to_ms }
}

/** As it was: by the version that a command names, else by the newest that had decided anything by then. */
function thenInForce({ in_force }: Recorded, { policyAt }: Log): PolicyFor {
  return (at_ms, version) => {
    if (version !== undefined) return policyAt(version)
    const ruling = in_force.findLast(({ from_ms }) => from_ms <= at_ms) ?? in_force[0]
    return policyAt(ruling?.version ?? firstPolicy.version)
  }
}

/** A phone that is heard at its bound is not to be thinned out of the search. */
const thinOf = (policies: readonly Policy[]): number =>
  Math.min(
    limits.whatif_position_ms,
    ...policies.map(({ presence_socket_ms }) => Math.floor(presence_socket_ms / 3)),
  )

function played(desk: Desk, log: Log, name: string, policyFor: PolicyFor, given: Given) {
  const progress = new Progress(desk, name)
  const { behaviours } = desk
  const { shards } = log
  return new Model({
    behaviours,
    shards,
    policyFor,
    ...given,
    progress: (events) => progress.add(events),
  }).play()
}

const iso = (at_ms: number) => new Date(at_ms).toISOString()

/** Everything that is told, as the JSON document has it. */
async function answer(desk: Desk, { path, from_ms, to_ms }: Asked) {
  const [policies, log] = [await desk.policies(), await desk.log()]
  const policy = await nextPolicyIn(desk, path, policies)
  const known = [firstPolicy, ...(await policies.after(firstPolicy.version))]
  const thin_ms = thinOf([policy, ...known])
  const { recorded, kept_ms } = await readTime(desk, log, { from_ms, to_ms, thin_ms })
  const { demand, span, in_force, positions } = recorded
  if (demand.size === 0) throw new Mistake(`nothing was asked for from ${iso(span.from_ms)} to ${iso(to_ms)}`)
  const habits = habitsOf(recorded)
  const truth = new Map([...demand].map(([id, { ride }]): [string, Ride] => [id, ride]))
  const policyThen = thenInForce(recorded, log)
  const { behaviours } = desk
  const choices = new Truth({
    behaviours,
    shards: log.shards,
    policyFor: policyThen,
    recorded,
    habits,
  }).play()
  const given = { recorded, habits, choices }
  const baseline = played(desk, log, 'baseline', policyThen, given)
  const whatif = played(desk, log, 'what-if', () => policy, given)
  const figures = (rides: ReadonlyMap<string, Ride>) => measuresOf([...rides.values()], recorded)
  const columns = { recorded: figures(truth), baseline: figures(baseline), whatif: figures(whatif) }
  return {
    format: 1,
    policy: { file: path, version: policy.version },
    in_force: in_force.map(({ version, from_ms: since_ms }) => ({ version, from: iso(since_ms) })),
    changes: changesOf({ ...policyThen(span.to_ms), version: 0 }, { ...policy, version: 0 }),
    asked: { from: iso(from_ms), to: iso(to_ms) },
    from: iso(span.from_ms),
    to: iso(to_ms),
    until: iso(span.until_ms),
    positions: {
      kept_since: kept_ms === 0 ? null : iso(kept_ms),
      reaches: kept_ms <= from_ms,
      used: positions.at_ms.length,
    },
    ...columns,
    difference: difference(columns.whatif, columns.baseline),
    fit: agreementOf(truth, baseline),
    decisions: agreementOf(baseline, whatif),
    modelled: modelledParts(recorded, habits, choices, thin_ms),
  }
}

type Answer = Awaited<ReturnType<typeof answer>>

const fits: readonly (readonly [name: string, of: (measures: Measures) => number | null])[] = [
  ['bookings assigned', ({ all }) => all.assigned],
  ['pickup distance, mean', ({ all }) => all.pickup_km.mean],
  ['wait until accepted, p50', ({ all }) => all.accept_wait_s.p50],
  ['wait until picked up, p50', ({ all }) => all.pickup_wait_s.p50],
  ['gross fare', ({ all }) => all.money.gross_cents],
]

function fitOf({ recorded, baseline, fit }: Answer): readonly string[] {
  const off = fits.map(([name, of]) => {
    const [truth, model] = [of(recorded), of(baseline)]
    if (truth === null || model === null) return `${name} unknown`
    const apart = truth === 0 ? (model === 0 ? 0 : 100) : (100 * (model - truth)) / truth
    return `${name} ${apart < 0 ? '' : '+'}${apart.toFixed(0)} %`
  })
  const same = `${fit.same_runner} of ${fit.bookings} bookings (${percent(fit.same_runner, fit.bookings)})`
  return [
    `  ${off.join(', ')}`,
    `  ${same} go to the runner who had them in truth, or to nobody where nobody had; differences much smaller than these errors mean little`,
  ]
}

const percent = (part: number, of: number) => `${((100 * part) / Math.max(1, of)).toFixed(0)} %`

function linesOf(told: Answer): readonly string[] {
  const { decisions, positions } = told
  const versions = told.in_force.map(({ version }) => version).join(', ')
  const changed = told.changes.map(
    ({ field, before, after }) => `  ${field}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`,
  )
  return [
    `what if ${told.policy.file} had ruled from ${told.from} to ${told.to}`,
    `recorded: what happened. baseline: the same time in the model, by version ${versions} of the policy, which ruled then. what-if: in the model, by ${told.policy.file}`,
    ...(changed.length > 0
      ? ['what it changes:', ...changed]
      : ['it changes nothing: it is the policy that ruled at the end of that time']),
    ...(positions.reaches
      ? []
      : [
          `positions are kept since ${positions.kept_since}; asked from ${told.asked.from}: what was before is left out`,
        ]),
    '',
    ...tableOf(told),
    '',
    'how well the model fits (baseline for recorded):',
    ...fitOf(told),
    `what the policy changes: ${decisions.another_runner} of ${decisions.bookings} bookings go to another runner, ${decisions.lost} to nobody any more, ${decisions.won} to somebody now`,
    '',
    'modelled, not recorded:',
    ...told.modelled.map(({ name, how }) => `  ${name}: ${how}`),
  ]
}

/** `kilat whatif`. */
export const whatif: Verb = async (desk, words) => {
  const told = await answer(desk, askedOf(words))
  if (words.values.json === true) desk.print(JSON.stringify(told))
  else for (const line of linesOf(told)) desk.print(line)
  return true
}
