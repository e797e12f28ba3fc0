import { expect, test } from 'vitest'
import type { Behaviour } from '../protocols/actor.ts'
import { firstPolicy, type Policy } from '../protocols/policy.ts'
import { SteppedEnv } from './clock.ts'
import { counter, idAt, isSettled, memoryStores, stand, until } from './counter.given.ts'
import { MemoryPolicies, type PolicyRow } from './memory_policies.ts'
import { PolicyBook } from './policy_book.ts'
import { Fault, type Policies } from './ports.ts'

const policyOf = (version: number, pending_ms = 1_000 * version): Policy => ({
  ...firstPolicy,
  version,
  pending_ms,
})

test('PO6 a thread knows every version that is on disk, and hears of a new one within a second', async () => {
  const env = new SteppedEnv()
  const policies = new MemoryPolicies([policyOf(2)])
  const book = await PolicyBook.open(env, policies)
  expect(book.current).toEqual(policyOf(2))
  await policies.append(policyOf(3))
  expect(book.current.version).toBe(2)
  await env.advance(1_000)
  expect(book.current).toEqual(policyOf(3))
  expect([1, 2, 3].map((version) => book.at(version).version)).toEqual([1, 2, 3])
  expect(() => book.at(4)).toThrow(Fault)
  book.close()
  await policies.append(policyOf(4))
  await env.advance(5_000)
  expect(book.current.version).toBe(3)
})

test('PO6 a store that does not answer leaves the policy as it is, and is asked again', async () => {
  const env = new SteppedEnv()
  const row: PolicyRow = []
  const whole = new MemoryPolicies(row)
  let down = false
  const policies: Policies = {
    append: (document) => whole.append(document),
    after: (version) => (down ? Promise.reject(new Fault('away', { retry: true })) : whole.after(version)),
  }
  const book = await PolicyBook.open(env, policies)
  await policies.append(policyOf(2))
  down = true
  await env.advance(3_000)
  expect(book.current.version).toBe(1)
  down = false
  await env.advance(1_000)
  expect(book.current.version).toBe(2)
})

/** Adds once more after as long as the policy of its command says. */
const patient: Behaviour = {
  ...counter,
  react: (event, { id, policy: { pending_ms } }) =>
    (event as { later_ms?: number }).later_ms === undefined
      ? {}
      : {
          follow_ups: [
            {
              to: { actor: 'counter', id },
              command: { type: 'counter.add', add: 1 } as never,
              after_ms: pending_ms,
            },
          ],
        },
}
const id = idAt(1)

test('PO7 a replay decides by the version that each command was decided by', async () => {
  const env = new SteppedEnv()
  const row: PolicyRow = []
  const policies = new MemoryPolicies(row)
  const stores = memoryStores()
  const before = await stand({
    env,
    stores,
    behaviours: [patient],
    book: await PolicyBook.open(env, policies),
  })
  await until(env, before.send(id, { add: 5, later_ms: 1 }))
  await policies.append(policyOf(2, 3_600_000))
  await env.advance(500)
  const book = await PolicyBook.open(env, policies)
  expect(book.current.version).toBe(2)
  // The first policy's two seconds, not the hour of the present one.
  const after = await stand({ env, stores, behaviours: [patient], book })
  await env.advance(2_500)
  expect(await until(env, after.send(id, { add: 0 }))).toMatchObject({ view: { state: 6 } })
})

test('PO8 a shard whose log names a version that was not read yet waits for it', async () => {
  const env = new SteppedEnv()
  const stores = memoryStores()
  const ahead = await PolicyBook.open(env, new MemoryPolicies([policyOf(2)]))
  const before = await stand({ env, stores, behaviours: [patient], book: ahead })
  await until(env, before.send(id, { add: 5 }))
  const lagging = new MemoryPolicies()
  const opening = stand({ env, stores, behaviours: [patient], book: await PolicyBook.open(env, lagging) })
  await env.advance(5_000)
  expect(await isSettled(env, opening)).toBe(false)
  await lagging.append(policyOf(2))
  const after = await until(env, opening)
  expect(await until(env, after.send(id, { add: 0 }))).toMatchObject({ view: { state: 5 } })
})
