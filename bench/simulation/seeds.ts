/** Seeds, one after another: each is played twice, and both plays must be the same to the last step. */
import type { FaultName, Plan } from './plan.ts'
import { no_plant, type Plant } from './plant.ts'
import { type Outcome, simulate } from './simulation.ts'

/** Plays a plan twice. What differs between two plays of one seed is a breach too: such a seed could never be repeated. */
export async function playTwice(plan: Plan, plant: Plant = no_plant): Promise<Outcome> {
  const first = await simulate(plan, plant)
  const second = await simulate(plan, plant)
  const steps = first.steps + second.steps
  if (first.trace === second.trace) return { ...first, steps }
  const what = `${first.trace} after ${first.steps} steps, then ${second.trace} after ${second.steps}`
  return { ...first, steps, breaches: [...first.breaches, { rule: 'repeatable', what, at_ms: 0 }] }
}

export const isGood = ({ breaches }: Outcome): boolean => breaches.length === 0

/** A smaller plan that fails as well: troubles are left out one by one, then the crowd and the time are halved. */
export async function shrink(plan: Plan, plant: Plant = no_plant): Promise<Plan> {
  let smallest = plan
  const tries = async (smaller: Plan): Promise<boolean> => {
    if (isGood(await simulate(smaller, plant))) return false
    smallest = smaller
    return true
  }
  for (const fault of plan.faults) await tries(without(smallest, fault))
  for (let halves = halves_max; halves > 0; halves--) if (!(await tries(halved(smallest)))) break
  for (let halves = halves_max; halves > 0; halves--)
    if (!(await tries({ ...smallest, seconds: Math.ceil(smallest.seconds / 2) }))) break
  return smallest
}

const halves_max = 5

const without = (plan: Plan, fault: FaultName): Plan => ({
  ...plan,
  faults: plan.faults.filter((name) => name !== fault),
})

const halved = (plan: Plan): Plan => ({
  ...plan,
  owners: Math.max(1, plan.owners >> 1),
  runners: Math.max(1, plan.runners >> 1),
})

/** How to see it again. */
export function commandOf({ seed, faults, owners, runners, seconds }: Plan): string {
  const size = `--owners ${owners} --runners ${runners} --virtual-seconds ${seconds}`
  return `npm run simulate -- --repeat ${seed} --faults ${faults.join() || 'none'} ${size}`
}
