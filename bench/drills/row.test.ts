import { expect, test } from 'vitest'
import { drills } from './all.ts'
import { bothOf } from './outages.ts'
import { type Drill, failedRow, type Outcome, rowOf, tableOf } from './row.ts'
import { inTurns } from './turns.ts'

const drill: Drill = {
  name: 'flood',
  target: 'nobody drowns',
  short: { rounds: 1, limit_s: 10 },
  long: { rounds: 10, limit_s: 100 },
  run: () => Promise.reject(new Error('it is only looked at')),
}
const kept: Outcome = { acked: 5, lost: 0, doubled: 0, serving_ms: 12, wrong: [] }
const ran = { form: 'short', rounds: 1, seed: 7, seconds: 3 } as const

test('DF1 a drill passes when nothing is lost, doubled or wrong', () => {
  expect(rowOf(drill, ran, kept).verdict).toBe('passed')
  const planted: readonly Partial<Outcome>[] = [{ lost: 1 }, { doubled: 1 }, { wrong: ['a line'] }]
  for (const fault of planted) expect(rowOf(drill, ran, { ...kept, ...fault }).verdict).toBe('failed')
  expect(failedRow(drill, ran, 'it told nothing')).toMatchObject({
    verdict: 'failed',
    wrong: ['it told nothing'],
  })
})

test('DF8 a drill that left a process behind has failed, whatever else it kept', () => {
  expect(rowOf(drill, ran, kept, []).verdict).toBe('passed')
  expect(rowOf(drill, ran, kept, ['left over: 7 postgres'])).toMatchObject({
    verdict: 'failed',
    wrong: ['left over: 7 postgres'],
  })
})

test('DF1 a row names the command that gives it again', () => {
  const { command } = rowOf(drill, ran, kept)
  expect(command).toBe('npm run drill -- flood --short --rounds 1 --seed 7')
  expect(rowOf(drill, { ...ran, form: 'long' }, kept).command).not.toContain('--short')
  expect([...tableOf([rowOf(drill, ran, { ...kept, wrong: ['it was wet'] })])].join('\n')).toContain(
    'it was wet',
  )
})

test('DF2 every drill has a name of its own and is bounded in both forms', () => {
  expect(new Set(drills.map(({ name }) => name)).size).toBe(drills.length)
  for (const { short, long } of drills) {
    expect(short.rounds).toBeGreaterThan(0)
    expect(short.limit_s).toBeGreaterThan(0)
    expect(short.limit_s).toBeLessThanOrEqual(180)
    expect(long.limit_s).toBeGreaterThanOrEqual(short.limit_s)
  }
})

test('DF7 a drill that judges how long answers take is alone', () => {
  const judges = drills.filter(({ target }) => target.includes('p99'))
  expect(judges.map(({ name }) => name)).toEqual(['slow', 'abuse'])
  for (const { name, is_alone } of judges) expect([name, is_alone]).toEqual([name, true])
})

test('DF7 beside a drill that is alone no other one runs, and the others do not wait for each other', async () => {
  const under_way = new Set<string>()
  const company = new Map<string, number>()
  const run = async ({ name }: Drill) => {
    under_way.add(name)
    for (const each of under_way) company.set(each, Math.max(company.get(each) ?? 0, under_way.size - 1))
    await new Promise((resolve) => setImmediate(resolve))
    under_way.delete(name)
  }
  const named = (name: string, is_alone: boolean): Drill => ({ ...drill, name, is_alone })
  const rows = [named('timed', true), named('one', false), named('two', false), named('late', true)]
  await inTurns(rows, 3, run)
  expect(Object.fromEntries(company)).toEqual({ one: 1, two: 1, timed: 0, late: 0 })
})

test('OU11 a row of two outages adds them up, and is wrong with what was wrong in either', () => {
  const well: Outcome = { acked: 5, lost: 0, doubled: 0, serving_ms: 12, wrong: [], extra: { aside: 0 } }
  expect(rowOf(drill, ran, bothOf(well, { ...well, serving_ms: 40 }))).toMatchObject({
    acked: 10,
    serving_ms: 40,
    verdict: 'passed',
  })
  for (const fault of [{ lost: 1 }, { doubled: 1 }, { wrong: ['a line'] }])
    for (const both of [bothOf({ ...well, ...fault }, well), bothOf(well, { ...well, ...fault })])
      expect(rowOf(drill, ran, both).verdict).toBe('failed')
})
