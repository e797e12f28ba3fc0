import { campaign, failuresOf } from '../fuzz/campaign.ts'
import type { Drill } from './row.ts'

/** A round is so many inputs. */
const inputs_per_round = 10_000

/** Random and mutated inputs at every door. */
export const fuzzDrill: Drill = {
  name: 'fuzz',
  target:
    '1,000,000 random and mutated inputs: no 5xx, no crash, no growth of memory, no unhandled rejection',
  short: { rounds: 1, limit_s: 120 },
  long: { rounds: 100, limit_s: 1_800 },
  async run({ rounds, seed, form, note }) {
    const minutes = form === 'short' ? 1 : 25
    const done = await campaign({ inputs: rounds * inputs_per_round, seed, minutes, note })
    const failures = failuresOf(done)
    const later = done.tried.reduce(
      (sum, { outcomes }) => sum + (outcomes['503 later'] ?? 0) + (outcomes['503 for once'] ?? 0),
      0,
    )
    return {
      acked: done.tried.reduce((sum, { tried }) => sum + tried, 0),
      lost: 0,
      doubled: 0,
      serving_ms: null,
      wrong: [
        ...failures.map(({ name, seed: of, path, why }) => `${name}, --seed ${of} --path ${path}: ${why}`),
        ...done.wrong,
      ],
      extra: {
        later,
        heap_mib: done.heap_mib,
        engine_mib: [done.engine_mib.at(0) ?? 0, done.engine_mib.at(-1) ?? 0],
      },
    }
  },
}
