// `npm run drill:money -- --rounds 200 [--workers N] [--seed N]`: bookings and their money, under kills and Stripe's faults.
import { parseArgs } from 'node:util'
import { loadConfig } from '../gateways/config.ts'
import { moneyDrill } from './drill/money_drill.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    workers: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
  },
})

function whole(name: 'rounds' | 'seed' | 'workers'): number {
  const value = Number(values[name])
  if (!Number.isInteger(value) || value <= 0) throw new Error(`--${name} wants a whole number above 0`)
  return value
}

const print = (text: string): void => void process.stdout.write(`${text}\n`)
const money = (cents: number) => `MYR ${(cents / 100).toFixed(2)}`
const { shards, token_issuer } = loadConfig(process.env)

// An engine of ours ends with us.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))
const { journeys, kills, intents, ends, ours, theirs, wrong } = await moneyDrill({
  rounds: whole('rounds'),
  seed: whole('seed'),
  workers: whole('workers'),
  shards,
  token_issuer,
  note: (line) => void process.stderr.write(`${line}\n`),
})
for (const line of wrong.slice(0, 50)) print(`  ${line}`)
print(
  `${journeys} journeys, ${kills.engine} kills of the engine, ${kills.sandbox} of the sandbox, ${intents} intents`,
)
print(
  `payments: ${Object.entries(ends)
    .map(([end, count]) => `${count} ${end}`)
    .join(', ')}`,
)
print(`released: ours ${money(ours.released)}, the sandbox's ${money(theirs.released)}`)
print(`held:     ours ${money(ours.held)}, the sandbox's ${money(theirs.held)}`)
const agree = wrong.length === 0 && ours.released === theirs.released && ours.held === theirs.held
print(agree ? 'Both ledgers agree to the sen.' : `${wrong.length} bookings whose money is elsewhere.`)
process.exit(agree ? 0 : 1)
