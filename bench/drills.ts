// `npm run drill -- NAME [--short] [--rounds N] [--seed N] [--json]` carries out one drill, `-- --all [--short] [--json]` every one: what survives a fault.
import { parseArgs } from 'node:util'
import { loadConfig } from '../gateways/config.ts'
import { setup } from '../persistence/testing.ts'
import { leftOver, ownFamily } from './drill/left_over.ts'
import { drills } from './drills/all.ts'
import { runChild } from './drills/child.ts'
import { type Drill, failedRow, type Row, rowOf, tableOf } from './drills/row.ts'
import { inTurns } from './drills/turns.ts'

const print = (text: string): void => void process.stdout.write(`${text}\n`)
const note = (text: string): void => void process.stderr.write(`${text}\n`)

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
})
/** Drills at once, in the short form. */
const lanes = 3
/** What a drill has told to end is gone by then. */
const patience_ms = 5_000
const form = values.short ? 'short' : 'long'

function whole(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value <= 0) throw new Error(`--${name} wants a whole number above 0`)
  return value
}

const askedOf = (drill: Drill) =>
  ({
    form,
    rounds: values.rounds === undefined ? drill[form].rounds : whole('rounds', values.rounds),
    seed: whole('seed', values.seed),
  }) as const

function chosen(): readonly Drill[] {
  if (values.all) return drills
  return positionals.map((name) => {
    const found = drills.find((known) => known.name === name)
    if (!found) throw new Error(`no drill ${name}: there are ${drills.map((known) => known.name).join(', ')}`)
    return found
  })
}

/** In this very process. What has not ended in its time is ended with the process, and its children with that. */
async function runHere(drill: Drill): Promise<Row> {
  const asked = askedOf(drill)
  const { shards, token_issuer } = loadConfig(process.env)
  const left: string[] = []
  const began_ms = performance.now()
  const ran = () => ({ ...asked, seconds: Math.round((performance.now() - began_ms) / 1_000) })
  const { limit_s } = drill[form]
  const limit = setTimeout(() => {
    show([failedRow(drill, ran(), `it did not end within ${limit_s} s`)])
    process.exit(1)
  }, limit_s * 1_000)
  try {
    const outcome = await drill.run({ ...asked, shards, token_issuer, note, left: (what) => left.push(what) })
    left.push(...(await leftOver(ownFamily, patience_ms)))
    return rowOf(drill, ran(), outcome, left)
  } catch (error) {
    note(error instanceof Error ? (error.stack ?? error.message) : String(error))
    return failedRow(drill, ran(), `it could not be carried out: ${String(error)}`)
  } finally {
    clearTimeout(limit)
  }
}

function show(rows: readonly Row[]): void {
  if (values.json) for (const row of rows) print(JSON.stringify(row))
  else for (const line of tableOf(rows)) print(line)
}

/** Each in a process of its own, with its row told as it ends; short ones mostly wait, so some of them go at once. */
async function runApart(asked: readonly Drill[]): Promise<readonly Row[]> {
  const rows = new Map<Drill, Row>()
  const run = async (drill: Drill) => {
    note(`${drill.name} ...`)
    const row = await runChild(drill, askedOf(drill), note)
    note(`${drill.name}: ${row.verdict} after ${row.seconds} s (${rows.size + 1} of ${asked.length})`)
    rows.set(drill, row)
    if (values.json) show([row])
  }
  await inTurns(asked, form === 'short' ? lanes : 1, run)
  return asked.flatMap((drill) => rows.get(drill) ?? [])
}

async function main(): Promise<number> {
  const asked = chosen()
  const [first] = asked
  if (!first)
    throw new Error(`name a drill, or say --all: there are ${drills.map(({ name }) => name).join(', ')}`)
  await setup()
  const rows = asked.length > 1 ? await runApart(asked) : [await runHere(first)]
  if (!values.json || asked.length === 1) show(rows)
  const failed = rows.filter(({ verdict }) => verdict === 'failed').length
  const total = `${rows.length - failed} passed, ${failed} failed`
  if (values.json) note(total)
  else print(total)
  return failed === 0 ? 0 : 1
}

// What we started ends with us; and so do we with whoever started us.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))
process.on('disconnect', () => process.exit(130))
process.exit(
  await main().catch((error: unknown) => {
    note(error instanceof Error ? error.message : String(error))
    return 2
  }),
)
