import { expect, test } from 'vitest'
import type { Drivers, DurableFrame } from '../../engine/ports.ts'
import type { Behaviour } from '../../protocols/actor.ts'
import { type Plan, planOf } from './plan.ts'
import { no_plant, type Plant } from './plant.ts'
import { simulate } from './simulation.ts'

type Stores = Omit<Drivers, 'effects'>

const usual = planOf(1, 1)
/** A quiet while, so short that nothing but the end can tell. */
const plan: Plan = {
  ...usual,
  faults: [],
  seconds: 10,
  owners: 4,
  runners: 4,
  knobs: { ...usual.knobs, snapshot_interval_ms: 3_600_000, snapshot_events: 1_000_000 },
}

const projecting =
  (change: (frames: readonly DurableFrame[]) => readonly DurableFrame[]) => (stores: Stores) => ({
    ...stores,
    projections: {
      watermark: (shard: number) => stores.projections.watermark(shard),
      project: (frames: readonly DurableFrame[]) => stores.projections.project(change(frames)),
    },
  })
const publishing = (publish: Stores['topics']['publish']) => (stores: Stores) => ({
  ...stores,
  topics: { ...stores.topics, publish },
})
/** Of runners there is no list that somebody reads here: only the end can tell. */
const withoutRunners = ({ seq, frame }: DurableFrame): DurableFrame => ({
  seq,
  frame: { ...frame, events: frame.events.filter(({ kind }) => kind !== 'runner') },
})
/** Keeps something in memory that no event says. */
const dreaming = (behaviour: Behaviour): Behaviour => ({
  ...behaviour,
  evolve: (state, event, context) => {
    const after = behaviour.evolve(state, event, context)
    return behaviour.name === 'booking' ? { ...(after as object), dreamt: true } : after
  },
})

const wrong: readonly (Pick<Plant, 'name'> & Partial<Plant> & { readonly rule: string })[] = [
  {
    name: 'lists that miss events',
    rule: 'lists',
    drivers: projecting((frames) => frames.map(withoutRunners)),
  },
  { name: 'topics that miss events', rule: 'topics', drivers: publishing(async () => undefined) },
  {
    name: 'topics that never get done',
    rule: 'liveness',
    drivers: publishing(() => new Promise(() => undefined)),
  },
  { name: 'a memory of what never happened', rule: 'memory', behaviours: (all) => all.map(dreaming) },
]

test('SV5 a quiet while ends well', async () => {
  expect((await simulate(plan)).breaches).toEqual([])
})

test.each(wrong)('SV5 an end that is not as the log has it is told: $name', async ({ rule, ...plant }) => {
  const { breaches } = await simulate(plan, { ...no_plant, ...plant })
  expect(breaches.map((breach) => breach.rule)).toContain(rule)
})
