// `npm run fuzz -- [--inputs 1000000] [--seed N] [--minutes N] [--only TARGET [--path PATH]] [--short] [--json]`: random and mutated inputs at every door.
import { parseArgs } from 'node:util'
import { setup } from '../persistence/testing.ts'
import { type Campaign, campaign, failuresOf } from './fuzz/campaign.ts'

const { values } = parseArgs({
  options: {
    inputs: { type: 'string' },
    seed: { type: 'string' },
    minutes: { type: 'string', default: '20' },
    only: { type: 'string' },
    path: { type: 'string' },
    short: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

const print = (text: string): void => void process.stdout.write(`${text}\n`)
const note = (text: string): void => void process.stderr.write(`${text}\n`)

function whole(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new Error(`--${name} wants a whole number`)
  return value
}

const short_inputs = 20_000
const long_inputs = 1_000_000

function told(done: Campaign): void {
  for (const { name, seed, path, input, why } of failuresOf(done)) {
    print(`\n${name} failed: ${why}`)
    print(`  input  ${input.slice(0, 4_000)}`)
    print(`  again  npm run fuzz -- --only '${name}' --seed ${seed} --path ${path}`)
  }
  for (const line of done.wrong) print(`wrong: ${line}`)
  const tried = done.tried.reduce((sum, each) => sum + each.tried, 0)
  print(
    `\n${tried} inputs, ${failuresOf(done).length} failures, ${done.wrong.length} other faults, seed ${done.seed}`,
  )
  const part = (at: number) => done.engine_mib[Math.floor(at * (done.engine_mib.length - 1))] ?? 0
  const engine = [0, 0.4, 0.6, 0.8, 1].map(part).join(', ')
  print(`heap here ${done.heap_mib.join(' -> ')} MiB; engine at 0, 40, 60, 80 and 100 %: ${engine} MiB`)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))
await setup()
const done = await campaign({
  inputs:
    values.inputs === undefined
      ? values.short
        ? short_inputs
        : long_inputs
      : whole('inputs', values.inputs),
  seed: values.seed === undefined ? Date.now() % 1_000_000_000 : whole('seed', values.seed),
  minutes: whole('minutes', values.minutes),
  ...(values.only === undefined ? {} : { only: values.only }),
  ...(values.path === undefined ? {} : { path: values.path }),
  note,
})
if (values.json) print(JSON.stringify(done))
else told(done)
process.exit(failuresOf(done).length + done.wrong.length === 0 ? 0 : 1)
