/**
 * `npm run simulate`: the production engine on virtual time. Without anything a minute of fresh seeds; `--help` names the
 * options. Each seed is played twice and must go the same way; a failing one is made smaller, and the command that
 * repeats it is printed. An event is one step of the heap that was carried out: a message, a timer, a turn of a loop.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { differential } from './simulation/differential.ts'
import { type FaultName, fault_names, type Plan, planOf } from './simulation/plan.ts'
import { type Asked, playSeeds, type Tally } from './simulation/player.ts'
import { commandOf, isGood, playTwice, shrink } from './simulation/seeds.ts'
import type { Outcome } from './simulation/simulation.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string', default: '1' },
    seconds: { type: 'string' },
    seeds: { type: 'string' },
    'until-failure': { type: 'boolean', default: false },
    repeat: { type: 'string' },
    faults: { type: 'string' },
    owners: { type: 'string' },
    runners: { type: 'string' },
    'virtual-seconds': { type: 'string' },
    threads: { type: 'string' },
    differential: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

const print = (text: string): void => void process.stdout.write(`${text}\n`)
const note = (text: string): void => void process.stderr.write(`${text}\n`)

type Numbered =
  | 'seed'
  | 'minutes'
  | 'seconds'
  | 'seeds'
  | 'repeat'
  | 'owners'
  | 'runners'
  | 'virtual-seconds'
  | 'threads'
  | 'rounds'

function numbered(name: Numbered): number | undefined
function numbered(name: Numbered, usual: number): number
function numbered(name: Numbered, usual?: number): number | undefined {
  const given = values[name]
  if (given === undefined) return usual
  const value = Number(given)
  if (!Number.isFinite(value) || value <= 0) throw new Error(`--${name} wants a number above 0`)
  return value
}

const isFault = (name: string): name is FaultName => (fault_names as readonly string[]).includes(name)

function faultsOf(text: string): readonly FaultName[] {
  const names = text === 'none' ? [] : text.split(',')
  const strange = names.find((name) => !isFault(name))
  if (strange !== undefined) throw new Error(`no fault ${strange}: there are ${fault_names.join(', ')}`)
  return names.filter(isFault)
}

/** The plan of `--repeat`, with what the command line changes of it. */
function repeated(seed: number): Plan {
  const plan = planOf(seed, numbered('minutes', 1))
  return {
    ...plan,
    faults: values.faults === undefined ? plan.faults : faultsOf(values.faults),
    owners: numbered('owners', plan.owners),
    runners: numbered('runners', plan.runners),
    seconds: numbered('virtual-seconds', plan.seconds),
  }
}

function asked(): Asked {
  const seed = numbered('seed')
  const forever = values['until-failure'] || values.seeds !== undefined
  const alone = seed !== undefined && values.seconds === undefined && !forever
  return {
    first: seed ?? Math.floor(Date.now() / 1_000) % 1_000_000_000,
    seeds: numbered('seeds', alone ? 1 : Number.POSITIVE_INFINITY),
    seconds: numbered('seconds', alone || forever ? Number.POSITIVE_INFINITY : 60),
    minutes: numbered('minutes', 1),
    threads: numbered('threads', alone ? 1 : availableParallelism()),
    until_failure: values['until-failure'],
  }
}

function tell({ plan, breaches, trace }: Outcome): void {
  note(`seed ${plan.seed} failed (trace ${trace}), under ${plan.faults.join(', ') || 'no faults'}:`)
  for (const { rule, what, at_ms } of breaches) note(`  ${(at_ms / 1_000).toFixed(3)} s  ${rule}: ${what}`)
}

async function repeat(seed: number): Promise<number> {
  const outcome = await playTwice(repeated(seed))
  for (const { at_ms, life, level, what, fields } of outcome.lines)
    print(`${(at_ms / 1_000).toFixed(3)} s  [${life}] ${level} ${what} ${JSON.stringify(fields ?? {})}`)
  if (isGood(outcome)) print(`seed ${seed} holds: ${outcome.steps} events, trace ${outcome.trace}`)
  else tell(outcome)
  return isGood(outcome) ? 0 : 1
}

/** A failure, and how small it gets. */
async function explain(failed: Outcome): Promise<void> {
  tell(failed)
  note(`  ${commandOf(failed.plan)}`)
  note('made smaller:')
  const smallest = await shrink(failed.plan)
  note(`  ${commandOf(smallest)}`)
}

const perMinute = ({ events, real_s }: Tally) => Math.round((60 * events) / real_s)

function row(tally: Tally): object {
  const { seeds, events, real_s, cpu_s, virtual_s, failed } = tally
  const cpu_per_minute = Math.round((60 * events) / cpu_s)
  const names = failed.map(({ plan }) => plan.seed)
  return {
    name: 'sim',
    seeds,
    events,
    events_per_minute: perMinute(tally),
    cpu_per_minute,
    real_s,
    cpu_s,
    virtual_s,
    failed: names,
  }
}

/** Holds the simulated JetStream against real servers instead. */
async function compareServers(): Promise<number> {
  const rounds = numbered('rounds', 20)
  const differences = await differential({ seed: numbered('seed', 1), rounds, print })
  print(`${2 * rounds - differences} passed, ${differences} failed`)
  return differences === 0 ? 0 : 1
}

async function main(): Promise<number> {
  if (values.differential) return compareServers()
  const seed = numbered('repeat')
  if (seed !== undefined) return repeat(seed)
  const tally = await playSeeds(asked(), (so_far) =>
    note(
      `${so_far.seeds} seeds, ${(so_far.events / 1e6).toFixed(1)} M events, ${so_far.failed.length} failed`,
    ),
  )
  const { seeds, events, failed } = tally
  const [first, ...others] = failed
  for (const other of others) {
    tell(other)
    note(`  ${commandOf(other.plan)}`)
  }
  if (first) await explain(first)
  if (values.json) print(JSON.stringify(row(tally)))
  else {
    print(`${seeds} seeds, ${events} events, ${(perMinute(tally) / 1e6).toFixed(1)} M events a minute`)
    print(`${seeds - failed.length} passed, ${failed.length} failed`)
  }
  return failed.length === 0 ? 0 : 1
}

process.exit(
  await main().catch((error: unknown) => {
    note(error instanceof Error ? (error.stack ?? error.message) : String(error))
    return 2
  }),
)
