import type { Bench } from '../result.ts'
import { accept } from './accept.ts'
import { commands } from './commands.ts'
import { ingest } from './ingest.ts'
import { nearby } from './nearby.ts'
import { recover } from './recover.ts'

/** Every bench, in the order in which they run. */
export const benches: readonly Bench[] = [nearby, commands, ingest, accept, recover]
