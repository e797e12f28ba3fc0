import { expect, test } from 'vitest'
import { outsidePromises, Timeline } from './timeline.ts'

const never = () => false

test('SM1 what is due later happens later, and what one life does at one moment keeps its order', async () => {
  const order = await outsidePromises(() => {
    const [timeline, order] = [new Timeline(1), [] as string[]]
    const life = timeline.newLife()
    for (const name of ['b', 'c', 'd']) timeline.after(2, life, () => order.push(name))
    timeline.after(1, life, () => order.push('a'))
    timeline.after(3, life, () => order.push('called off'))()
    timeline.run(10, never)
    return order
  })
  expect(order).toEqual(['a', 'b', 'c', 'd'])
})

test('SM1 which of several lives comes first at one moment is drawn from the seed', async () => {
  const firstOf = (seed: number) =>
    outsidePromises(() => {
      const [timeline, order] = [new Timeline(seed), [] as number[]]
      for (let index = 0; index < 4; index++) timeline.after(1, timeline.newLife(), () => order.push(index))
      timeline.run(2, never)
      return order.join()
    })
  const orders = await Promise.all(Array.from({ length: 20 }, (_, seed) => firstOf(seed)))
  expect(new Set(orders).size).toBeGreaterThan(3)
  expect(await firstOf(7)).toBe(orders[7])
})

test('SM2 a step ends with the last promise that it led to, however deep', async () => {
  const seen = await outsidePromises(() => {
    const [timeline, seen] = [new Timeline(1), [] as number[]]
    const life = timeline.newLife()
    const deep = async () => {
      for (let turn = 0; turn < 1_000; turn++) await undefined
      seen.push(timeline.now_ms)
    }
    timeline.after(1, life, () => void deep())
    timeline.after(2, life, () => seen.push(timeline.now_ms))
    timeline.run(3, never)
    return seen
  })
  expect(seen).toEqual([1, 2])
})

test('SM3 a paused life finds all that came when it goes on, and a dead one nothing', async () => {
  const seen = await outsidePromises(() => {
    const [timeline, seen] = [new Timeline(1), [] as string[]]
    const [paused, dead] = [timeline.newLife(), timeline.newLife()]
    const say = (what: string) => () => void seen.push(`${what} at ${timeline.now_ms}`)
    timeline.after(1, paused, say('first'))
    timeline.after(2, paused, say('second'))
    timeline.after(3, paused, say('called off'))()
    timeline.after(1, dead, say('dead'))
    paused.paused = true
    dead.alive = false
    timeline.run(5, never)
    timeline.resume(paused)
    timeline.run(6, never)
    return seen
  })
  expect(seen).toEqual(['first at 5', 'second at 5'])
})
