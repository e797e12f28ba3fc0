// `npm run bench` runs every bench, prints a table and keeps the figures; `npm run -s bench -- NAME --json` prints one row.
import { parseArgs } from 'node:util'
import { benches } from './benches/all.ts'
import { keep, table } from './report.ts'
import type { Bench, Options, Result } from './result.ts'

interface Arguments {
  readonly names: readonly string[]
  readonly json: boolean
  readonly options: Options
}

const note = (line: string): void => void process.stderr.write(`${line}\n`)

/** `NAME... [--json] [--rounds N] [--SIZE N]`, where a bench says which sizes it has. */
function argumentsOf(args: string[]): Arguments {
  const { values, positionals } = parseArgs({ args: joined(args), strict: false, allowPositionals: true })
  const size = (name: string, usual: number): number => {
    const given = values[name]
    if (given === undefined) return usual
    const value = Number(given)
    if (!Number.isFinite(value) || value <= 0) throw new Error(`--${name} wants a number above 0`)
    return value
  }
  const options = { rounds: size('rounds', 5), size, note }
  return { names: positionals, json: values.json === true, options }
}

/** `--name value` as `--name=value`, for names that are not known beforehand. */
function joined(args: readonly string[]): string[] {
  const out: string[] = []
  for (const arg of args) {
    const last = out.at(-1)
    if (last?.startsWith('--') && !last.includes('=') && last !== '--json' && !arg.startsWith('--'))
      out[out.length - 1] = `${last}=${arg}`
    else out.push(arg)
  }
  return out
}

function chosen(names: readonly string[]): readonly Bench[] {
  if (names.length === 0) return benches
  return names.map((name) => {
    const bench = benches.find((known) => known.name === name)
    if (!bench)
      throw new Error(`no bench ${name}: there are ${benches.map((known) => known.name).join(', ')}`)
    return bench
  })
}

async function main(): Promise<number> {
  const { names, json, options } = argumentsOf(process.argv.slice(2))
  const rows: { bench: Bench; result: Result }[] = []
  for (const bench of chosen(names)) {
    note(`${bench.name} ...`)
    const result = await bench.run(options)
    rows.push({ bench, result })
    if (json) process.stdout.write(`${JSON.stringify(result)}\n`)
  }
  if (json) return 0
  await keep(rows)
  process.stdout.write(`${table(rows)}\n`)
  return rows.every(({ bench, result }) => bench.meets(result)) ? 0 : 1
}

process.exit(
  await main().catch((error: unknown) => {
    note(error instanceof Error ? (error.stack ?? error.message) : String(error))
    return 2
  }),
)
