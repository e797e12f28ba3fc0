import { planOf } from './simulation/plan.ts'
import { planted } from './simulation/planted.ts'
import { simulate } from './simulation/simulation.ts'

for (const plant of planted) {
  const t = performance.now()
  let n = 0,
    found: unknown
  for (let seed = 1; seed <= 200 && !found; seed++) {
    n = seed
    const o = await simulate(planOf(seed, 1), plant)
    if (o.breaches.length) found = o.breaches[0]
  }
  console.log(plant.name, n, ((performance.now() - t) / 1000).toFixed(1) + 's', found)
}
process.exit(0)
