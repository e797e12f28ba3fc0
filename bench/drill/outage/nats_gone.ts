import type { DrillOptions, Outcome } from '../../drills/row.ts'
import { outage } from './outage.ts'
import type { LaneCount } from './sampler.ts'
import { takeAway } from './stores.ts'

const gone_ms = { short: 8_000, long: 60_000 } as const

/** nats-server is killed and comes back later: until then no command can be durable. */
export function natsGone(options: DrillOptions): Promise<Outcome> {
  let back = () => {}
  return outage(options, {
    name: 'nats-gone',
    gone_ms: gone_ms[options.form],
    begin: async ({ data_dir }) => {
      back = await takeAway(data_dir, 'nats')
    },
    end: async () => back(),
    judge: (of) => judgeLog(of('command')),
  })
}

/** Commands in a time without a log: they must wait or be refused, and none may be said to be done for long. */
export const judgeLog = ({ refused }: Readonly<LaneCount>): readonly string[] =>
  refused === 0 ? ['no command was refused while the log was away'] : []
