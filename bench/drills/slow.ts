import { Burdens } from '../drill/burdens.ts'
import { residentMb } from '../drill/memory.ts'
import { isSlowed, Pace } from '../drill/pace.ts'
import { Relay } from '../drill/relay.ts'
import { Scene } from '../drill/scene.ts'
import { pause } from '../pause.ts'
import type { Drill, DrillOptions, Outcome } from './row.ts'

const honest_p99_ms = 100
/** Every deaf socket may hold `socket_buffer_bytes_max`, and the heap breathes. */
const growth_max_mb = 256
const deaf_each = 20

/** Clients who do not read, take forever, or vanish, beside honest ones. */
export const slowDrill: Drill = {
  name: 'slow',
  target: 'slow readers, slow writers and half-open sockets: memory bounded, honest clients at p99 < 100 ms',
  short: { rounds: 1, limit_s: 150 },
  long: { rounds: 5, limit_s: 1_800 },
  is_alone: true,
  async run(options) {
    const relay = await Relay.open()
    const size = { runners: 30, owners: 10, workers: 2 }
    const scene = await Scene.open({ ...options, ...size, name: 'slow' })
    relay.target_port = Number(new URL(scene.engine.url).port)
    let is_good = false
    try {
      const outcome = await burdened(scene, relay, options)
      is_good = outcome.wrong.length === 0
      return outcome
    } finally {
      relay.close()
      await scene.close(is_good)
    }
  },
}

async function burdened(scene: Scene, relay: Relay, { form, rounds, note }: DrillOptions): Promise<Outcome> {
  const spell_ms = form === 'short' ? 8_000 : 30_000
  const wrong: string[] = []
  const pace = new Pace(40, () => scene.probe.serves())
  scene.city.begin()
  await pause(6_000)
  const quiet = await pace.run(spell_ms)
  const before_mb = residentMb(scene.engine.pid)
  const burdens = new Burdens(scene.engine.url)
  let [most_mb, p99_ms, failed] = [before_mb, 0, quiet.failed]
  const watch = setInterval(() => {
    most_mb = Math.max(most_mb, residentMb(scene.engine.pid))
  }, 100)
  try {
    for (let round = 1; round <= rounds; round++) {
      await load(scene, burdens, relay)
      const found = await pace.run(spell_ms)
      p99_ms = Math.max(p99_ms, found.p99_ms)
      failed += found.failed
      if (isSlowed(quiet, found, honest_p99_ms))
        wrong.push(`honest clients waited ${found.p99_ms} ms, and ${quiet.p99_ms} ms in quiet times`)
      note(`round ${round}: p99 ${found.p99_ms} ms (quiet ${quiet.p99_ms}), at most ${most_mb} MB`)
    }
  } finally {
    clearInterval(watch)
    burdens.leave()
  }
  if (failed > 0) wrong.push(`${failed} honest questions were not answered as they should be`)
  if (most_mb - before_mb > growth_max_mb) wrong.push(`the engine grew from ${before_mb} to ${most_mb} MB`)
  const audited = await scene.audit()
  return {
    acked: audited.acked,
    lost: audited.lost + audited.lost_waypoints,
    doubled: audited.doubled,
    serving_ms: null,
    wrong: [...wrong, ...audited.wrong],
    extra: { quiet_p99_ms: quiet.p99_ms, p99_ms, before_mb, most_mb, closed_by_engine: burdens.closed },
  }
}

/** Of every kind some, and as many again through a relay that then says nothing any more: their peers have vanished. */
async function load(scene: Scene, burdens: Burdens, relay: Relay): Promise<void> {
  const vanishing = new Burdens(relay.url)
  const [booking_id = ''] = scene.ledger.requested.keys()
  for (let index = 0; index < deaf_each; index++) {
    burdens.drip()
    await burdens.deafWatcher(scene.admin, booking_id)
    await vanishing.deafWatcher(scene.admin, booking_id)
  }
  for (const runner of await scene.people('runner', deaf_each / 2)) {
    burdens.documents()
    await burdens.deafRunner(runner)
    await vanishing.deafRunner(runner)
  }
  await pause(1_000)
  relay.freeze()
}
