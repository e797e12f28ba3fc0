import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { closeSql, openSql, type Sql } from '../../persistence/pg.ts'
import { Random } from '../city/random.ts'
import { damages, passedOver, unnoticed } from '../drill/damage.ts'
import { Scene } from '../drill/scene.ts'
import { startStores } from '../drill/stores.ts'
import { pause } from '../pause.ts'
import type { Drill, DrillOptions, Outcome } from './row.ts'

const ready_ms = 60_000
const serving_ms = 60_000
const stop_ms = 40_000

/** Each shard's snapshots are damaged in another way while the engine is down. */
export const snapshotsDrill: Drill = {
  name: 'snapshots',
  target: 'torn and changed snapshot rows: noticed, passed over, and every actor served as the log has it',
  short: { rounds: 1, limit_s: 150 },
  long: { rounds: 10, limit_s: 1_800 },
  async run(options) {
    const stores = await startStores(options.note)
    const sql = openSql({ url: stores.database_url, max: 1, application_name: 'kilat-drill' })
    try {
      const size = options.form === 'short' ? { runners: 40, owners: 12 } : { runners: 150, owners: 40 }
      const scene = await Scene.open({ ...options, ...size, name: 'snapshots', workers: 2, stores })
      return await damaged(scene, sql, options)
    } finally {
      await closeSql(sql)
      await stores.stop()
    }
  },
}

async function damaged(scene: Scene, sql: Sql, options: DrillOptions): Promise<Outcome> {
  const random = new Random(options.seed)
  const wrong: string[] = []
  const serving: number[] = []
  let [rows, noticed] = [0, 0]
  let audit = { acked: 0, lost: 0, lost_waypoints: 0, doubled: 0, compared: 0 }
  try {
    scene.city.begin()
    for (let round = 1; round <= options.rounds; round++) {
      for (const lived_ms of [8_000, 5_000]) {
        await pause(lived_ms)
        await cut(scene)
      }
      await pause(3_000)
      const done = await inflictAll(scene, sql, options.shards, random)
      serving.push(done.serving_ms)
      rows += done.rows
      noticed += done.noticed
      const audited = await scene.audit()
      audit = audited
      wrong.push(...done.wrong, ...audited.wrong)
      options.note(`round ${round}: ${done.rows} rows changed, ${done.noticed} shards passed a cut over`)
    }
  } finally {
    await scene.close(wrong.length === 0)
  }
  const { acked, doubled, compared } = audit
  const lost = audit.lost + audit.lost_waypoints
  const extra = { changed_rows: rows, shards_passed_over: noticed, compared_actors: compared }
  return { acked, lost, doubled, serving_ms: Math.max(...serving), wrong, extra }
}

/** A drain saves every shard; then the engine goes on. */
async function cut({ engine }: Scene): Promise<void> {
  const code = await engine.drain(stop_ms)
  if (code !== 0) throw new Error(`the engine ended with ${code}`)
  engine.spawn()
  if (!(await engine.serves(ready_ms))) throw new Error(`the engine was not ready in ${ready_ms} ms`)
}

/** Kills the engine, damages each shard's snapshots in a way of its own, and starts it again. */
async function inflictAll({ engine, probe, dir }: Scene, sql: Sql, shards: number, random: Random) {
  const first = random.whole(0, damages.length - 1)
  await engine.kill9()
  const logged = (await logOf(dir)).length
  const inflicted = []
  for (let shard = 0; shard < shards; shard++) {
    const damage = damages[(first + shard) % damages.length]
    if (damage) inflicted.push({ shard, name: damage.name, rows: await damage.inflict(sql, shard) })
  }
  const killed_ms = performance.now()
  engine.spawn()
  const wrong: string[] = []
  while (!(await probe.serves())) {
    if (!engine.is_alive || performance.now() - killed_ms > serving_ms) {
      wrong.push('the engine does not serve with these snapshots')
      break
    }
    await pause(50)
  }
  const noticed = passedOver((await logOf(dir)).slice(logged))
  wrong.push(...unnoticed(inflicted, noticed))
  const rows = inflicted.reduce((sum, each) => sum + each.rows, 0)
  return { serving_ms: Math.round(performance.now() - killed_ms), rows, noticed: noticed.size, wrong }
}

const logOf = (dir: string): Promise<string> => readFile(join(dir, 'engine.log'), 'utf8')
