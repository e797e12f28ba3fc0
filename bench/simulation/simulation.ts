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
  /** How long after the healing, or the start of the node that serves, every shard had an owner. */
  readonly owned_ms: number
  /** The most there ever was in memory, by name. */
  readonly peaks: Readonly<Record<string, number>>
}

/** How long after the healing people still begin something; by when every shard has an owner; and by when all must be at rest. */
const busy_ms = 5_000
const owned_max_ms = 10_000
const rest_ms = 60_000
/** A deployment is made in fair weather. */
const first_ms = 500
const look_ms = 250
/** Whatever is still to come of its own accord comes in this time. */
const settled_ms = 15_000
/** At rest a shard still looks at its log each second: a look now and then sees it without. */
const calm_looks = 20
const calm_look_ms = 37

/** How long shards are without an owner once the world is healed. */
class Owned {
  readonly #world: World
  readonly #healed_ms: number
  #told = false
  worst_ms = 0

  constructor(world: World) {
    this.#world = world
    this.#healed_ms = world.timeline.now_ms
  }

  look(): void {
    const { deployment, timeline, auditor } = this.#world
    if (deployment.isWhole) return
    // A claim that was on its way may still depose whoever serves; what counts then is the node that comes next.
    const without_ms = timeline.now_ms - Math.max(this.#healed_ms, deployment.launched_ms)
    this.worst_ms = Math.max(this.worst_ms, without_ms)
    if (without_ms <= owned_max_ms || this.#told) return
    this.#told = true
    auditor.breaches.add('liveness', `a shard has no owner ${owned_max_ms / 1_000} s after the healing`)
  }
}

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
    world.bounds.look(timeline.now_ms, deployment.nodes)
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
  const owned = new Owned(world)
  const lookUntil = (end_ms: number, isDone = () => false) => {
    while (!isBroken() && !isDone() && timeline.now_ms < end_ms) {
      until(timeline.now_ms + look_ms)
      owned.look()
    }
  }
  lookUntil(healed_ms + busy_ms)
  phase.closing = true
  lookUntil(healed_ms + owned_max_ms)
  lookUntil(healed_ms + rest_ms, () => unrest(world) === undefined)
  const why = unrest(world)
  if (!isBroken() && why !== undefined) breaches.add('liveness', `a minute after the healing, ${why}`)
  until(timeline.now_ms + settled_ms)
  for (let looks = 0; looks < calm_looks; looks++) {
    world.bounds.see(deployment.current)
    until(timeline.now_ms + calm_look_ms)
  }
  if (!isBroken()) inspect(world)
  const { steps, trace, now_ms: virtual_ms } = timeline
  const frames = auditor.log.entries.reduce((sum, entries) => sum + entries.length, 0)
  return {
    plan,
    breaches: breaches.all,
    trace,
    steps,
    virtual_ms,
    frames,
    lines: world.lines,
    owned_ms: owned.worst_ms,
    peaks: world.bounds.peaks,
  }
}
