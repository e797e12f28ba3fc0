import { firstPolicy, type Policy } from '../protocols/policy.ts'
import { Fault, type Policies } from './ports.ts'

/** What several `MemoryPolicies` may share as the same store. */
export type PolicyRow = Policy[]

/** The policies in memory, for tests and for engines that need none of their own. */
export class MemoryPolicies implements Policies {
  readonly #row: PolicyRow

  constructor(row: PolicyRow = []) {
    this.#row = row
  }

  async append(document: Policy): Promise<void> {
    const next = (this.#row.at(-1) ?? firstPolicy).version + 1
    if (document.version !== next)
      throw new Fault(`version ${document.version} is not the next policy, which is ${next}`, {
        retry: false,
      })
    this.#row.push(structuredClone(document))
  }

  async after(version: number): Promise<readonly Policy[]> {
    return this.#row.filter((policy) => policy.version > version).map((policy) => structuredClone(policy))
  }
}
