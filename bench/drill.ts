// `npm run drill:kill -- --rounds 20 [--workers N] [--seed N] [--runners N] [--owners N] [--json]`: kill -9 under load, and what survived.
import { parseArgs } from 'node:util'
import { loadConfig } from '../gateways/config.ts'
import { drill } from './drill/drill.ts'
import { head, isGood, line, type Round, totals } from './drill/round.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    workers: { type: 'string' },
    seed: { type: 'string', default: '1' },
    runners: { type: 'string', default: '200' },
    owners: { type: 'string', default: '40' },
    json: { type: 'boolean', default: false },
  },
})

function whole(name: 'rounds' | 'seed' | 'runners' | 'owners' | 'workers'): number {
  const value = Number(values[name])
  if (!Number.isInteger(value) || value <= 0) throw new Error(`--${name} wants a whole number above 0`)
  return value
}

const print = (text: string): void => void process.stdout.write(`${text}\n`)
const note = (text: string): void => void process.stderr.write(`${text}\n`)

const { shards, token_issuer } = loadConfig(process.env)
const size = {
  rounds: whole('rounds'),
  seed: whole('seed'),
  runners: whole('runners'),
  owners: whole('owners'),
}
const rounds: Round[] = []

function told(round: Round): void {
  rounds.push(round)
  if (values.json) print(JSON.stringify(round))
  else print(line(round))
  for (const wrong of round.wrong.slice(0, 20)) note(`  ${wrong}`)
}

const left: string[] = []
// An engine of ours ends with us.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))
if (!values.json) print(head)
for (const workers of values.workers === undefined ? [1, 2] : [whole('workers')])
  await drill({ ...size, workers, shards, token_issuer, note, told, left: (what) => left.push(what) })
if (!values.json) print(totals(rounds))
process.exit(rounds.every(isGood) && left.length === 0 ? 0 : 1)
