/** What the verbs of an operator stand on. Stores are opened when a verb first asks for them, and closed behind it. */
import type { Env } from '../../engine/env.ts'
import type { Journal, Policies, Snapshots } from '../../engine/ports.ts'
import type { Workbench } from '../../engine/workbench.ts'
import type { Accounts } from '../../protocols/accounts.ts'
import type { Behaviour } from '../../protocols/actor.ts'
import type { Erasure, Traces } from '../../protocols/erasure.ts'
import type { PersonKeys } from '../../protocols/person_keys.ts'
import type { Policy } from '../../protocols/policy.ts'
import type { CloudEvent } from '../../protocols/topics.ts'
import type { Config } from '../config.ts'
import type { Vault } from '../vault/vault.ts'

/** The log of a deployment, and the rules that its records name. */
export interface Log {
  readonly journal: Journal
  readonly shards: number
  /** Throws for a version that is nowhere. */
  readonly policyAt: (version: number) => Policy
}

interface Named {
  readonly kind: string
  readonly id: string
}

/** The digests that a running engine tells of actors, at most `limits.digests_max` at once. */
export type Living = (
  of: readonly Named[],
) => Promise<readonly (Named & { readonly seq: number; readonly hash: string })[]>

export interface Desk {
  readonly config: Config
  readonly env: Env
  readonly behaviours: readonly Behaviour[]
  /** A line of what was asked for. */
  readonly print: (line: string) => void
  /** A line beside it: progress, and what the reader should know. */
  readonly note: (line: string) => void
  readonly readFile: (path: string) => Promise<string>
  readonly writeFile: (path: string, text: string) => Promise<void>
  log(): Promise<Log>
  policies(): Promise<Policies>
  accounts(): Promise<Accounts>
  snapshots(): Promise<Snapshots>
  workbench(): Promise<Workbench>
  /** Where runners were, from a time on, of one runner or of all; and how far back that is kept. */
  movement(
    from_ms: number,
    runner_id: string | undefined,
  ): Promise<{ readonly reach_ms: number; readonly moves: AsyncIterable<CloudEvent> }>
  /** How a living actor is asked for its digest; nothing where no engine serves. */
  living(url: string | undefined): Promise<Living | undefined>
  personKeys(): Promise<PersonKeys>
  erasure(): Promise<Erasure>
  traces(): Promise<Traces>
  /** Opens sealed texts, for a verb whose operator may read them; what a verb shows without it stays sealed. */
  vault(): Promise<Pick<Vault, 'open'>>
}

/** A command line behind its verb. */
export interface Words {
  readonly values: Readonly<Record<string, string | boolean | undefined>>
  readonly positionals: readonly string[]
}

/** False: it did what it was asked, and found what should not be. Throws `Misuse`, `Mistake`, or a store's Fault. */
export type Verb = (desk: Desk, words: Words) => Promise<boolean>

/** A mistake of who typed: told without a stack. */
export class Mistake extends Error {}

/** Words that it does not understand. */
export class Misuse extends Mistake {}

export const textOf = ({ values }: Words, name: string): string | undefined => {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}

/** A whole number of 0 and above. */
export function wholeOf(words: Words, name: string): number | undefined {
  const text = textOf(words, name)
  if (text === undefined) return undefined
  if (!/^\d{1,15}$/.test(text)) throw new Misuse(`--${name} wants a whole number, and ${text} is none`)
  return Number(text)
}

/** Milliseconds since the Unix epoch: RFC 3339, or the number itself. */
export function timeOf(words: Words, name: string): number | undefined {
  const text = textOf(words, name)
  if (text === undefined) return undefined
  const at_ms = /^\d{12,14}$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isNaN(at_ms)) throw new Misuse(`--${name} wants a time like 2026-11-23T08:00:00Z, not ${text}`)
  return at_ms
}
