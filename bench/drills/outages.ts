import { databaseGone } from '../drill/outage/database_gone.ts'
import { diskFull } from '../drill/outage/disk_full.ts'
import { natsGone } from '../drill/outage/nats_gone.ts'
import { streamFull } from '../drill/outage/stream_full.ts'
import type { Drill, Outcome } from './row.ts'

/** What the engine needs is away for a while and comes back. */
export const outageDrills: readonly Drill[] = [
  {
    name: 'diskfull',
    target:
      'a full disk under the log, and a log at its own bound: commands are refused with a time, reads go on, and it serves again by itself',
    short: { rounds: 1, limit_s: 180 },
    long: { rounds: 1, limit_s: 420 },
    run: async (options) => bothOf(await diskFull(options), await streamFull(options)),
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

/** Two outages, one after the other, as one row: what is wrong with either is wrong. */
export const bothOf = (disk: Outcome, stream: Outcome): Outcome => ({
  acked: disk.acked + stream.acked,
  lost: disk.lost + stream.lost,
  doubled: disk.doubled + stream.doubled,
  serving_ms: Math.max(disk.serving_ms ?? 0, stream.serving_ms ?? 0),
  wrong: [
    ...disk.wrong.map((what) => `full disk: ${what}`),
    ...stream.wrong.map((what) => `full stream: ${what}`),
  ],
  extra: {
    disk: { serving_ms: disk.serving_ms, ...disk.extra },
    stream: { serving_ms: stream.serving_ms, ...stream.extra },
  },
})
