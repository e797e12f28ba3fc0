import { decodeRecord, encodeRecord } from '../../protocols/codec.ts'
import { type Frame, isClaim } from '../../protocols/frame.ts'
import { Random } from '../city/random.ts'
import { counterBehaviour } from '../counter.ts'
import { type Bench, median, type Options, resultOf } from '../result.ts'

const events_per_frame = 256
const counters = 10_000
const service = { id: '00000000-0000-4000-8000-000000000000', role: 'service' } as const

/** Full frames of counter events, as the journal holds them. */
function logOf(frames: number, random: Random): Uint8Array[] {
  const ids = Array.from({ length: counters }, () => random.uuid())
  const seqs = new Map<string, number>()
  return Array.from({ length: frames }, (_, index) => {
    const events = Array.from({ length: events_per_frame }, (__, place) => {
      const id = random.pick(ids)
      const seq = (seqs.get(id) ?? 0) + 1
      seqs.set(id, seq)
      return {
        kind: 'counter',
        id,
        seq,
        type: 'counter.added',
        version: 1,
        by: service,
        cause: `c${index}-${place}`,
        at_ms: 1_700_000_000_000 + index,
        data: { amount: 1 },
      }
    })
    const frame: Frame = {
      v: 1,
      shard: 0,
      epoch: 1,
      writer: service.id,
      n: index + 1,
      prev_seq: index,
      prev_hash: '',
      at_ms: 1_700_000_000_000 + index,
      commands: [],
      events,
      settled: [],
    }
    return encodeRecord(frame)
  })
}

/** Decodes and folds a log; gives the events a second. */
function fold(log: readonly Uint8Array[]): number {
  const states = new Map<string, unknown>()
  const start = performance.now()
  let events = 0
  for (const bytes of log) {
    const record = decodeRecord(bytes)
    if (isClaim(record)) continue
    for (const { id, by, at_ms, type, data } of record.events) {
      const state = states.get(id) ?? counterBehaviour.initial
      states.set(id, counterBehaviour.evolve(state, { type, ...data }, { id, by, at_ms }))
    }
    events += record.events.length
  }
  return (events * 1_000) / (performance.now() - start)
}

async function run({ rounds, size }: Options) {
  const log = logOf(size('frames', 2_000), new Random(3))
  fold(log)
  const speeds = Array.from({ length: rounds }, () => fold(log))
  return resultOf(
    'replay',
    'events/s',
    rounds,
    { ours: median(speeds) },
    {
      counts: `counter events decoded and checked from frames of ${events_per_frame} and folded into ${counters} states, in one thread, no I/O`,
      bytes_per_event: log.reduce((sum, bytes) => sum + bytes.length, 0) / (log.length * events_per_frame),
    },
  )
}

export const replay: Bench = {
  name: 'replay',
  target: '>= 500,000 events/s',
  meets: ({ ours }) => ours >= 500_000,
  run,
}
