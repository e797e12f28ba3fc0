import type { Bench } from '../result.ts'
import { accept } from './accept.ts'
import { actorsBench } from './actors.ts'
import { commands } from './commands.ts'
import { ingest } from './ingest.ts'
import { mesh } from './mesh.ts'
import { nearby } from './nearby.ts'
import { recover } from './recover.ts'
import { replay } from './replay.ts'
import { vaultBench } from './vault.ts'

/** Every bench, in the order in which they run. */
export const benches: readonly Bench[] = [
  nearby,
  actorsBench,
  mesh,
  replay,
  vaultBench,
  commands,
  ingest,
  accept,
  recover,
]
