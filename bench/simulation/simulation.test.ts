import { expect, test } from 'vitest'
import { type FaultName, fault_names, planOf } from './plan.ts'
import { isGood, playTwice } from './seeds.ts'
import { simulate } from './simulation.ts'

const few = [1, 2, 3, 4, 5, 6]

test('SM4 a seed goes the same way each time, and another seed another way', async () => {
  const outcomes = []
  for (const seed of few) outcomes.push(await playTwice(planOf(seed, 1)))
  expect(outcomes.filter((outcome) => !isGood(outcome)).map(({ breaches }) => breaches)).toEqual([])
  expect(new Set(outcomes.map(({ trace }) => trace)).size).toBe(few.length)
})

test('SM5 every kind of trouble comes, and its work is seen in the trace', async () => {
  const { owners, runners, ...plan } = planOf(1, 1)
  const small = { ...plan, owners: Math.min(owners, 3), runners: Math.min(runners, 3), seconds: 20 }
  // Some only show beside a crash: nobody reads a snapshot without one.
  const play = (faults: readonly FaultName[]) => simulate({ ...small, faults })
  const [calm, crashing] = [await play([]), await play(['crash'])]
  for (const fault of fault_names) {
    const { trace, breaches } = await play(fault === 'crash' ? [fault] : ['crash', fault])
    expect(breaches, fault).toEqual([])
    expect(trace, fault).not.toBe(fault === 'crash' ? calm.trace : crashing.trace)
  }
  const drawn = new Set(Array.from({ length: 40 }, (_, seed) => planOf(seed, 1).faults).flat())
  expect(drawn.size).toBe(fault_names.length)
})
