import { expect, test } from 'vitest'
import { SteppedEnv } from '../../engine/clock.ts'
import { isSettled } from '../../engine/counter.given.ts'
import { Rush } from './rush.ts'

const work_ms = 20

/** A rush on a stepped clock: each piece of work takes as long, and its name is told when it begins. */
function given(waiting_max = 9) {
  const env = new SteppedEnv()
  const wait = (ms: number) => new Promise<void>((resolve) => env.after(ms, resolve))
  const monotonic_ms = () => env.monotonic_ms()
  const rush = new Rush({ waiting_max, retry_ms: 7, detail: 'too many', monotonic_ms, pause: wait })
  const begun: string[] = []
  const run = (name: string, fails = false) =>
    rush.run(async () => {
      begun.push(name)
      await wait(work_ms)
      if (fails) throw new Error(name)
      return name
    })
  return { env, begun, run }
}

test('AB41 after each piece of costly work it rests for as long as that took while others wait, and not otherwise', async () => {
  const { env, begun, run } = given()
  const all = [run('a'), run('b', true), run('c')]
  all[1]?.catch(() => {})
  await env.advance(work_ms)
  await env.advance(work_ms - 1)
  expect(begun).toEqual(['a'])
  await env.advance(1)
  expect(begun).toEqual(['a', 'b'])
  await env.advance(work_ms)
  await env.advance(work_ms)
  expect(begun).toEqual(['a', 'b', 'c'])
  await expect(all[1]).rejects.toThrow('b')
  await env.advance(work_ms)
  expect(await all[2]).toBe('c')
  run('d')
  await env.settle()
  expect(begun).toEqual(['a', 'b', 'c', 'd'])
})

test('AB41 what waits is bounded, and who comes then is told when to come again', async () => {
  const { env, run } = given(2)
  const first = run('a')
  const second = run('b')
  expect(await run('c')).toEqual({ rejected: 'overloaded', detail: 'too many', retry_after_ms: 7 })
  await env.advance(work_ms)
  expect(await first).toBe('a')
  const third = run('d')
  expect(await isSettled(env, third)).toBe(false)
  for (const each of [second, third]) {
    await env.advance(work_ms)
    await env.advance(work_ms)
    await each
  }
  expect(await third).toBe('d')
})
