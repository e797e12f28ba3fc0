import { expect, test } from 'vitest'
import { MemoryPolicies } from '../engine/memory_policies.ts'
import { firstPolicy } from '../protocols/policy.ts'
import { policyVerbs } from './operator.ts'

function given(files: Readonly<Record<string, string>> = {}) {
  const lines: string[] = []
  const tools = {
    policies: new MemoryPolicies(),
    readFile: async (path: string) => files[path] ?? '',
    print: (line: string) => void lines.push(line),
  }
  return { lines, tools }
}

test('PO10 an operator is shown the newest policy, and sets the next', async () => {
  const second = { ...firstPolicy, version: 2, runner_capacity: 3 }
  const { lines, tools } = given({ 'next.json': JSON.stringify(second) })
  await policyVerbs['policy show'](tools)
  expect(JSON.parse(lines[0] ?? '')).toEqual(firstPolicy)
  await policyVerbs['policy set'](tools, 'next.json')
  await policyVerbs['policy show'](tools)
  expect(lines[1]).toContain('version 2')
  expect(JSON.parse(lines[2] ?? '')).toEqual(second)
  await expect(policyVerbs['policy set'](tools, 'next.json')).rejects.toThrow('version must be 3')
})

test('PO10 what is no document is refused with the file and the reason, and changes nothing', async () => {
  const { tools } = given({
    torn: '{"version":',
    wrong: JSON.stringify({ ...firstPolicy, version: 2, rating_min: 6 }),
  })
  const set = (path?: string) => policyVerbs['policy set'](tools, path)
  await expect(set()).rejects.toThrow('usage: kilat policy set FILE')
  await expect(set('torn')).rejects.toThrow('it is no JSON')
  await expect(set('wrong')).rejects.toThrow('wrong: rating_min must be <= 5')
  expect(await tools.policies.after(1)).toEqual([])
})
