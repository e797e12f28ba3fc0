import { expect, test } from 'vitest'
import type { Rejection } from '../protocols/rejections.ts'
import { shardOf } from '../protocols/shard.ts'
import { idAt, isSettled, type Stand, somebody, stand, until } from './counter.given.ts'

/** The end of a signal that the counter takes without a command of its own. */
const signalled = (here: Stand, id: string) =>
  new Promise<Rejection | undefined>((resolve) => {
    here.thread.signal(
      { to: { actor: 'counter', id }, signal: { type: 'counter.seen' }, by: somebody },
      resolve,
    )
  })

test('EN35 a signal is acked when the state that it was judged by is durable, and at once when it is', async () => {
  const here = await stand()
  const id = idAt(1)
  await until(here.env, here.send(id, { add: 1 }))
  expect(await isSettled(here.env, signalled(here, id))).toBe(true)
  here.stores.journal.fail(shardOf(id, 2), 'hang')
  const changed = here.send(id, { add: 1 })
  await here.env.settle()
  const judged = signalled(here, id)
  const elsewhere = signalled(here, idAt(2))
  expect(await isSettled(here.env, judged)).toBe(false)
  expect(await isSettled(here.env, elsewhere)).toBe(true)
  here.stores.journal.release()
  expect(await until(here.env, judged)).toBeUndefined()
  expect(await changed).toMatchObject({ ok: true })
})
