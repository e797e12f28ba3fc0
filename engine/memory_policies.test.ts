import { MemoryPolicies, type PolicyRow } from './memory_policies.ts'
import { policiesContract } from './policies.contract.ts'

policiesContract('memory', async () => {
  const row: PolicyRow = []
  return {
    policies: new MemoryPolicies(row),
    reopen: async () => new MemoryPolicies(row),
    close: async () => undefined,
  }
})
