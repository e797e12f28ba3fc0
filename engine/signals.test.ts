import { expect, test } from 'vitest'
import { overloaded, type Rejection, reject } from '../protocols/rejections.ts'
import { shardOf } from '../protocols/shard.ts'
import { counter, idAt, isSettled, type Stand, somebody, stand, until } from './counter.given.ts'

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

test('EN39 of several refusals of one signal the one that may pass is told: sent again it reaches them all', async () => {
  const [sender, never, later, yes] = [idAt(1), idAt(2), idAt(3), idAt(4)]
  const refusals = new Map([
    [never, reject('trip.not_active', '')],
    [later, overloaded('full', 7)],
  ])
  const told = async (...ids: string[]) => {
    const relays = ids.map((id) => ({
      to: { actor: 'counter', id },
      signal: { type: 'counter.seen' } as never,
    }))
    const sense: typeof counter.sense = ({ volatile }, _signal, { id }) => {
      if (id === sender) return { volatile, relays }
      const refused = refusals.get(id)
      return refused ? { volatile, skip: true, refused } : { volatile }
    }
    const here = await stand({ behaviours: [{ ...counter, sense }] })
    return until(here.env, signalled(here, sender))
  }
  expect(await told(never, later, yes)).toMatchObject({ retry_after_ms: 7 })
  expect(await told(later, never)).toMatchObject({ retry_after_ms: 7 })
  expect(await told(yes, never)).toMatchObject({ rejected: 'trip.not_active' })
  expect(await told(yes)).toBeUndefined()
})
