import { expect, test } from 'vitest'
import { firstPolicy } from '../../protocols/policy.ts'
import { atDesk } from './desk.given.ts'
import { policySet, policyShow } from './policy.ts'

test('PO10 an operator is shown the newest policy, and sets the next', async () => {
  const second = { ...firstPolicy, version: 2, runner_capacity: 3 }
  const { lines, run } = atDesk({ files: { 'next.json': JSON.stringify(second) } })
  await run(policyShow, [])
  expect(JSON.parse(lines[0] ?? '')).toEqual(firstPolicy)
  await run(policySet, ['next.json'])
  await run(policyShow, [])
  expect(lines[1]).toContain('version 2')
  expect(JSON.parse(lines[2] ?? '')).toEqual(second)
  await expect(run(policySet, ['next.json'])).rejects.toThrow('version must be 3')
})

test('PO10 what is no document is refused with the file and the reason, and changes nothing', async () => {
  const { run, policies } = atDesk({
    files: { torn: '{"version":', wrong: JSON.stringify({ ...firstPolicy, version: 2, rating_min: 6 }) },
  })
  await expect(run(policySet, ['nowhere'])).rejects.toThrow('nowhere cannot be read')
  await expect(run(policySet, ['torn'])).rejects.toThrow('it is no JSON')
  await expect(run(policySet, ['wrong'])).rejects.toThrow('wrong: rating_min must be <= 5')
  expect(await policies.after(1)).toEqual([])
})
