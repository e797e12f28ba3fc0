import { expect, test } from 'vitest'
import { MemoryProjections } from './memory_projections.ts'
import { projectionsContract } from './projections.contract.ts'

projectionsContract('memory', async () => ({
  projections: new MemoryProjections(),
  close: async () => undefined,
}))

const event = {
  kind: 'counter',
  id: 'a',
  seq: 1,
  type: 'counter.added',
  version: 1,
  by: { id: 'u', role: 'owner' },
  cause: 'c',
  at_ms: 1,
  data: { amount: 1 },
} as const
const frame = { shard: 1, n: 1, at_ms: 1, events: [event], commands: [] }

test('PJ2 the twin keeps every event once', async () => {
  const projections = new MemoryProjections()
  await projections.project([{ seq: 3, frame }])
  await projections.project([{ seq: 3, frame }])
  expect(projections.events).toEqual([event])
})
