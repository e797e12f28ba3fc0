import { powercut } from '../drill/outage/powercut.ts'
import type { Drill } from './row.ts'

/** The disks under nats-server and the database, cut from power under load. */
export const powercutDrill: Drill = {
  name: 'powercut',
  target: '20 power cuts of the disks under nats-server and the database: nothing acked lost or doubled',
  short: { rounds: 2, limit_s: 180 },
  long: { rounds: 20, limit_s: 3_600 },
  run: powercut,
}
