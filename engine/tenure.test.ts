import { expect, test } from 'vitest'
import { limits } from '../protocols/limits.ts'
import { HeldUpEnv, idAt, memoryStores, stand, stateOf, until } from './counter.given.ts'

const id = idAt(1)

test('EN28 an owner at rest finds out by itself that it was replaced, and says when to come again', async () => {
  const stores = memoryStores()
  const old = await stand({ stores })
  await until(old.env, old.send(id, { add: 1 }))
  const young = await stand({ stores, env: old.env })
  await old.env.advance(2 * limits.tenure_look_ms)
  expect(old.board.states().shards).toBe('moved')
  expect(young.board.states().shards).toBe('ready')
  expect(await stateOf(old, id)).toMatchObject({
    rejection: { rejected: 'moved', retry_after_ms: limits.tenure_retry_ms },
  })
})

test('EN28 an owner that stood still answers nothing from memory before it has looked at the log', async () => {
  const stores = memoryStores()
  const env = new HeldUpEnv()
  const old = await stand({ stores, env })
  const once = { id: idAt(77) }
  await until(env, old.send(id, { add: 1 }, once))
  const young = await stand({ stores })
  await until(young.env, young.send(id, { add: 1 }))
  env.held_ms += 10_000
  const moved = { rejection: { rejected: 'moved' } }
  expect(await Promise.all([stateOf(old, id), until(env, old.send(id, { add: 1 }, once))])).toMatchObject([
    moved,
    moved,
  ])
  expect(await stateOf(young, id)).toBe(2)
})

test('EN28 an owner that stood still and was not replaced goes on', async () => {
  const env = new HeldUpEnv()
  const here = await stand({ env })
  await until(env, here.send(id, { add: 1 }))
  env.held_ms += 10_000
  expect(await stateOf(here, id)).toBe(1)
  expect(await until(env, here.send(id, { add: 1 }))).toMatchObject({ view: { state: 2 } })
})

test('EN28 while nobody can tell who the owner is, questions wait a little and are then refused', async () => {
  const here = await stand()
  await until(here.env, here.send(id, { add: 1 }))
  here.stores.journal.stop()
  expect(await stateOf(here, id)).toBe(1)
  await here.env.advance(limits.tenure_ms + 1)
  expect(await stateOf(here, id)).toMatchObject({ rejection: { rejected: 'unavailable' } })
  here.stores.journal.start()
  expect(await stateOf(here, id)).toBe(1)
})

test('EN28 a look at the log that was long under way says too little, and the next one tells', async () => {
  const stores = memoryStores()
  const env = new HeldUpEnv()
  const old = await stand({ stores, env })
  await until(env, old.send(id, { add: 1 }))
  env.held_ms += 10_000
  const { journal } = stores
  const look = journal.last.bind(journal)
  journal.last = async (shard) => {
    const seen = await look(shard)
    journal.last = look
    const young = await stand({ stores })
    await until(young.env, young.send(id, { add: 1 }))
    env.held_ms += limits.tenure_ms + 1
    return seen
  }
  expect(await stateOf(old, id)).toMatchObject({ rejection: { rejected: 'moved' } })
})
