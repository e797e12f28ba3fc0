import { accountsContract } from '../../engine/accounts.contract.ts'
import { MemoryAccounts } from './memory_accounts.ts'

accountsContract('memory', async () => ({ accounts: new MemoryAccounts(), close: async () => undefined }))
