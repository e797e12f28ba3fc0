// `kilat day [--hours 24] [--runners N] [--bookings N] [--seed N] [--json]`: a day of city traffic in one process, and its journal folded twice.
import { parseArgs } from 'node:util'
import { replayTwice } from './day/replay.ts'
import { Town } from './day/town.ts'

const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '24' },
    runners: { type: 'string', default: '200' },
    bookings: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})

function positive(name: 'hours' | 'runners' | 'bookings' | 'seed'): number {
  const value = Number(values[name])
  if (!Number.isFinite(value) || value <= 0) throw new Error(`--${name} wants a number above 0`)
  return value
}

const note = (line: string): void => void process.stderr.write(`${line}\n`)
const options = {
  hours: positive('hours'),
  runners: positive('runners'),
  bookings: positive('bookings'),
  seed: positive('seed'),
}
const began_ms = performance.now()
const town = new Town(options)
await town.live((hour) => note(`hour ${hour}: ${town.answers} commands answered`))
const lived_s = (performance.now() - began_ms) / 1_000
note('folding the journal twice')
const found = await replayTwice(town)
const report = { ...options, lived_s: Math.round(lived_s), commands: town.answers, ...found }
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`)
else for (const [name, value] of Object.entries(report)) process.stdout.write(`${name.padEnd(16)} ${value}\n`)
process.exitCode = found.differing === 0 && found.not_living === 0 && found.broken === 0 ? 0 : 1
