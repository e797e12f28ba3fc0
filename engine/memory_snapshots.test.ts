import { MemorySnapshots } from './memory_snapshots.ts'
import { snapshotsContract } from './snapshots.contract.ts'

snapshotsContract('memory', async () => ({ snapshots: new MemorySnapshots(), close: async () => undefined }))
