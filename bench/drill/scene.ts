import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { behaviours } from '../../actors/behaviours.ts'
import { freePort } from '../../persistence/embedded/free_port.ts'
import { copyDatabase } from '../../persistence/testing.ts'
import type { EventRecord } from '../../protocols/frame.ts'
import { firstPolicy } from '../../protocols/policy.ts'
import { Auditor } from '../city/audit.ts'
import { withAccounts, withJournal, withVault } from '../city/backstage.ts'
import { City } from '../city/city.ts'
import { Ledger } from '../city/ledger.ts'
import { LogReader } from '../city/log.ts'
import { type Citizen, type Identity, settle } from '../city/population.ts'
import { rejectionsSince } from '../city/rejections.ts'
import { pause } from '../pause.ts'
import { Stack, type StoreUrls } from '../stack.ts'
import { compare } from './compare.ts'
import { Retold } from './fold.ts'
import { leftOver } from './left_over.ts'
import { Probe } from './probe.ts'
import { workersOn } from './processes.ts'
import { wrongOf } from './round.ts'

const ready_ms = 120_000
const settle_ms = 15_000
const stop_ms = 40_000
/** What an engine has started ends after it. */
const patience_ms = 3_000

export interface SceneOptions {
  /** Begins the name of the folder. */
  readonly name: string
  readonly workers: number
  readonly runners: number
  readonly owners: number
  readonly seed: number
  readonly shards: number
  readonly token_issuer: string
  /** Stores that run already; without them the engine brings its own. */
  readonly stores?: StoreUrls | undefined
  /** What the engine's environment has besides. */
  readonly env?: Readonly<Record<string, string>>
  /** Called before the engine starts, with the folder of its data. */
  readonly prepare?: (data_dir: string) => Promise<void>
  /** Called when the engine has ended: ends what `prepare` has started. */
  readonly release?: () => Promise<void>
  /** Called when every process has ended, before the folder goes. */
  readonly ended?: () => Promise<void>
  /** Given the engine's door, where the clients find it; at that very door without it. */
  readonly front?: (engine_url: string) => string
  /** The clock of the clients' tokens; this machine's without it. */
  readonly now_ms?: () => number
  /** Reads each event of the log once, in order per shard. */
  readonly take?: (event: EventRecord) => void
  readonly note: (line: string) => void
  /** Told of each process that did not end with the scene. */
  readonly left: (what: string) => void
}

/** What clients were told, the log and what is served, held against each other. */
export interface SceneAudit {
  /** Commands acked so far. */
  readonly acked: number
  readonly waypoints: number
  readonly lost: number
  readonly lost_waypoints: number
  /** Good fixes that the engine acked and put aside with a reason. */
  readonly aside: number
  readonly doubled: number
  /** Actors that the engine serves otherwise than their events say. */
  readonly differing: number
  readonly compared: number
  /** Everything that is not as it should be, in words; each is told once. */
  readonly wrong: readonly string[]
}

interface Cast {
  readonly city: City
  readonly admin: Citizen
  /** Somebody of whom the city knows nothing. */
  readonly stranger: Citizen
  readonly prober: Citizen
  readonly probe: Probe
}

/** An engine of a drill's own with a city beside it, and the books that the city is audited by. */
export class Scene {
  readonly dir: string
  readonly engine: Stack
  readonly ledger = new Ledger()
  readonly auditor = new Auditor(firstPolicy.runner_capacity)
  readonly fold = new Retold(behaviours)
  readonly #options: SceneOptions
  readonly #log: LogReader
  /** Fixes that the engine put aside, with its reasons. */
  readonly #aside = new Map<string, string>()
  readonly #told = new Set<string>()
  readonly #started_ms = Date.now()
  #cast: Cast | undefined
  #people = 0

  private constructor(options: SceneOptions, dir: string, port: number) {
    this.#options = options
    this.dir = dir
    const { workers, stores, env } = options
    this.engine = new Stack(dir, port, { workers, stores, env })
    this.#log = new LogReader(options.shards)
  }

  /** Starts the engine and lets everybody in; `begin` of the city is left to the caller. Rejects when that fails, with nothing left running. */
  static async open(options: SceneOptions): Promise<Scene> {
    const dir = await mkdtemp(join(tmpdir(), `kilat-${options.name}-`))
    const scene = new Scene(options, dir, await freePort())
    await mkdir(scene.data_dir)
    options.note(`${options.workers} workers, in ${dir}`)
    try {
      await options.prepare?.(scene.data_dir)
      // A database that was opened once starts in two seconds instead of many.
      if (!options.stores) await copyDatabase(join(scene.data_dir, 'database'))
      await scene.#start()
      return scene
    } catch (cause) {
      await scene.close(false)
      throw cause
    }
  }

  get data_dir(): string {
    return this.engine.data_dir
  }

  get city(): City {
    return this.#present.city
  }

  get admin(): Citizen {
    return this.#present.admin
  }

  /** Of the engine's own door. */
  get probe(): Probe {
    return this.#present.probe
  }

  /** More people of whom the city knows nothing. */
  people(role: 'owner' | 'runner', count: number): Promise<readonly Citizen[]> {
    const { token_issuer, now_ms } = this.#options
    const settings = { data_dir: this.data_dir, token_issuer, signing_keys: undefined }
    return withAccounts(settings, (accounts, known) =>
      settle(accounts, now_ms ? { ...known, now_ms } : known, role, count, `drill-${this.#people++}`),
    )
  }

  /** An owner of whom the city knows nothing. */
  get stranger(): Citizen {
    return this.#present.stranger
  }

  /** The runner who probes. */
  get prober(): Citizen {
    return this.#present.prober
  }

  get #present() {
    if (!this.#cast) throw new Error('nobody is there yet')
    return this.#cast
  }

  async #start(): Promise<void> {
    this.engine.spawn()
    if (!(await this.engine.serves(ready_ms))) throw new Error(`the engine was not ready in ${ready_ms} ms`)
    this.#cast = await this.#settle()
  }

  #settle() {
    const { token_issuer, runners, owners, seed, note, front, now_ms } = this.#options
    const settings = { data_dir: this.data_dir, token_issuer, signing_keys: undefined }
    return withAccounts(settings, async (accounts, known) => {
      const identity: Identity = now_ms ? { ...known, now_ms } : known
      const [admin] = await settle(accounts, identity, 'admin', 1, 'drill')
      const [prober] = await settle(accounts, identity, 'runner', 1, 'drill')
      const [stranger] = await settle(accounts, identity, 'owner', 1, 'drill')
      if (!admin || !prober || !stranger) throw new Error('somebody is missing')
      const probe = new Probe(this.engine.url, prober)
      await probe.settle()
      const people = { runners, owners, seed, is_clean: true, warm_up_ms: 5_000 }
      const url = front?.(this.engine.url) ?? this.engine.url
      const city = await City.found({ ...people, url, accounts, identity, note }, this.ledger)
      return { city, admin, stranger, prober, probe }
    })
  }

  /**
   * Brings the city to rest, reads the log to its end, holds ledger, log and the engine at `url` against each other,
   * and lets the city go on.
   */
  async audit(url = this.engine.url): Promise<SceneAudit> {
    const { city, admin } = this.#present
    const is_quiet = await city.pause()
    const late = is_quiet ? [] : [`some answers never came: ${city.waiting}`]
    await this.#read()
    const disagreements = await this.#agree()
    const findings = this.auditor.check(this.ledger, this.#log.broken)
    const { compared, differing } = await withVault(this.data_dir, (vault) =>
      compare(this.fold, url, admin, city.runners, vault),
    )
    city.resume()
    return {
      acked: this.ledger.acked.length,
      waypoints: this.ledger.waypoints.length,
      lost: findings.lost.length,
      lost_waypoints: findings.lost_waypoints.length,
      aside: this.#aside.size,
      doubled: findings.doubled.length,
      differing: differing.length,
      compared,
      wrong: this.#news([
        ...late,
        ...disagreements.map((what) => `disagreement: ${what}`),
        ...wrongOf(findings, this.ledger.whereabouts),
        ...this.fold.broken.map((what) => `broken fold: ${what}`),
        ...differing.map((what) => `differs: ${what}`),
        ...[...this.ledger.errors.keys()].map((what) => `error: ${what}`),
      ]),
    }
  }

  /** Ends everybody. The folder is removed when all went well. */
  async close(is_good: boolean): Promise<void> {
    await this.#cast?.city.close()
    const code = await this.engine.drain(stop_ms)
    if (code !== 0) this.#options.note(`the engine ended with code ${code}`)
    await this.#options.release?.()
    for (const what of await leftOver(() => workersOn(this.dir), patience_ms)) {
      this.#options.note(what)
      this.#options.left(what)
    }
    await this.#options.ended?.()
    if (is_good) await rm(this.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    else this.#options.note(`see ${this.dir}`)
  }

  /** What is wrong stays wrong; it is told once. */
  #news(lines: readonly string[]): readonly string[] {
    const fresh = lines.filter((line) => !this.#told.has(line))
    for (const line of fresh) this.#told.add(line)
    return fresh
  }

  #read(): Promise<void> {
    return withJournal(this.data_dir, async (journal, link) => {
      await this.#log.read(journal, (event) => {
        this.auditor.take(event)
        this.fold.take(event)
        this.#options.take?.(event)
      })
      for await (const { fix, reason } of rejectionsSince(link, this.#started_ms)) {
        this.auditor.excuse(fix)
        this.#aside.set(fix, reason)
      }
    })
  }

  /** Steps between shards may still be under way: reads on until bookings and runners agree, within a bound. */
  async #agree(): Promise<readonly string[]> {
    const until_ms = performance.now() + settle_ms
    while (this.auditor.disagreements().length > 0 && performance.now() < until_ms) {
      await pause(500)
      await this.#read()
    }
    return this.auditor.disagreements()
  }
}
