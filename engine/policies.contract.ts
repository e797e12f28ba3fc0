/** What every store of policies promises. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { firstPolicy, type Policy } from '../protocols/policy.ts'
import type { Policies } from './ports.ts'

export interface OpenedPolicies {
  readonly policies: Policies
  /** The same store, opened once more. */
  reopen(): Promise<Policies>
  close(): Promise<void>
}

const policyOf = (version: number, runner_capacity = version): Policy => ({
  ...firstPolicy,
  version,
  runner_capacity,
})

/** Runs the suite on a store that is empty at first. */
export function policiesContract(name: string, open: () => Promise<OpenedPolicies>): void {
  describe(`policies: ${name}`, () => {
    let opened: OpenedPolicies
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened.close())

    test('PO1 a store without any version has none', async () => {
      expect(await opened.policies.after(1)).toEqual([])
    })

    test('PO2 versions are kept in order, as they were given, and are there for whoever opens the store', async () => {
      await opened.policies.append(policyOf(2))
      await opened.policies.append(policyOf(3))
      const again = await opened.reopen()
      for (const policies of [opened.policies, again]) {
        expect(await policies.after(1)).toEqual([policyOf(2), policyOf(3)])
        expect(await policies.after(2)).toEqual([policyOf(3)])
        expect(await policies.after(3)).toEqual([])
      }
    })

    test('PO3 only the next version is taken: never one twice, one that skips another, or the first', async () => {
      for (const version of [1, 2, 3, 5])
        await expect(opened.policies.append(policyOf(version, 9))).rejects.toMatchObject({ retry: false })
      expect(await opened.policies.after(1)).toEqual([policyOf(2), policyOf(3)])
    })

    test('PO3 of two who set the same version at once, one does', async () => {
      const other = await opened.reopen()
      const outcomes = await Promise.allSettled([
        opened.policies.append(policyOf(4, 5)),
        other.append(policyOf(4, 6)),
      ])
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      const won = outcomes[0]?.status === 'fulfilled' ? 5 : 6
      expect(await other.after(3)).toEqual([policyOf(4, won)])
    })
  })
}
