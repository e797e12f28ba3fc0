import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPolicies } from '../../persistence/policies.ts'
import { firstPolicy } from '../../protocols/policy.ts'
import { withJournal } from '../city/backstage.ts'
import { HeldMoney } from '../drill/held_money.ts'
import { Scene } from '../drill/scene.ts'
import { Calendar } from '../drill/steps.ts'
import { pause } from '../pause.ts'
import type { Drill, DrillOptions, Outcome } from './row.ts'

const hour_ms = 3_600_000
/** Where the engine's clock is put, one after the other, as against the true time. */
const places_ms = [hour_ms, 0, -hour_ms, 0]
const serving_ms = 30_000
/** Of one booking whose money is held: profile, crate, online, request, hold, accept, pick-up, delivery, confirmation. */
const held_commands = 9
const preload = new URL('../drill/stepped_date.js', import.meta.url)

/** The clock under the engine is set an hour forward and back, under load. */
export const clockDrill: Drill = {
  name: 'clock',
  target:
    'the clock set an hour forward and back: nothing dated out of order, no money released early, served on',
  short: { rounds: 1, limit_s: 150 },
  long: { rounds: 10, limit_s: 1_800 },
  async run(options) {
    const clock = new Clock()
    await clock.set(0)
    try {
      return await stepped(options, clock)
    } finally {
      await clock.remove()
    }
  },
}

/** The clock of the engine's machine, as its processes see it. */
class Clock {
  readonly path = join(tmpdir(), `kilat-clock-${process.pid}`)
  readonly #true_ms = Date.now
  #off_ms = 0

  readonly now_ms = (): number => this.#true_ms() + this.#off_ms

  async set(off_ms: number): Promise<void> {
    await writeFile(this.path, String(off_ms))
    this.#off_ms = off_ms
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true })
  }
}

async function stepped(options: DrillOptions, clock: Clock): Promise<Outcome> {
  const calendar = new Calendar(options.shards, Date.now)
  const size = options.form === 'short' ? { runners: 30, owners: 10 } : { runners: 150, owners: 40 }
  const scene = await Scene.open({
    ...options,
    ...size,
    name: 'clock',
    workers: 2,
    env: { NODE_OPTIONS: `--import=${preload.href}`, KILAT_DRILL_CLOCK: clock.path },
    now_ms: clock.now_ms,
    take: (event) => calendar.take(event),
  })
  const course = new Course(scene, clock, options)
  let is_good = false
  try {
    const outcome = await course.run(calendar)
    is_good = outcome.wrong.length === 0
    return outcome
  } finally {
    await scene.close(is_good)
  }
}

/** The steps, one after the other, and what is looked at after each. */
class Course {
  readonly #scene: Scene
  readonly #clock: Clock
  readonly #options: DrillOptions
  readonly #held: HeldMoney[] = []
  readonly #wrong: string[] = []
  #slowest_ms = 0

  constructor(scene: Scene, clock: Clock, options: DrillOptions) {
    this.#scene = scene
    this.#clock = clock
    this.#options = options
  }

  async run(calendar: Calendar): Promise<Outcome> {
    const { rounds, note } = this.#options
    // The end of this window lies inside the hour by which the clock is set.
    await shortenWindow(this.#scene)
    this.#held.push(await HeldMoney.settle(this.#scene))
    this.#scene.city.begin()
    // The first runners report some seconds after the city begins, and before that no step has anything to disturb.
    if (!(await this.#moves(0))) this.#wrong.push('no fix was acked before the clock was set')
    for (let round = 1; round <= rounds; round++)
      for (const off_ms of places_ms) {
        await this.#step(off_ms)
        note(`round ${round}: the clock ${off_ms / 60_000} min off`)
      }
    const audited = await this.#scene.audit()
    this.#wrong.push(...audited.wrong, ...calendar.wrong)
    for (const money of this.#held) await money.confirm()
    await this.#stand('completed, released')
    return {
      acked: audited.acked + this.#held.length * held_commands,
      lost: audited.lost + audited.lost_waypoints,
      doubled: audited.doubled,
      serving_ms: this.#slowest_ms,
      wrong: this.#wrong,
      extra: {
        steps: rounds * places_ms.length,
        holds: this.#held.length,
        pending_timed_out: calendar.timed_out,
        compared_actors: audited.compared,
      },
    }
  }

  /** Sets the clock; then everything must go on as before, a booking from its request to its delivery included. */
  async #step(off_ms: number): Promise<void> {
    const { ledger } = this.#scene
    await this.#clock.set(off_ms)
    this.#slowest_ms = Math.max(this.#slowest_ms, await serves(this.#scene, this.#wrong))
    const fixes = ledger.fixes_acked
    this.#held.push(await HeldMoney.settle(this.#scene))
    await pause(this.#options.form === 'short' ? 5_000 : 20_000)
    await this.#stand('delivered, held')
    if (!(await this.#moves(fixes))) this.#wrong.push(`with the clock ${off_ms} ms off no fix was acked`)
  }

  /** Whether more than so many fixes are acked, sooner or later. */
  async #moves(fixes: number): Promise<boolean> {
    const until_ms = performance.now() + serving_ms
    while (this.#scene.ledger.fixes_acked <= fixes) {
      if (performance.now() > until_ms) return false
      await pause(50)
    }
    return true
  }

  async #stand(expected: string): Promise<void> {
    for (const money of this.#held) {
      const stands = await money.stands()
      if (stands !== expected) this.#wrong.push(`a booking and its money are ${stands}, not ${expected}`)
    }
  }
}

/** The rules are read again every second. */
async function shortenWindow(scene: Scene): Promise<void> {
  const policy = { ...firstPolicy, version: 2, confirmation_window_ms: hour_ms / 2 }
  await withJournal(scene.data_dir, (_journal, link) => openPolicies(link).append(policy))
  await pause(3_000)
}

/** Milliseconds from the step to the first command and list. */
async function serves(scene: Scene, wrong: string[]): Promise<number> {
  const stepped_ms = performance.now()
  for (;;) {
    const is_served = await scene.probe.serves()
    const ms = Math.round(performance.now() - stepped_ms)
    if (is_served) return ms
    if (ms > serving_ms) {
      wrong.push(`nothing was served ${ms} ms after the clock was set`)
      return ms
    }
    await pause(50)
  }
}
