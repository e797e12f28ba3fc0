import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { heapToldTo, livingMb } from '../drill/heap.ts'
import { driftOf, residentMb } from '../drill/memory.ts'
import { rememberCommands } from '../drill/remembered.ts'
import { Scene } from '../drill/scene.ts'
import { pause } from '../pause.ts'
import type { Drill, DrillOptions, Outcome } from './row.ts'

const sample_ms = 1_000
/** Of what lives in the heaps: over the quarter of an hour that is looked at this is 15 MB. */
const drift_max_mb_per_hour = 60
/** With its garbage, which an engine of this size may keep for long. */
const resident_max_mb = 1_024
/** What a short run may grow by from its middle to its end. */
const growth_max_mb = 128
/** Few, of each worker: new bookings would fill the memory for hours until the usual bound makes others sleep. */
const residents_max = '1500'

/**
 * Half of what one machine is built for, for half an hour. A round is a minute, of the short form half of one.
 *
 * What fills up to a bound of its own is no drift, and would hide one. Command ids would take hours, so an engine of the
 * long form finds a log that fills their memory when it starts. Residents (`residents_max`) are as many as may be after
 * ten minutes; durable frames stay for no longer than followers lack them; all else that is bounded (idle rooms, reports
 * under way, tokens of people who come back every quarter of an hour) is full or turns over by the middle, and only what
 * comes behind that counts.
 */
export const soakDrill: Drill = {
  name: 'soak',
  target: '30 minutes at half load: memory flat, no drift, zero lost',
  short: { rounds: 1, limit_s: 150 },
  long: { rounds: 30, limit_s: 3_600 },
  async run(options) {
    const size = options.form === 'short' ? { runners: 100, owners: 20 } : { runners: 1_000, owners: 100 }
    const heap = join(tmpdir(), `kilat-soak-heap-${process.pid}`)
    const told = options.form === 'short' ? {} : { ...heapToldTo(heap), RESIDENT_ACTORS_MAX: residents_max }
    const prepare =
      options.form === 'short' ? {} : { prepare: (dir: string) => rememberCommands(dir, options.note) }
    const scene = await Scene.open({ ...options, ...size, ...prepare, name: 'soak', workers: 2, env: told })
    let is_good = false
    try {
      const outcome = await soaked(scene, options, heap)
      is_good = outcome.wrong.length === 0
      return outcome
    } finally {
      await scene.close(is_good)
      await rm(heap, { force: true })
    }
  },
}

async function soaked(scene: Scene, { form, rounds, note }: DrillOptions, heap: string): Promise<Outcome> {
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
  const living = form === 'long' ? livingMb(heap, scene.engine.pid) : []
  const audited = await scene.audit()
  const wrong = [...audited.wrong, ...(form === 'short' ? grownIn(samples) : livedIn(living, samples))]
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
      most_resident_mb: mostOf(samples),
      living_mb: Math.round(living.at(-1)?.mb ?? 0),
      drift_mb_per_hour: driftOf(living),
      compared_actors: audited.compared,
    },
  }
}

type Samples = readonly { readonly at_ms: number; readonly mb: number }[]
const mostOf = (samples: Samples) => Math.max(0, ...samples.map(({ mb }) => mb))

function grownIn(samples: Samples): readonly string[] {
  const grown = (samples.at(-1)?.mb ?? 0) - (samples[Math.floor(samples.length / 2)]?.mb ?? 0)
  return grown > growth_max_mb ? [`memory grew by ${grown} MB in the second half`] : []
}

function livedIn(living: Samples, samples: Samples): readonly string[] {
  const drift = driftOf(living)
  return [
    ...(living.length === 0 ? ['the engine did not tell what lives in it'] : []),
    ...(drift > drift_max_mb_per_hour ? [`what lives in the heaps grows by ${drift} MB an hour`] : []),
    ...(mostOf(samples) > resident_max_mb ? [`the engine took ${mostOf(samples)} MB`] : []),
  ]
}
