import { driftOf, residentMb } from '../drill/memory.ts'
import { Scene } from '../drill/scene.ts'
import { pause } from '../pause.ts'
import type { Drill, DrillOptions, Outcome } from './row.ts'

const sample_ms = 1_000
/** A heap breathes: over the quarter of an hour that is looked at this is 50 MB. */
const drift_max_mb_per_hour = 200
/** What a short run may grow by from its middle to its end. */
const growth_max_mb = 128

/** Half of what one machine is built for, for half an hour. A round is a minute, of the short form half of one. */
export const soakDrill: Drill = {
  name: 'soak',
  target: '30 minutes at half load: memory flat, no drift, zero lost',
  short: { rounds: 1, limit_s: 150 },
  long: { rounds: 30, limit_s: 3_600 },
  async run(options) {
    const size = options.form === 'short' ? { runners: 100, owners: 20 } : { runners: 1_000, owners: 100 }
    const scene = await Scene.open({ ...options, ...size, name: 'soak', workers: 2 })
    let is_good = false
    try {
      const outcome = await soaked(scene, options)
      is_good = outcome.wrong.length === 0
      return outcome
    } finally {
      await scene.close(is_good)
    }
  },
}

async function soaked(scene: Scene, { form, rounds, note }: DrillOptions): Promise<Outcome> {
  const round_ms = form === 'short' ? 30_000 : 60_000
  const samples: { at_ms: number; mb: number }[] = []
  scene.city.begin()
  const watch = setInterval(() => {
    samples.push({ at_ms: performance.now(), mb: residentMb(scene.engine.pid) })
  }, sample_ms)
  for (let round = 1; round <= rounds; round++) {
    await pause(round_ms)
    note(`${(round * round_ms) / 1_000} s: ${scene.ledger.acked.length} acked, ${samples.at(-1)?.mb} MB`)
  }
  clearInterval(watch)
  const audited = await scene.audit()
  const drift = driftOf(samples)
  const grown = (samples.at(-1)?.mb ?? 0) - (samples[Math.floor(samples.length / 2)]?.mb ?? 0)
  const wrong = [...audited.wrong]
  if (form === 'long' && drift > drift_max_mb_per_hour) wrong.push(`memory grows by ${drift} MB an hour`)
  if (grown > growth_max_mb) wrong.push(`memory grew by ${grown} MB in the second half`)
  if (scene.ledger.backwards > 0) wrong.push(`${scene.ledger.backwards} feeds went back in time`)
  return {
    acked: audited.acked,
    lost: audited.lost + audited.lost_waypoints,
    doubled: audited.doubled,
    serving_ms: null,
    wrong,
    extra: {
      fixes_acked: scene.ledger.fixes_acked,
      resident_mb: samples.at(-1)?.mb ?? 0,
      drift_mb_per_hour: drift,
      compared_actors: audited.compared,
    },
  }
}
