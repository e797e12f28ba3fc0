/** What operators do to a running deployment: words in, lines out. */
import type { Policies } from '../engine/ports.ts'
import { firstPolicy, type Policy } from '../protocols/policy.ts'
import { flawOfNext } from '../protocols/policy_document.ts'

/** What the verbs stand on. */
export interface Tools {
  readonly policies: Policies
  readonly readFile: (path: string) => Promise<string>
  readonly print: (line: string) => void
}

/** A mistake of who typed: told without a stack. */
export class Mistake extends Error {}

const newest = async (policies: Policies): Promise<Policy> => (await policies.after(1)).at(-1) ?? firstPolicy

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Mistake(`it is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

/** The verbs by their words. Each throws `Mistake`, or the store's Fault. */
export const policyVerbs = {
  'policy show': async ({ policies, print }: Tools) => print(JSON.stringify(await newest(policies), null, 2)),
  'policy set': async ({ policies, readFile, print }: Tools, path: string | undefined) => {
    if (path === undefined) throw new Mistake('usage: kilat policy set FILE')
    const document = parsed(await readFile(path))
    const flaw = flawOfNext(document, await newest(policies))
    if (flaw !== undefined) throw new Mistake(`${path}: ${flaw}`)
    await policies.append(document as Policy)
    print(
      `version ${(document as Policy).version} of the policy is on disk; every thread decides by it within seconds`,
    )
  },
} as const
