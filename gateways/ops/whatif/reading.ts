/** Reads a time out of the log and the topic of positions, in one pass over both. */
import { tipsOf, walk } from '../../../engine/log_walk.ts'
import { merged } from '../../../engine/merge.ts'
import { type Frame, isClaim } from '../../../protocols/frame.ts'
import { limits } from '../../../protocols/limits.ts'
import type { CloudEvent } from '../../../protocols/topics.ts'
import { lift } from '../../../protocols/upcast.ts'
import { type Desk, type Log, Mistake } from '../desk.ts'
import { Progress } from '../progress.ts'
import type { Recorded, Span } from './recorded.ts'
import { type Line, Recording } from './recording.ts'

interface Move {
  readonly at_ms: number
  readonly runner_id: string
  readonly latitude: number
  readonly longitude: number
}

/** What could be read of the time that was asked for. */
export interface Read {
  readonly recorded: Recorded
  /** Positions are kept since then; 0: from the first one on. */
  readonly kept_ms: number
}

export interface Wanted {
  readonly from_ms: number
  readonly to_ms: number
  /** Of each runner at most one position in so long a time is kept. */
  readonly thin_ms: number
}

/**
 * As movement replay does, it reaches back as far as positions are kept, and says so. Rejects with a Mistake when
 * nothing is left, or more than it can hold, and with a store's Fault.
 */
export async function readTime(desk: Desk, log: Log, { from_ms, to_ms, thin_ms }: Wanted): Promise<Read> {
  const { reach_ms, moves } = await desk.movement(from_ms - limits.whatif_lead_ms, undefined)
  const span: Span = {
    from_ms: Math.max(from_ms, reach_ms),
    to_ms,
    until_ms: to_ms + limits.whatif_tail_ms,
  }
  if (reach_ms > from_ms) {
    const asked = new Date(from_ms).toISOString()
    if (reach_ms >= to_ms)
      throw new Mistake(`${keptOf(reach_ms)}; asked from ${asked}: nothing is left of that time`)
    desk.note(`${keptOf(reach_ms)}; asked from ${asked}: what was asked for before is left out`)
  }
  const recording = new Recording(desk.behaviours, span, {
    bookings_max: limits.whatif_bookings_max,
    positions_max: limits.whatif_positions_max,
    thin_ms,
  })
  const tips = await tipsOf(log.journal, log.shards)
  const lines = tips.map((tip, shard) => linesOf(desk, log, { shard, tip, span, recording }))
  for await (const one of merged<Line | Move>([...lines, placesIn(moves, span)], ({ at_ms }) => at_ms))
    if ('command' in one) recording.hear(one)
    else recording.move(one.runner_id, one, one.at_ms)
  return { recorded: recording.end(), kept_ms: reach_ms }
}

const keptOf = (reach_ms: number) =>
  reach_ms === Number.POSITIVE_INFINITY
    ? 'no positions are kept'
    : `positions are kept since ${new Date(reach_ms).toISOString()}`

interface Source {
  readonly shard: number
  readonly tip: number
  readonly span: Span
  readonly recording: Recording
}

/** What is before the time is heard at once, shard by shard: its order across shards does not matter. */
async function* linesOf(desk: Desk, log: Log, source: Source): AsyncGenerator<Line> {
  const { shard, tip, span, recording } = source
  const progress = new Progress(desk, `shard ${shard}`)
  let births = 0
  for await (const { record } of walk(log.journal, shard, tip)) {
    if (isClaim(record)) continue
    if (record.at_ms > span.until_ms && record.commands.every(({ at_ms }) => at_ms > span.until_ms)) return
    for (const line of linesIn(record, births)) {
      births += line.events.filter(({ seq }) => seq === 1).length
      if (line.at_ms >= span.from_ms) yield line
      else recording.hear(line)
    }
    progress.add(record.events.length)
  }
}

function* linesIn({ commands, events }: Frame, births: number): Generator<Line> {
  let serial = births + 1
  for (const command of commands) {
    const { at_ms, first, count } = command
    const came = events.slice(first, first + count).map((event) => lift(event))
    yield { at_ms, command, serial, events: came }
    serial += came.filter(({ seq }) => seq === 1).length
  }
}

async function* placesIn(moves: AsyncIterable<CloudEvent>, { until_ms }: Span): AsyncGenerator<Move> {
  let at_ms = 0
  for await (const { subject, time, data } of moves) {
    // Two threads publish beside each other: what comes late counts as of when it came.
    at_ms = Math.max(at_ms, Date.parse(time))
    if (at_ms > until_ms) return
    const { latitude, longitude } = data as { latitude?: unknown; longitude?: unknown }
    if (typeof latitude === 'number' && typeof longitude === 'number')
      yield { at_ms, runner_id: subject, latitude, longitude }
  }
}
