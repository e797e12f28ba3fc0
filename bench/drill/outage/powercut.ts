/** The power of the disks under the stores is cut at random moments under load; the machine boots from what was on them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cluster, postgresPrograms } from '../../../persistence/cluster.given.ts'
import { freePort } from '../../../persistence/embedded/free_port.ts'
import { Random } from '../../city/random.ts'
import type { DrillOptions, Outcome } from '../../drills/row.ts'
import { pause } from '../../pause.ts'
import { workersOn } from '../processes.ts'
import { Scene } from '../scene.ts'
import { Disk, diskTrouble } from './disk.ts'
import { settleAskers } from './people.ts'
import { Pets } from './pets.ts'
import { Sampler } from './sampler.ts'
import { killAll, stopAll } from './stopped.ts'
import { cutRawLog, type RawCut } from './unsynced.ts'

const size_mb = 512
const serving_max_ms = 120_000
const city = { workers: 2, runners: 60, owners: 20 }

/** What the cuts under one engine came to. Ledger and log grow, so the last audit has everything that is lost. */
interface Tally {
  acked: number
  rows_acked: number
  lost: number
  doubled: number
  compared: number
  serving_ms: number
  cuts: number
  readonly wrong: string[]
}

/** One engine with its stores on disks of their own: the embedded ones, or nats-server and a real PostgreSQL. */
class PowerCuts {
  readonly #options: DrillOptions
  readonly #programs: string | undefined
  readonly #random: Random
  readonly #tally: Tally = {
    acked: 0,
    rows_acked: 0,
    lost: 0,
    doubled: 0,
    compared: 0,
    serving_ms: 0,
    cuts: 0,
    wrong: [],
  }
  readonly #disks: Disk[] = []
  #cluster: Cluster | undefined

  constructor(options: DrillOptions, programs: string | undefined) {
    this.#options = options
    this.#programs = programs
    this.#random = new Random(options.seed + (programs === undefined ? 0 : 1))
  }

  async run(rounds: number): Promise<Tally> {
    const port = await freePort()
    const env: Readonly<Record<string, string>> =
      this.#programs === undefined ? {} : { DATABASE_URL: `postgres://kilat@127.0.0.1:${port}/postgres` }
    const scene = await Scene.open({
      ...city,
      ...this.#options,
      name: 'powercut',
      env,
      prepare: (data_dir) => this.#prepare(data_dir, port),
      release: async () => this.#cluster?.stop(),
      ended: () => this.#end(),
    })
    let is_over = false
    try {
      await this.#cuts(scene, rounds)
      is_over = true
      return this.#tally
    } finally {
      await scene.close(is_over && this.#tally.wrong.length === 0)
    }
  }

  async #prepare(data_dir: string, port: number): Promise<void> {
    const dir = join(data_dir, '..')
    this.#disks.push(await Disk.make(dir, join(data_dir, 'nats'), size_mb))
    const home = join(data_dir, this.#programs === undefined ? 'database' : 'postgres')
    this.#disks.push(await Disk.make(dir, home, size_mb))
    if (this.#programs === undefined) return
    this.#cluster = await Cluster.make(this.#programs, home, port)
    await this.#cluster.start()
  }

  async #end(): Promise<void> {
    for (const disk of this.#disks) await disk.remove()
  }

  async #cuts(scene: Scene, rounds: number): Promise<void> {
    const { token_issuer, note, seed } = this.#options
    const { owners } = await settleAskers(scene.data_dir, token_issuer, `cut-${seed}`)
    const pets = new Pets(owners)
    // The database is a copy of one that was made elsewhere: copies are not synced by anybody.
    for (const disk of this.#disks) disk.sync()
    scene.city.begin()
    for (let round = 0; round < rounds; round++) {
      const sampler = new Sampler(scene.engine.url, [pets.lane])
      sampler.begin()
      await pause(this.#random.between(3_000, 7_000))
      const serving_ms = await this.#cut(scene)
      await sampler.end()
      await this.#audit(scene, pets, serving_ms)
      note(`cut ${round + 1}: ${JSON.stringify({ ...this.#tally, wrong: this.#tally.wrong.length })}`)
    }
  }

  /** Resolves with the time from the cut until everything served again, and with what that took too long. */
  async #cut(scene: Scene): Promise<number> {
    const { engine, data_dir } = scene
    const stores = workersOn(data_dir).filter(({ kind }) => kind === 'nats' || kind === 'database')
    const postmaster = (await this.#cluster?.pid()) ?? 0
    const writers = [...stores.map(({ pid }) => pid), ...(postmaster === 0 ? [] : [postmaster])]
    const stopped = await stopAll(writers)
    const images: string[] = []
    for (const disk of this.#disks) images.push(await disk.cut())
    const cut_ms = performance.now()
    await engine.kill9()
    await killAll([...stopped, ...workersOn(data_dir).map(({ pid }) => pid)])
    for (const [index, disk] of this.#disks.entries()) await disk.boot(images[index] ?? '')
    await this.#cluster?.start()
    engine.spawn()
    const until_ms = performance.now() + serving_max_ms
    while (!(await scene.probe.serves())) {
      if (performance.now() > until_ms)
        throw new Error(`nothing served ${serving_max_ms} ms after a power cut`)
      if (!engine.is_alive) engine.spawn()
      await pause(50)
    }
    return Math.round(performance.now() - cut_ms)
  }

  async #audit(scene: Scene, pets: Pets, serving_ms: number): Promise<void> {
    const tally = this.#tally
    const found = await scene.audit()
    const lost_rows = await pets.lost(scene.engine.url)
    tally.cuts += 1
    tally.serving_ms = Math.max(tally.serving_ms, serving_ms)
    tally.compared += found.compared
    tally.acked = found.acked
    tally.rows_acked = pets.acked
    tally.lost = found.lost + found.lost_waypoints + lost_rows.length
    tally.doubled = found.doubled
    tally.wrong.push(...found.wrong, ...lost_rows.map((id) => `lost: the pet ${id}`))
  }
}

/** Half of the rounds on the embedded stores, half on a real PostgreSQL where there is one. */
export async function powercut(options: DrillOptions): Promise<Outcome> {
  const trouble = await diskTrouble()
  if (trouble !== undefined) throw new Error(`it cannot be run: ${trouble}`)
  const programs = postgresPrograms()
  const real = programs === undefined ? 0 : Math.floor(options.rounds / 2)
  const tallies: Tally[] = []
  if (real < options.rounds) tallies.push(await new PowerCuts(options, undefined).run(options.rounds - real))
  if (real > 0) tallies.push(await new PowerCuts(options, programs).run(real))
  const raw = await rawCuts()
  const sum = (of: (tally: Tally) => number) => tallies.reduce((total, tally) => total + of(tally), 0)
  const counts = { cuts: sum(({ cuts }) => cuts), cuts_on_postgres: real }
  const checked = {
    rows_acked: sum((each) => each.rows_acked),
    compared_actors: sum((each) => each.compared),
  }
  return {
    acked: sum(({ acked, rows_acked }) => acked + rows_acked),
    lost: sum(({ lost }) => lost),
    doubled: sum(({ doubled }) => doubled),
    serving_ms: Math.max(...tallies.map(({ serving_ms }) => serving_ms)),
    wrong: [...tallies.flatMap(({ wrong }) => wrong), ...raw.wrong],
    extra: { ...counts, ...checked, ...raw.counts },
  }
}

/** The same cut under a bare log that syncs, and under one that does not: the drill must see the difference. */
async function rawCuts() {
  const dir = await mkdtemp(join(tmpdir(), 'kilat-rawcut-'))
  try {
    const synced = await cutRawLog(dir, true)
    const unsynced = await cutRawLog(dir, false)
    const counts = { raw_lost: synced.lost, raw_acked: synced.acked, unsynced_lost: unsynced.lost }
    return { wrong: wrongRaw(synced, unsynced), counts }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** A drill that cannot see what a cut takes has seen nothing. */
export const wrongRaw = (synced: RawCut, unsynced: RawCut): readonly string[] => [
  ...(synced.lost > 0 ? [`a log that syncs always lost ${synced.lost} of ${synced.acked}`] : []),
  ...(unsynced.lost === 0 ? ['a log that does not sync lost nothing: the cut cannot be seen'] : []),
]
