/** One seed from beginning to end: safety under trouble, then healing, then rest; and what was found. */
import type { Breach } from './breaches.ts'
import { inspect, unrest } from './ending.ts'
import { begin, heal } from './mischief.ts'
import { type Plan, withKnobs } from './plan.ts'
import { no_plant, type Plant } from './plant.ts'
import { outsidePromises } from './timeline.ts'
import type { Line } from './virtual_env.ts'
import { World } from './world.ts'

export interface Outcome {
  readonly plan: Plan
  readonly breaches: readonly Breach[]
  /** Of everything that happened: the same for the same plan. */
  readonly trace: string
  /** Steps of the heap. */
  readonly steps: number
  readonly virtual_ms: number
  readonly frames: number
  readonly lines: readonly Line[]
}

/**
 * How long after the healing people still begin something; by when every shard has an owner, which is 10 s after the
 * last message that was lost has timed out; and by when all must be at rest.
 */
const busy_ms = 5_000
const owned_ms = 15_000
const rest_ms = 60_000
/** A deployment is made in fair weather. */
const first_ms = 500
const look_ms = 250

/** Carries out a plan, with a bug put in or without. Never rejects because of what the engine does. */
export const simulate = (plan: Plan, plant: Plant = no_plant): Promise<Outcome> =>
  outsidePromises(() =>
    withKnobs(plan.knobs, () => {
      const takeOut = plant.install()
      try {
        return live(new World(plan, plant))
      } finally {
        takeOut()
      }
    }),
  )

function live(world: World): Outcome {
  const { plan, timeline, auditor, crowd, deployment, phase } = world
  const { breaches } = auditor
  const isBroken = () => {
    world.streams.look()
    return breaches.all.length > 0
  }
  const until = (ms: number) => timeline.run(ms, isBroken)
  deployment.launch()
  deployment.watch()
  until(first_ms)
  crowd.arrive()
  begin(world)
  until(1_000 * plan.seconds)
  const healed_ms = timeline.now_ms
  heal(world)
  until(healed_ms + busy_ms)
  phase.closing = true
  until(healed_ms + owned_ms)
  if (!isBroken() && !deployment.current?.open)
    breaches.add('liveness', 'a shard has no owner 15 s after the healing')
  while (!isBroken() && unrest(world) !== undefined && timeline.now_ms < healed_ms + rest_ms)
    until(timeline.now_ms + look_ms)
  const why = unrest(world)
  if (!isBroken() && why !== undefined) breaches.add('liveness', `a minute after the healing, ${why}`)
  until(timeline.now_ms + owned_ms)
  if (!isBroken()) inspect(world)
  const { steps, trace, now_ms: virtual_ms } = timeline
  const frames = auditor.log.entries.reduce((sum, entries) => sum + entries.length, 0)
  return { plan, breaches: breaches.all, trace, steps, virtual_ms, frames, lines: world.lines }
}
