import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { spawnGuarded } from '../../persistence/embedded/guarded.ts'
import type { Drill } from './row.ts'

// Beside this folder once it is built.
const program = fileURLToPath(new URL('../simulate.js', import.meta.url))

/** What it prints about its seeds. */
interface Told {
  readonly seeds: number
  readonly events: number
  readonly events_per_minute: number
  readonly failed: readonly number[]
}

/** The whole engine on a virtual clock, under every fault. A round is so many seconds of fresh seeds. */
export const simDrill: Drill = {
  name: 'sim',
  target:
    'deterministic simulation under all faults: every invariant holds, each seed twice with the same trace',
  short: { rounds: 15, limit_s: 120 },
  long: { rounds: 60, limit_s: 300 },
  async run({ rounds, seed }) {
    const args = ['--seconds', String(rounds), '--seed', String(seed), '--json']
    const child = spawnGuarded(process.execPath, [program, ...args], { out: 'pipe', err: 'inherit' })
    let text = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8')
    })
    const [code] = (await once(child, 'close')) as [number | null]
    const told = text.split('\n').find((line) => line.startsWith('{'))
    if (told === undefined) throw new Error(`the simulation ended with ${code} and told nothing`)
    const { seeds, events, events_per_minute, failed } = JSON.parse(told) as Told
    const wrong = failed.map((number) => `seed ${number}: npm run simulate -- --repeat ${number}`)
    return {
      acked: events,
      lost: 0,
      doubled: 0,
      serving_ms: null,
      wrong: code === 0 || wrong.length > 0 ? wrong : [`the simulation ended with ${code}`],
      extra: { seeds, events_per_minute },
    }
  },
}
