import { databaseGone } from '../drill/outage/database_gone.ts'
import { diskFull } from '../drill/outage/disk_full.ts'
import { natsGone } from '../drill/outage/nats_gone.ts'
import type { Drill } from './row.ts'

/** What the engine needs is away for a while and comes back. */
export const outageDrills: readonly Drill[] = [
  {
    name: 'diskfull',
    target:
      'a full disk under the log: commands are refused with a time, reads go on, and it serves again by itself',
    short: { rounds: 1, limit_s: 150 },
    long: { rounds: 1, limit_s: 300 },
    run: diskFull,
  },
  {
    name: 'nats-gone',
    target: 'NATS gone for 60 s: commands wait or are refused with a time, nothing acked lost or doubled',
    short: { rounds: 1, limit_s: 120 },
    long: { rounds: 1, limit_s: 300 },
    run: natsGone,
  },
  {
    name: 'database-gone',
    target:
      'PostgreSQL gone for 10 minutes: resident actors go on, logins and cold wakes are refused, lists catch up',
    short: { rounds: 1, limit_s: 180 },
    long: { rounds: 1, limit_s: 1_200 },
    run: databaseGone,
  },
]
