/** A desk on memory twins, and what a verb said at it. */
import { counter, type Stores } from '../../engine/counter.given.ts'
import { MemoryPolicies } from '../../engine/memory_policies.ts'
import { systemEnv } from '../../engine/system_env.ts'
import type { Behaviour } from '../../protocols/actor.ts'
import { firstPolicy } from '../../protocols/policy.ts'
import { loadConfig } from '../config.ts'
import { MemoryAccounts } from '../identity/memory_accounts.ts'
import type { Desk, Verb } from './desk.ts'

interface Given {
  readonly stores?: Pick<Stores, 'journal'>
  readonly shards?: number
  readonly behaviours?: readonly Behaviour[]
  readonly files?: Readonly<Record<string, string>>
}

export function atDesk({ stores, shards = 2, behaviours = [counter], files = {} }: Given = {}) {
  const lines: string[] = []
  const notes: string[] = []
  const policies = new MemoryPolicies()
  const desk: Desk = {
    config: loadConfig({}),
    env: systemEnv('error'),
    behaviours,
    print: (line) => void lines.push(line),
    note: (line) => void notes.push(line),
    readFile: async (path) => {
      const text = files[path]
      if (text === undefined) throw new Error('no such file')
      return text
    },
    policies: async () => policies,
    accounts: async () => new MemoryAccounts(),
    log: async () => {
      if (!stores) throw new Error('there is no log')
      return { journal: stores.journal, shards, policyAt: () => firstPolicy }
    },
  }
  const run = (verb: Verb, positionals: readonly string[], values: Record<string, string | boolean> = {}) =>
    verb(desk, { positionals, values })
  /** What the verb printed, as JSON. */
  const json = async (
    verb: Verb,
    positionals: readonly string[],
    values: Record<string, string | boolean> = {},
  ) => {
    lines.length = 0
    await run(verb, positionals, { ...values, json: true })
    return JSON.parse(lines.join('\n'))
  }
  return { desk, lines, notes, policies, run, json }
}
