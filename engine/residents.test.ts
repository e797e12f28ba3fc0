import { expect, test } from 'vitest'
import type { Behaviour } from '../protocols/actor.ts'
import { limits } from '../protocols/limits.ts'
import { SteppedEnv } from './clock.ts'
import { counter, idAt, memoryStores, stand, until } from './counter.given.ts'

/** A counter whose state is a record, as every real actor's is. */
const recordOf = (initial: Readonly<Record<string, unknown>>): Behaviour => ({
  ...counter,
  initial,
  decide: (_state, command) => [{ ...command, type: 'counter.added' }],
  evolve: (state, event) => {
    const { count = 0 } = state as { count?: number }
    return { ...(state as object), count: count + (event as unknown as { add: number }).add }
  },
  react: () => ({}),
  settle: () => 'done',
  invariant: () => undefined,
})

test('DS26 a state that an older program saved has the start values in the fields that are new since', async () => {
  const env = new SteppedEnv()
  const stores = memoryStores()
  const id = idAt(1)
  const older = await stand({ env, stores, behaviours: [recordOf({ count: 0 })] })
  await until(env, older.send(id, { add: 3 }))
  await env.advance(limits.snapshot_interval_ms + 1_000)
  await until(env, older.thread.drain())
  const newer = await stand({ env, stores, behaviours: [recordOf({ count: 0, stars: 0, recent: [] })] })
  expect(await until(env, newer.send(id, { add: 1 }))).toMatchObject({
    view: { state: { count: 4, stars: 0, recent: [] } },
  })
})
