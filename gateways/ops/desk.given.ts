/** A desk on memory twins, and what a verb said at it. */
import { counter } from '../../engine/counter.given.ts'
import { MemoryPolicies } from '../../engine/memory_policies.ts'
import { MemorySnapshots } from '../../engine/memory_snapshots.ts'
import type { Journal, Snapshots } from '../../engine/ports.ts'
import { systemEnv } from '../../engine/system_env.ts'
import type { Workbench } from '../../engine/workbench.ts'
import type { Behaviour } from '../../protocols/actor.ts'
import { firstPolicy, type Policy } from '../../protocols/policy.ts'
import type { CloudEvent } from '../../protocols/topics.ts'
import { loadConfig } from '../config.ts'
import { MemoryAccounts } from '../identity/memory_accounts.ts'
import { MemoryPersonKeys } from '../vault/memory_person_keys.ts'
import type { Desk, Living, Verb } from './desk.ts'

const nowhere = () => Promise.reject(new Error('there is no database'))

interface Given {
  readonly stores?: { readonly journal: Journal; readonly snapshots: Snapshots }
  readonly workbench?: Workbench
  readonly opens?: () => Promise<Workbench>
  readonly living?: Living
  readonly moves?: { readonly reach_ms: number; readonly all: () => AsyncIterable<CloudEvent> }
  readonly shards?: number
  readonly policyAt?: (version: number) => Policy
  readonly behaviours?: readonly Behaviour[]
  readonly files?: Readonly<Record<string, string>>
}

async function* eachOf(): AsyncGenerator<CloudEvent> {}

export function atDesk(given: Given = {}) {
  const { stores, shards = 2, behaviours = [counter], files = {}, workbench, opens, living, moves } = given
  const { policyAt = () => firstPolicy } = given
  const lines: string[] = []
  const notes: string[] = []
  const written = new Map<string, string>()
  const policies = new MemoryPolicies()
  const desk: Desk = {
    config: loadConfig({}),
    env: systemEnv('error'),
    behaviours,
    print: (line) => void lines.push(line),
    note: (line) => void notes.push(line),
    readFile: async (path) => {
      const text = files[path] ?? written.get(path)
      if (text === undefined) throw new Error('no such file')
      return text
    },
    writeFile: async (path, text) => void written.set(path, text),
    policies: async () => policies,
    accounts: async () => new MemoryAccounts(),
    snapshots: async () => stores?.snapshots ?? new MemorySnapshots(),
    workbench: async () => {
      if (opens) return opens()
      if (!workbench) throw new Error('there are no lists')
      return workbench
    },
    movement: async () => ({ reach_ms: moves?.reach_ms ?? 0, moves: (moves?.all ?? eachOf)() }),
    living: async () => living,
    personKeys: async () => new MemoryPersonKeys(),
    erasure: nowhere,
    traces: nowhere,
    vault: nowhere,
    log: async () => {
      if (!stores) throw new Error('there is no log')
      return { journal: stores.journal, shards, policyAt }
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
  return { desk, lines, notes, written, policies, run, json }
}
