import { drill } from '../drill/drill.ts'
import { isGood, line, type Round } from '../drill/round.ts'
import type { Drill } from './row.ts'

/** kill -9 of the engine, nats-server and the database, under load. */
export const killDrill: Drill = {
  name: 'kill',
  target: '100 rounds of kill -9 of engine, nats-server and database: nothing acked lost, no double accept',
  short: { rounds: 3, limit_s: 180 },
  long: { rounds: 100, limit_s: 5_400 },
  async run({ form, rounds, seed, shards, token_issuer, note, left }) {
    const done: Round[] = []
    const told = (round: Round) => {
      done.push(round)
      note(line(round))
    }
    const size = form === 'short' ? { runners: 40, owners: 10 } : { runners: 200, owners: 40 }
    const warm_up_ms = form === 'short' ? 6_000 : 20_000
    await drill({ ...size, rounds, seed, workers: 2, shards, token_issuer, warm_up_ms, note, left, told })
    const last = done.at(-1)
    const bad = done.filter((round) => !isGood(round))
    return {
      acked: last?.acked ?? 0,
      lost: (last?.lost ?? 0) + (last?.lost_waypoints ?? 0),
      doubled: last?.doubled ?? 0,
      serving_ms: Math.max(0, ...done.map(({ serving_ms }) => serving_ms)),
      wrong: bad.flatMap((round) => [`round ${round.round} is not good`, ...round.wrong]),
      extra: {
        kills: done.reduce((sum, { killed }) => sum + killed.length, 0),
        waypoints: last?.waypoints ?? 0,
        compared_actors: done.reduce((sum, { compared }) => sum + compared, 0),
      },
    }
  },
}
