import { Relay } from '../drill/relay.ts'
import { Scene } from '../drill/scene.ts'
import { startStores } from '../drill/stores.ts'
import { takeOver } from '../drill/takeover.ts'
import { pause } from '../pause.ts'
import type { Stack } from '../stack.ts'
import type { Drill, DrillOptions, Outcome } from './row.ts'

const workers = 2

/** The owner of the shards stands still, another one takes over, and the first goes on as if nothing had been. */
export const pauseDrill: Drill = {
  name: 'pause',
  target:
    'SIGSTOP of the owner for 10 s, its shards move, SIGCONT: late writes refused, clients see one truth',
  short: { rounds: 1, limit_s: 150 },
  long: { rounds: 10, limit_s: 1_800 },
  async run(options) {
    const stores = await startStores(options.note)
    const relay = await Relay.open()
    try {
      return await paused(options, stores, relay)
    } finally {
      relay.close()
      await stores.stop()
    }
  },
}

async function paused(
  options: DrillOptions,
  stores: Awaited<ReturnType<typeof startStores>>,
  relay: Relay,
): Promise<Outcome> {
  const size = options.form === 'short' ? { runners: 30, owners: 8 } : { runners: 120, owners: 30 }
  const front = (url: string) => {
    relay.target_port = Number(new URL(url).port)
    return relay.url
  }
  const scene = await Scene.open({ ...options, ...size, name: 'pause', workers, stores, front })
  const wrong: string[] = []
  const serving: number[] = []
  const late: Record<string, number> = {}
  let owner: Stack = scene.engine
  let audit = { acked: 0, lost: 0, lost_waypoints: 0, doubled: 0, compared: 0 }
  try {
    scene.city.begin()
    for (let round = 1; round <= options.rounds; round++) {
      await pause(6_000)
      const taken = await takeOver({ scene, relay, stores, workers }, owner, round)
      owner = taken.taker
      serving.push(taken.serving_ms)
      for (const code of taken.late) late[code || 'closed'] = (late[code || 'closed'] ?? 0) + 1
      await pause(3_000)
      const audited = await scene.audit(owner.url)
      audit = audited
      wrong.push(...taken.wrong, ...audited.wrong)
      options.note(`round ${round}: ${audited.acked} acked, serving after ${taken.serving_ms} ms`)
    }
  } finally {
    await scene.city.close()
    if (owner !== scene.engine) await owner.drain(40_000)
    await scene.close(wrong.length === 0)
  }
  const lost = audit.lost + audit.lost_waypoints
  const { acked, doubled, compared } = audit
  return {
    acked,
    lost,
    doubled,
    serving_ms: Math.max(...serving),
    wrong,
    extra: { late_answers: late, compared },
  }
}
