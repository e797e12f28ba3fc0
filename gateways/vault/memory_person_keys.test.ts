import { personKeysContract } from '../../engine/person_keys.contract.ts'
import { MemoryPersonKeys } from './memory_person_keys.ts'

personKeysContract('memory', async () => ({ keys: new MemoryPersonKeys(), close: async () => undefined }))
