import { expect, test } from 'vitest'
import { idAt, stand, until } from '../../engine/counter.given.ts'
import { stateHash } from '../../engine/hash.ts'
import { shardOf } from '../../protocols/shard.ts'
import { atDesk } from './desk.given.ts'
import { changesOf, diff, state } from './moment.ts'

const id = idAt(7)

/** A counter that was told 1, 2 and 3, a minute apart; and others of its shard in between. */
async function counted() {
  const here = await stand()
  const times: number[] = []
  for (const add of [1, 2, 3]) {
    await until(here.env, here.send(id, { add }))
    times.push(here.env.now_ms())
    await here.env.advance(1_000)
    await until(here.env, here.send(idAt(8 + 2 * add), { add: 100 }))
    await here.env.advance(60_000)
  }
  return { ...atDesk({ stores: here.stores }), times: times.map((at_ms) => new Date(at_ms).toISOString()) }
}

test('OP1 the state at any past moment is the fold of what the journal held by then', async () => {
  const { json, times } = await counted()
  expect(new Set([7, 10, 12, 14].map((index) => shardOf(idAt(index), 2))).size).toBe(1)
  const states = []
  for (const at of times) states.push((await json(state, ['counter', id], { at })).state)
  expect(states).toEqual([1, 3, 6])
  const now = await json(state, ['counter', id])
  // Of its own newest event: others of its shard came later.
  expect(now.at).toBe(times.at(-1))
  expect(now).toMatchObject({ state: 6, seq: 3, hash: stateHash(6), kind: 'counter', id })
  const before = await json(state, ['counter', id], { frame: String(now.frame - 1) })
  expect(before).toMatchObject({ state: 3, seq: 2, hash: stateHash(3) })
})

test('OP1 who was not yet there, who never was, and words that are none are told apart', async () => {
  const { run } = await counted()
  await expect(run(state, ['counter', id], { at: '2001-01-01T00:00:00Z' })).rejects.toThrow(
    'there was no counter',
  )
  await expect(run(state, ['counter', idAt(99)])).rejects.toThrow('there was no counter')
  await expect(run(state, ['ghost', id])).rejects.toThrow('no actor is called ghost: it is counter')
  await expect(run(state, ['counter', id], { at: 'noon' })).rejects.toThrow('--at wants a time')
  await expect(run(state, ['counter', id], { frame: '-1' })).rejects.toThrow('--frame wants a whole number')
  await expect(run(state, ['counter', id], { frame: '1', at: '2001-01-01' })).rejects.toThrow('not both')
})

test('OP2 between two moments the fields that became otherwise are told', async () => {
  const { run, json, lines, times } = await counted()
  const [from = '', , to = ''] = times
  expect(await json(diff, ['counter', id], { from, to })).toMatchObject({
    before: { seq: 1 },
    after: { seq: 3 },
    changes: [{ field: '', before: 1, after: 6 }],
  })
  lines.length = 0
  await run(diff, ['counter', id], { from: to })
  expect(lines.join()).toContain('nothing became otherwise')
  await expect(run(diff, ['counter', id], { from: to, to: from })).rejects.toThrow('ends before it begins')
  await expect(run(diff, ['counter', id])).rejects.toThrow('--from')
})

test('OP2 fields are named from the outside in', () => {
  expect(changesOf({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: 1, c: 3 }, d: [1, 2], e: 0 })).toEqual([
    { field: 'a.c', before: 2, after: 3 },
    { field: 'd', before: [1], after: [1, 2] },
    { field: 'e', before: null, after: 0 },
  ])
})
