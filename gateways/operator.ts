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

/** What keeps a verb from being done, for the person at the keyboard. */
export class Refused extends Error {}

const newest = async (policies: Policies): Promise<Policy> => (await policies.after(1)).at(-1) ?? firstPolicy

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Refused(`it is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

/** Each with its words and what follows them. Throws `Refused`, or the store's Fault. */
export const policyVerbs = {
  'policy show': async ({ policies, print }: Tools) => print(JSON.stringify(await newest(policies), null, 2)),
  'policy set': async ({ policies, readFile, print }: Tools, [path]: readonly string[]) => {
    if (path === undefined) throw new Refused('it needs the name of a file')
    const document = parsed(await readFile(path))
    const flaw = flawOfNext(document, await newest(policies))
    if (flaw !== undefined) throw new Refused(`${path}: ${flaw}`)
    await policies.append(document as Policy)
    print(
      `version ${(document as Policy).version} of the policy is on disk; every thread decides by it within seconds`,
    )
  },
} as const satisfies Record<string, (tools: Tools, words: readonly string[]) => Promise<void>>
