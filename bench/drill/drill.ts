import { Random } from '../city/random.ts'
import { pause } from '../pause.ts'
import { killAndRecover } from './kill.ts'
import { isGood, type Round } from './round.ts'
import { Scene } from './scene.ts'
import { victimsOf } from './victims.ts'

const warm_up_ms = 20_000

export interface DrillOptions {
  readonly workers: number
  readonly rounds: number
  readonly runners: number
  readonly owners: number
  readonly seed: number
  readonly shards: number
  readonly token_issuer: string
  /** How long the city lives before the first kill; 20 s unless given. */
  readonly warm_up_ms?: number
  readonly note: (line: string) => void
  /** Told of each process that did not end with the engine. */
  readonly left: (what: string) => void
  readonly told: (round: Round) => void
}

/** One engine, one city, and as many kills as there are rounds. The folder is removed when all went well. */
export async function drill(options: DrillOptions): Promise<void> {
  const random = new Random(options.seed)
  const scene = await Scene.open({ ...options, name: 'drill' })
  let is_good = false
  try {
    scene.city.begin()
    options.note('the city wakes up')
    await pause(options.warm_up_ms ?? warm_up_ms)
    const rounds: Round[] = []
    for (let index = 0; index < options.rounds; index++) {
      const round = await killed(scene, options.workers, index, random)
      rounds.push(round)
      options.told(round)
    }
    is_good = rounds.every(isGood)
  } finally {
    await scene.close(is_good)
  }
}

async function killed(scene: Scene, workers: number, index: number, random: Random): Promise<Round> {
  const victims = victimsOf(index, random)
  await pause(random.between(1_500, 5_000))
  const [acked, waypoints] = [scene.ledger.acked.length, scene.ledger.waypoints.length]
  const recovery = await killAndRecover(scene, victims, random.between(0, 600))
  await pause(random.between(500, 2_000))
  const audited = await scene.audit()
  return {
    ...audited,
    round: index + 1,
    workers,
    killed: victims,
    acked,
    waypoints,
    serving_ms: recovery.serving_ms,
    leftover: recovery.leftover.length,
    shared_stores: recovery.shared.length,
    wrong: [
      ...recovery.wrong,
      ...recovery.leftover.map((what) => `left over: ${what}`),
      ...recovery.shared,
      ...audited.wrong,
    ],
  }
}
