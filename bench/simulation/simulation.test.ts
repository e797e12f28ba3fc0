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
  const knobs = { ...plan.knobs, snapshot_interval_ms: 1_000 }
  const small = { ...plan, knobs, owners: Math.min(owners, 3), runners: Math.min(runners, 3), seconds: 20 }
  // Some need luck to show in so short a time: a snapshot that lies is read by few.
  const play = (faults: readonly FaultName[]) => simulate({ ...small, faults })
  const deaths: readonly FaultName[] = ['crash', 'thread_death', 'restart']
  const deadly = await play(deaths)
  const seen: FaultName[] = []
  for (const fault of fault_names) {
    const { trace, breaches } = await play(
      deaths.includes(fault) ? deaths.filter((name) => name !== fault) : [...deaths, fault],
    )
    expect(breaches, fault).toEqual([])
    if (trace !== deadly.trace) seen.push(fault)
  }
  expect(seen.length).toBeGreaterThan(10)
  const drawn = new Set(Array.from({ length: 40 }, (_, seed) => planOf(seed, 1).faults).flat())
  expect(drawn.size).toBe(fault_names.length)
})
