import { afterAll } from 'vitest'
import { grantsContract } from '../engine/grants.contract.ts'
import { openGrants } from './grants.ts'
import { sharedTestDatabase } from './migrated.ts'

const database = sharedTestDatabase()
afterAll(() => database.close())

grantsContract('PostgreSQL', async () => ({
  grants: openGrants((await database.open()).sql),
  close: async () => undefined,
}))
