import { MemoryRows } from './memory_rows.ts'
import { rowsContract } from './rows.contract.ts'

rowsContract('memory', async () => ({ rows: new MemoryRows(), close: async () => undefined }))
