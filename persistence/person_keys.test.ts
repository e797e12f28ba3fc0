import { afterAll } from 'vitest'
import { personKeysContract } from '../engine/person_keys.contract.ts'
import { sharedTestDatabase } from './migrated.ts'
import { openPersonKeys } from './person_keys.ts'

const database = sharedTestDatabase()
afterAll(() => database.close())

personKeysContract('PostgreSQL', async () => ({
  keys: openPersonKeys((await database.open()).sql),
  close: async () => undefined,
}))
