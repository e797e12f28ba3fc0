/** What the differential fuzzer does to a server: operations as data, drawn from a seed. */
import type { Random } from '../city/random.ts'

export type Expectation = 'none' | 'right' | 'stale' | 'ahead' | 'garbage'
export type Flaw =
  | 'none'
  | 'gap'
  | 'repeat'
  | 'unnumbered'
  | 'no_commit'
  | 'odd_commit'
  | 'expecting'
  | 'huge'

/** Ids are drawn from a small pool, so that they meet; sequences are named by where they lie. */
export type Operation =
  | {
      readonly do: 'publish'
      readonly subject: string
      readonly id: number
      readonly bytes: number
      readonly expect: Expectation
      readonly whole: Expectation
      readonly stream: string
    }
  | { readonly do: 'again'; readonly back: number; readonly expect: Expectation }
  | { readonly do: 'pair'; readonly subject: string; readonly id: number }
  | {
      readonly do: 'batch'
      readonly subject: string
      readonly id: number
      readonly size: number
      readonly flaw: Flaw
      readonly replies: boolean
    }
  | { readonly do: 'commit'; readonly subject: string }
  | { readonly do: 'ask'; readonly what: string; readonly stream: string; readonly query: object }
  | { readonly do: 'read'; readonly stream: string; readonly query: object }
  | {
      readonly do: 'journal'
      readonly what: 'append' | 'claim' | 'last' | 'read'
      readonly shard: number
      readonly id: number
    }
  | { readonly do: 'topics'; readonly id: number; readonly size: number; readonly batch: boolean }
  | { readonly do: 'wait' }
  | { readonly do: 'restart' }

/** The streams that a run begins with, empty. */
export const streams: readonly { readonly name: string; readonly [field: string]: unknown }[] = [
  {
    name: 'EV0',
    subjects: ['ev.*'],
    storage: 'file',
    deny_delete: true,
    discard: 'new',
    duplicate_window: 120_000_000_000,
    allow_direct: true,
  },
  { name: 'BOOKING_EVENTS', subjects: ['booking.events.>'], allow_atomic: true, allow_direct: true },
  {
    name: 'SMALL',
    subjects: ['small.*'],
    max_bytes: 900,
    max_msg_size: 200,
    discard: 'new',
    allow_atomic: true,
  },
  { name: 'BRIEF', subjects: ['brief.*'], duplicate_window: 2_000_000_000, max_msgs: 3, allow_direct: true },
  { name: 'KEPT', subjects: ['kept.*'], deny_delete: true, deny_purge: true, max_msgs: 4, discard: 'new' },
]

/** How long `brief.*` remembers an id, and how long a wait is. */
export const brief_ms = 2_000
export const wait_ms = 2_600

const subjects = [
  'ev.0',
  'ev.0',
  'ev.1',
  'ev.2',
  'booking.events.a.accepted',
  'booking.events.b.cancelled',
  'small.a',
  'small.b',
  'brief.a',
  'brief.a',
  'kept.a',
  'kept.b',
  'nobody.here',
]
const atomic = ['booking.events.a.accepted', 'booking.events.b.cancelled', 'small.a', 'small.b', 'ev.1']
const asked = [...streams.map(({ name }) => name), 'NONE']
const patterns = [
  'ev.0',
  'ev.1',
  'ev.*',
  'ev.7',
  'booking.events.>',
  'booking.events.a.accepted',
  'small.a',
  'brief.*',
  '>',
]
const expectations: readonly Expectation[] = ['none', 'right', 'right', 'right', 'stale', 'ahead', 'garbage']
const flaws: readonly Flaw[] = [
  'none',
  'none',
  'none',
  'none',
  'gap',
  'repeat',
  'unnumbered',
  'no_commit',
  'odd_commit',
  'expecting',
  'huge',
]

/** `home`: the subjects that a seed likes, so that some streams fill. */
type Draw = (random: Random, home: readonly string[]) => Operation

const publish: Draw = (random, home) => ({
  do: 'publish',
  subject: random.pick(random.chance(0.75) ? home : subjects),
  id: random.whole(-1, 14),
  bytes: random.chance(0.15) ? random.whole(150, 260) : random.whole(0, 40),
  expect: random.pick(expectations),
  whole: random.chance(0.12) ? random.pick(expectations) : 'none',
  stream: random.chance(0.08) ? random.pick(asked) : '',
})

const ask: Draw = (random) => {
  const [stream, seq, pattern] = [random.pick(asked), random.whole(0, 12), random.pick(patterns)]
  const queries: readonly [string, object][] = [
    ['STREAM.MSG.GET', { last_by_subj: pattern }],
    ['STREAM.MSG.GET', { seq }],
    ['STREAM.MSG.GET', { seq, next_by_subj: pattern }],
    ['STREAM.MSG.GET', { seq, last_by_subj: pattern }],
    ['STREAM.INFO', {}],
  ]
  const denied: readonly [string, string, object][] = [
    ['STREAM.MSG.DELETE', 'EV0', { seq }],
    ['STREAM.MSG.DELETE', 'NONE', { seq }],
    ['STREAM.PURGE', 'KEPT', {}],
    ['STREAM.CREATE', 'EV0', { name: 'EV0', subjects: ['ev.*'], max_msgs: 5 }],
    ['STREAM.CREATE', 'OTHER', { name: 'OTHER', subjects: ['ev.*'] }],
  ]
  if (random.chance(0.15)) {
    const [what, name, query] = random.pick(denied)
    return { do: 'ask', what, stream: name, query }
  }
  const [what, query] = random.pick(queries)
  return { do: 'ask', what, stream, query }
}

const read: Draw = (random) => ({
  do: 'read',
  stream: random.pick(asked),
  query: {
    seq: random.whole(1, 12),
    next_by_subj: random.pick(patterns),
    batch: random.whole(1, 8),
    max_bytes: random.pick([1, 120, 8 * 1024 * 1024]),
  },
})

const draws: readonly (readonly [weight: number, draw: Draw])[] = [
  [30, publish],
  [
    8,
    (random) => ({ do: 'again', back: random.whole(0, 5), expect: random.pick(['none', 'none', 'right']) }),
  ],
  [
    3,
    (random) => ({ do: 'pair', subject: random.pick(['ev.0', 'ev.1', 'kept.a']), id: random.whole(0, 14) }),
  ],
  [
    10,
    (random) => ({
      do: 'batch',
      subject: random.pick(atomic),
      id: random.whole(0, 14),
      size: random.whole(1, 5),
      flaw: random.pick(flaws),
      replies: random.chance(0.3),
    }),
  ],
  [3, (random) => ({ do: 'commit', subject: random.pick(atomic) })],
  [14, ask],
  [8, read],
  [
    12,
    (random) => ({
      do: 'journal',
      what: random.pick(['append', 'append', 'claim', 'last', 'read']),
      shard: random.whole(0, 2),
      id: random.whole(0, 14),
    }),
  ],
  [
    5,
    (random) => ({
      do: 'topics',
      id: random.whole(0, 14),
      size: random.whole(1, 6),
      batch: random.chance(0.7),
    }),
  ],
]

const weighted = draws.flatMap(([weight, draw]) => Array.from({ length: weight }, () => draw))

export interface Plan {
  readonly length: number
  /** How many waits and restarts are put among the operations: they take seconds. */
  readonly waits: number
  readonly restarts: number
}

/** The operations of a seed. */
export function operationsOf(random: Random, { length, waits, restarts }: Plan): readonly Operation[] {
  const home = [random.pick(subjects), random.pick(subjects)]
  const drawn = Array.from({ length }, () => random.pick(weighted)(random, home))
  const slow: Operation[] = [
    ...Array.from({ length: waits }, () => ({ do: 'wait' }) as const),
    ...Array.from({ length: restarts }, () => ({ do: 'restart' }) as const),
  ]
  for (const one of slow) drawn.splice(random.whole(1, drawn.length), 0, one)
  return drawn
}
