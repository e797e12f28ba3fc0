import { abuseDrill } from './abuse.ts'
import { clockDrill } from './clock.ts'
import { fuzzDrill } from './fuzz.ts'
import { killDrill } from './kill.ts'
import { outageDrills } from './outages.ts'
import { pauseDrill } from './pause.ts'
import { powercutDrill } from './powercut.ts'
import type { Drill } from './row.ts'
import { simDrill } from './sim.ts'
import { slowDrill } from './slow.ts'
import { snapshotsDrill } from './snapshots.ts'
import { soakDrill } from './soak.ts'

/** Every drill, in the order in which all of them are run. */
export const drills: readonly Drill[] = [
  killDrill,
  powercutDrill,
  pauseDrill,
  snapshotsDrill,
  clockDrill,
  ...outageDrills,
  simDrill,
  slowDrill,
  fuzzDrill,
  abuseDrill,
  soakDrill,
]
