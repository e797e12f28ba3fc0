/** Policy documents as people and stores hand them over. */
import { strictly } from './check.ts'
import { firstPolicy, Policy } from './policy.ts'

const flawOf = strictly(Policy)

/** What keeps a document from being the policy that follows `current`, naming the path; undefined when nothing does. */
export function flawOfNext(document: unknown, current: Policy): string | undefined {
  const flaw = flawOf(document)
  if (flaw !== undefined) return flaw
  const next = current.version + 1
  const { version } = document as Policy
  return version === next ? undefined : `version must be ${next}, one more than that of the present policy`
}

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A stored document, which may be older than this program: what it does not name is as in the first policy. Throws when it is none. */
export function storedPolicy(document: unknown): Policy {
  const whole = over(firstPolicy, document)
  const flaw = flawOf(whole)
  if (flaw !== undefined) throw new Error(`a stored policy is malformed: ${flaw}`)
  return whole as Policy
}

/** Fields that this program no longer knows are left behind. */
function over(base: unknown, document: unknown): unknown {
  if (!isFields(base)) return document === undefined ? base : document
  if (!isFields(document)) return document === undefined ? base : document
  return Object.fromEntries(Object.entries(base).map(([name, value]) => [name, over(value, document[name])]))
}
