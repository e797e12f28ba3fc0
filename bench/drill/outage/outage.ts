/** Something that the engine needs goes away under load for a while and comes back: what was refused, lost, and how soon all serves again. */
import { readFileSync } from 'node:fs'
import { decodeRecord } from '../../../protocols/codec.ts'
import { isClaim } from '../../../protocols/frame.ts'
import { withJournal } from '../../city/backstage.ts'
import type { DrillOptions, Outcome } from '../../drills/row.ts'
import { pause } from '../../pause.ts'
import { isReady } from '../../stack.ts'
import { Scene, type SceneAudit, type SceneOptions } from '../scene.ts'
import { type Askers, settleAskers } from './people.ts'
import { type Lane, type LaneCount, Sampler } from './sampler.ts'

const calm_ms = 4_000
const serving_max_ms = 120_000
const noticed_max_ms = 15_000
const look_ms = 50
const city = { workers: 2, runners: 60, owners: 20 }
/** Far from every town of the city: nobody there hears of it. */
const far = { latitude: 6.4, longitude: 100.2 }

export interface Trouble extends Pick<SceneOptions, 'prepare' | 'release' | 'ended' | 'env'> {
  readonly name: string
  readonly gone_ms: number
  /** Lanes of its own beside commands and reads. */
  readonly lanes?: (scene: Scene, askers: Askers) => Promise<readonly Lane[]>
  readonly begin: (scene: Scene) => Promise<void>
  readonly end: (scene: Scene) => Promise<void>
  /** After all serves again: what is still missing, and what else was counted. */
  readonly after?: (scene: Scene) => Promise<{ readonly wrong: readonly string[]; readonly extra: object }>
  /** What the counts of the outage show to be wrong. */
  readonly judge: (of: (lane: string) => Readonly<LaneCount>) => readonly string[]
}

const profile = {
  full_name: 'Asker',
  phone: '+60123456789',
  vehicle_type: 'car',
  vehicle_plate: 'A 1',
  vehicle_model: 'Saga',
}

export const orderOf = (pet: string) => ({
  pet_spec: { pet_type: 'cat', name: pet, weight_kg: 4, vaccinations: [] },
  pickup_address: { line1: '1 Jalan Satu', city: 'Kangar', state: 'Perlis', country: 'MY', ...far },
  dropoff_address: {
    line1: '2 Jalan Dua',
    city: 'Kangar',
    state: 'Perlis',
    country: 'MY',
    ...far,
    latitude: 6.45,
  },
  notes: '',
})

/** One call, without another try. Rejects when it was refused. */
export async function call(url: string, token: string, path: string, body: object): Promise<object> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const response = await fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${path} was refused with ${response.status}: ${text}`)
  return (JSON.parse(text) as { data: object }).data
}

/** Runners who say where they are, owners who look at a booking and at their list. */
async function everydayLanes(url: string, { owners, runners }: Askers): Promise<readonly Lane[]> {
  const [owner] = owners
  if (!owner) throw new Error('nobody asks')
  for (const runner of runners) await call(url, await runner.token(false), '/runners', profile)
  const { id } = (await call(url, await owner.token(false), '/bookings', orderOf('Watched'))) as {
    id: string
  }
  return [
    {
      name: 'command',
      every_ms: 50,
      ask: async (number) => {
        const runner = runners[number % runners.length]
        const body = { ...far, latitude: far.latitude + (number % 1_000) / 1e5 }
        return (
          runner && { method: 'POST', path: '/runners/me/online', body, token: await runner.token(false) }
        )
      },
    },
    {
      name: 'read',
      every_ms: 100,
      ask: async () => ({ method: 'GET', path: `/bookings/${id}`, token: await owner.token(false) }),
    },
    {
      name: 'list',
      every_ms: 200,
      ask: async () => ({ method: 'GET', path: '/bookings?page=1&limit=5', token: await owner.token(false) }),
    },
  ]
}

const memoryOf = (pid: number): number =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024)

interface Course {
  readonly serving_ms: number
  readonly noticed_ms: number | undefined
  readonly acked_meanwhile: number
  readonly memory_mb: { readonly before: number; readonly peak: number }
}

/** Carries it out in a scene of its own. */
export async function outage(options: DrillOptions, trouble: Trouble): Promise<Outcome> {
  const { name, prepare, release, ended, env } = trouble
  const hooks = {
    ...(prepare ? { prepare } : {}),
    ...(release ? { release } : {}),
    ...(ended ? { ended } : {}),
    ...(env ? { env } : {}),
  }
  const scene = await Scene.open({ ...city, ...options, ...hooks, name })
  let is_good = false
  try {
    const askers = await settleAskers(scene.data_dir, options.token_issuer, name)
    const everyday = await everydayLanes(scene.engine.url, askers)
    const own = (await trouble.lanes?.(scene, askers)) ?? []
    const sampler = new Sampler(scene.engine.url, [...everyday, ...own])
    scene.city.begin()
    sampler.begin()
    const course = await live(scene, sampler, trouble, options.note)
    await sampler.end()
    const after = (await trouble.after?.(scene)) ?? { wrong: [], extra: {} }
    const audit = await scene.audit()
    const lanes = [...everyday, ...own].map((lane) => lane.name)
    const told = outcomeOf(trouble, sampler, course, audit, lanes)
    const wrong = [...told.wrong, ...after.wrong]
    is_good = wrong.length === 0
    return { ...told, wrong, extra: { ...told.extra, ...after.extra } }
  } finally {
    await scene.close(is_good)
  }
}

async function live(
  scene: Scene,
  sampler: Sampler,
  { gone_ms, begin, end }: Trouble,
  note: (line: string) => void,
): Promise<Course> {
  await pause(calm_ms)
  const before = memoryOf(scene.engine.pid)
  let peak = before
  let noticed_ms: number | undefined
  const acked_before = scene.ledger.acked.length
  await begin(scene)
  sampler.phase = 'gone'
  note('it is gone')
  const began_ms = performance.now()
  while (performance.now() - began_ms < gone_ms) {
    await pause(look_ms)
    peak = Math.max(peak, memoryOf(scene.engine.pid))
    if (noticed_ms === undefined && !(await isReady(scene.engine.url)))
      noticed_ms = Math.round(performance.now() - began_ms)
  }
  const acked_meanwhile = scene.ledger.acked.length - acked_before
  const back_ms = performance.now()
  sampler.phase = 'back'
  await end(scene)
  while (!(await scene.probe.serves())) {
    if (performance.now() - back_ms > serving_max_ms)
      throw new Error(`nothing served ${serving_max_ms} ms later`)
    await pause(look_ms)
  }
  const serving_ms = Math.round(performance.now() - back_ms)
  note(`all serves again after ${serving_ms} ms`)
  sampler.phase = 'after'
  await pause(calm_ms)
  return { serving_ms, noticed_ms, acked_meanwhile, memory_mb: { before, peak } }
}

/** What is wrong with the course of an outage, beside what its own counts tell. */
export function wrongWith(
  { noticed_ms, memory_mb }: Pick<Course, 'noticed_ms' | 'memory_mb'>,
  after: Readonly<LaneCount>,
): readonly string[] {
  const grown_mb = memory_mb.peak - memory_mb.before
  return [
    ...(noticed_ms === undefined ? ['readiness never said so'] : []),
    ...(noticed_ms !== undefined && noticed_ms > noticed_max_ms
      ? [`readiness said so after ${noticed_ms} ms`]
      : []),
    ...(grown_mb > memory_growth_max_mb ? [`the engine grew by ${grown_mb} MB`] : []),
    ...(after.answered === 0 ? ['no command was answered afterwards'] : []),
  ]
}
const memory_growth_max_mb = 512

function outcomeOf(
  trouble: Trouble,
  sampler: Sampler,
  course: Course,
  audit: SceneAudit,
  lanes: readonly string[],
): Outcome & { readonly extra: object } {
  const { acked, lost, lost_waypoints, doubled, aside } = audit
  const counts = lanes.map((lane) => {
    const { answered, refused, unreachable, slowest_ms } = sampler.of(lane, 'gone')
    return [lane, { answered, refused, unreachable, slowest_ms }] as const
  })
  const wrong = [
    ...audit.wrong,
    ...sampler.wrong(),
    ...wrongWith(course, sampler.of('command', 'after')),
    ...trouble.judge((lane) => sampler.of(lane, 'gone')),
  ]
  const { serving_ms, ...rest } = course
  const extra = { gone_ms: trouble.gone_ms, ...rest, aside, while_gone: Object.fromEntries(counts) }
  return { acked, lost: lost + lost_waypoints, doubled, serving_ms, wrong, extra }
}

/** The newest frame of each shard, by its number in the log; 0 where nothing is behind the newest claim. */
export const tipsOf = (data_dir: string, shards: number): Promise<readonly number[]> =>
  withJournal(data_dir, async (journal) => {
    const tips: number[] = []
    for (let shard = 0; shard < shards; shard++) {
      const last = await journal.last(shard)
      tips.push(last && !isClaim(decodeRecord(last.bytes)) ? last.seq : 0)
    }
    return tips
  })
