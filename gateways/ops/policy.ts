/** The rules in force: `kilat policy show` and `kilat policy set FILE`. */
import type { Policies } from '../../engine/ports.ts'
import { firstPolicy, type Policy } from '../../protocols/policy.ts'
import { flawOfNext } from '../../protocols/policy_document.ts'
import { type Desk, Mistake, type Verb } from './desk.ts'

const newest = async (policies: Policies): Promise<Policy> => (await policies.after(1)).at(-1) ?? firstPolicy

/** The JSON document in a file. Rejects with a Mistake that names what is wrong with it. */
export async function jsonIn({ readFile }: Pick<Desk, 'readFile'>, path: string): Promise<unknown> {
  const text = await readFile(path).catch((cause: unknown) => {
    throw new Mistake(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`)
  })
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Mistake(`${path}: it is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

/** `kilat policy show`. */
export const policyShow: Verb = async ({ policies, print }) => {
  print(JSON.stringify(await newest(await policies()), null, 2))
  return true
}

/** The policy in a file, which could follow the newest one. Rejects with a Mistake that names what is wrong with it, and where. */
export async function nextPolicyIn(
  desk: Pick<Desk, 'readFile'>,
  path: string,
  policies: Policies,
): Promise<Policy> {
  const document = await jsonIn(desk, path)
  const flaw = flawOfNext(document, await newest(policies))
  if (flaw !== undefined) throw new Mistake(`${path}: ${flaw}`)
  return document as Policy
}

/** `kilat policy set FILE`. */
export const policySet: Verb = async (desk, { positionals: [path = ''] }) => {
  const policies = await desk.policies()
  const policy = await nextPolicyIn(desk, path, policies)
  await policies.append(policy)
  desk.print(`version ${policy.version} of the policy is on disk; every thread decides by it within seconds`)
  return true
}
