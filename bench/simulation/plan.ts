/** What a seed stands for: how much is done, what goes wrong, and by which numbers the engine runs. */
import { limits } from '../../protocols/limits.ts'
import { firstPolicy, type Policy } from '../../protocols/policy.ts'
import { fnv1a32 } from '../../protocols/shard.ts'
import { Random } from '../city/random.ts'

/** Every kind of trouble, by name. */
export const fault_names = [
  'loss',
  'duplicates',
  'reorder',
  'delay',
  'partition',
  'crash',
  'thread_death',
  'restart',
  'pause',
  'clock',
  'leader',
  'full',
  'snapshot',
  'database',
  'stripe',
  'poison',
  'hot_key',
] as const
export type FaultName = (typeof fault_names)[number]

export interface Plan {
  readonly seed: number
  readonly faults: readonly FaultName[]
  /** Seconds under faults; the healing comes on top. */
  readonly seconds: number
  readonly owners: number
  readonly runners: number
  readonly threads: number
  readonly shards: number
  /** Copies of each stream: 1 is a single server, 3 a cluster. */
  readonly replicas: number
  readonly resident_max: number
  readonly knobs: Knobs
}

/** A stream of chance of its own for each part: what one fault draws does not depend on which others are on. */
export const chanceOf = (seed: number, part: string): Random =>
  new Random(Math.imul(seed, 0x9e3779b1) ^ fnv1a32(part))

/** `minutes` of virtual time for everything, half a minute of it for healing. */
export function planOf(seed: number, minutes: number): Plan {
  const random = chanceOf(seed, 'plan')
  const share = random.pick([0, 0.15, 0.3, 0.5, 0.8])
  const faults = fault_names.filter((name) => chanceOf(seed, `fault ${name}`).chance(share))
  return {
    seed,
    faults,
    seconds: Math.max(10, 60 * minutes - healing_s),
    owners: random.whole(3, 10),
    runners: random.whole(4, 12),
    threads: random.pick([1, 2, 2, 3]),
    shards: random.pick([2, 4, 8]),
    replicas: random.pick([1, 3]),
    resident_max: random.pick([4, 16, 1_000, 1_000]),
    knobs: knobsOf(random),
  }
}

const healing_s = 30

/** A word of every text that people say about themselves: no store of the engine may hold it. */
export const secret = 'Jalan Rahsia'

/** Bounds that a seed tightens, so that a minute meets what otherwise takes days. */
export type Knobs = Readonly<Partial<Record<keyof typeof limits, number>>>

const knobsOf = (random: Random): Knobs => ({
  snapshot_interval_ms: random.pick([2_000, 5_000, 30_000]),
  snapshot_events: random.pick([20, 200, limits.snapshot_events]),
  events_per_frame_max: random.pick([4, 32, 256]),
  recent_frames_bytes_max: random.pick([4_096, 65_536, limits.recent_frames_bytes_max]),
  read_batch_entries: random.pick([4, 32, 256]),
  topic_batch_max: random.pick([3, 32, 256]),
  gather_linger_ms: random.pick([20, 100]),
  effect_retry_max_ms: 4_000,
  mailbox_activation_max: random.pick([2, 16, limits.mailbox_activation_max]),
  mailbox_shard_max: random.pick([4, limits.mailbox_shard_max]),
  mesh_queue_max: random.pick([8, limits.mesh_queue_max]),
  report_queue_max: random.pick([10, limits.report_queue_max]),
})

/** Runs the call with the bounds of the plan in force, and puts back those that were. */
export function withKnobs<Value>(knobs: Knobs, call: () => Value): Value {
  const before = { ...limits }
  Object.assign(limits, knobs)
  try {
    return call()
  } finally {
    Object.assign(limits, before)
  }
}

/** Version 1 with shorter waits: windows and looks that end within the minute. */
export const policy: Policy = {
  ...firstPolicy,
  confirmation_window_ms: 8_000,
  hold_review_ms: 4_000,
  hold_pending_max_ms: 12_000,
  rating_min: 1,
  fixes_per_s: 100,
  fixes_burst: 1_000,
}
