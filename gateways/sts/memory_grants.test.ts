import { grantsContract } from '../../engine/grants.contract.ts'
import { MemoryGrants } from './memory_grants.ts'

grantsContract('memory', async () => ({ grants: new MemoryGrants(), close: async () => undefined }))
