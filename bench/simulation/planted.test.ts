import { expect, test } from 'vitest'
import { planOf } from './plan.ts'
import type { Plant } from './plant.ts'
import { planted } from './planted.ts'
import { shrink } from './seeds.ts'
import { type Outcome, simulate } from './simulation.ts'

const seeds_max = 200
/** Other work on the machine makes seeds slow, not wrong. */
const patience_ms = 300_000
/** What each bug must be caught by, so that no other weakness of a seed passes for it. */
// biome-ignore format: a table reads better as one
const rules: Readonly<Record<string, readonly string[]>> = {
  'fence header removed':           ['log'],
  'gate opened early':              ['gate'],
  'dedupe skipped':                 ['once'],
  'accept without its state check': ['machine', 'one runner', 'state'],
  'snapshot not fenced':            ['snapshot'],
  'timer lost on recovery':         ['pending'],
  'list that does not wait':        ['own writes'],
  'topics published side by side':  ['topics'],
  'topics published without their acks': ['topics'],
  'mailbox without a bound':        ['bounds'],
  'watchers never forgotten':       ['leak'],
  'fix older than its trip':        ['waypoint'],
}
async function find(plant: Plant): Promise<Outcome | undefined> {
  for (let seed = 1; seed <= seeds_max; seed++) {
    const outcome = await simulate(planOf(seed, 1), plant)
    if (outcome.breaches.length > 0) return outcome
  }
  return undefined
}

test.each(planted)(
  'SM6 a planted bug is found: $name',
  async (plant) => {
    const found = await find(plant)
    expect(rules[plant.name]).toContain(found?.breaches[0]?.rule)
    if (found) expect((await simulate(found.plan)).breaches).toEqual([])
  },
  patience_ms,
)

test(
  'SM7 a failing seed is made smaller and fails still',
  async () => {
    const dedupe = planted.find(({ name }) => name === 'dedupe skipped')
    const found = dedupe && (await find(dedupe))
    if (!dedupe || !found) throw new Error('the bug was not found')
    const smallest = await shrink(found.plan, dedupe)
    expect(smallest.faults.length).toBeLessThan(found.plan.faults.length)
    expect((await simulate(smallest, dedupe)).breaches[0]?.rule).toBe('once')
  },
  patience_ms,
)
