/** The numbers of all threads as Prometheus reads them. Each thread tallies in memory; prom-client adds them up and writes them out. */
import { getHeapStatistics } from 'node:v8'
import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client'
import type { ShardHost } from '../engine/host.ts'
import {
  type EngineGauges,
  engine_instruments,
  type Instrument,
  type Meters,
  Tally,
} from '../engine/meters.ts'
import type { Topics } from '../engine/ports.ts'

const http_seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

// biome-ignore format: a table reads better as one
const door_instruments = {
  http_request_seconds:  { kind: 'histogram', labels: ['method', 'route', 'status'], buckets: http_seconds, about: 'From the head of a request to its answer; the route is its row, or other.' },
  fixes_total:           { kind: 'counter',   labels: ['outcome'], about: 'Fixes by what became of them: accepted, why they were put aside, or the code with which all of a frame was refused.' },
  reports_total:         { kind: 'counter',   labels: ['type', 'outcome'], about: 'Reports of signals for a topic; dropped ones found a full queue.' },
  topic_reports:         { kind: 'gauge',     labels: ['state'], across: 'sum', about: 'Reports since the start by state: sent, acked, resent, dropped; and those that wait.' },
  topic_events:          { kind: 'gauge',     labels: [], across: 'sum', about: 'Events that were published since the start.' },
  sockets_open:          { kind: 'gauge',     labels: ['kind'], across: 'sum', about: 'Open sockets.' },
  worker_memory_bytes:   { kind: 'gauge',     labels: ['thread', 'state'], across: 'sum', about: 'Of each worker: what its heap holds and has taken, garbage included, and what it has outside of it.' },
} as const satisfies Readonly<Record<string, Instrument>>

const instruments = { ...engine_instruments, ...door_instruments }
type Table = typeof instruments
export type DoorMeters = Meters<Table>
const entries = Object.entries(instruments) as readonly [keyof Table, Instrument][]

/** What a worker says of itself besides what it tallied. Outer keys are names of gauges, inner ones their label. */
export interface Gauges {
  readonly engine: EngineGauges
  readonly sockets: Readonly<Record<string, number>>
  /** Of the driver of the topics: `reports_*` and `events_published`. */
  readonly topics: Readonly<Record<string, number>>
  readonly thread: number
  /** Bytes by what they are. */
  readonly memory: Readonly<Record<string, number>>
}

/** What the heap of this thread holds, has taken, and keeps outside, in bytes. */
export function ownMemory(): Gauges['memory'] {
  const { used_heap_size, total_heap_size, external_memory } = getHeapStatistics()
  return { used: used_heap_size, taken: total_heap_size, external: external_memory }
}

/** The numbers of one thread, as data that may cross to another. */
export type Measured = readonly object[]

export const openTally = (): Tally<Table> => new Tally(instruments)

/** All that a thread has to say, in the form that prom-client adds up. */
export function measure(tally: Tally<Table>, gauges: Gauges): Measured {
  const now = gaugeValues(gauges)
  return entries.map(([name, { kind, about, ...instrument }]) => ({
    name: `kilat_${name}`,
    help: about,
    type: kind,
    aggregator: 'across' in instrument ? instrument.across : 'sum',
    values:
      kind === 'gauge'
        ? (now[name] ?? [])
        : tally
            .samples(name)
            .map(({ series, labels, value }) => ({ metricName: `kilat_${series}`, labels, value })),
  }))
}

interface GaugeValue {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

function gaugeValues({
  engine,
  sockets,
  topics,
  thread,
  memory,
}: Gauges): Readonly<Partial<Record<string, readonly GaugeValue[]>>> {
  const plain = Object.entries(engine).map(([name, value]) => [name, [{ labels: {}, value }]] as const)
  const { events_published = 0, ...reports } = topics
  return {
    ...Object.fromEntries(plain),
    sockets_open: labelled('kind', sockets),
    topic_reports: labelled('state', reports),
    worker_memory_bytes: labelled('state', memory, { thread: String(thread) }),
    topic_events: [{ labels: {}, value: events_published }],
  }
}

const labelled = (
  label: string,
  values: Readonly<Record<string, number>>,
  further: Readonly<Record<string, string>> = {},
): readonly GaugeValue[] =>
  Object.entries(values).map(([name, value]) => ({
    labels: { ...further, [label]: name.replace('reports_', '') },
    value,
  }))

/** The process itself: memory, processor time, garbage, open files. Begun once, by the thread that starts the others. */
export function openProcessMetrics(): () => Promise<Measured> {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return () => registry.getMetricsAsJSON()
}

/** The text that Prometheus reads: the sum over the threads, or the worst of them where that says more. */
export const exposition = (measured: readonly Measured[]): Promise<string> =>
  AggregatorRegistry.aggregate([...measured]).metrics()

/** The host, with the fixes counted that it refuses. */
export const measuredHost = (host: ShardHost, meters: DoorMeters): ShardHost => ({
  submit: (envelope) => host.submit(envelope),
  ask: (question) => host.ask(question),
  near: (query) => host.near(query),
  watch: (of, listener) => host.watch(of, listener),
  show: (of, message) => host.show(of, message),
  signal(note, done) {
    host.signal(note, (refused) => {
      if (refused) meters.count('fixes_total', fixesIn(note.signal), refused.rejected)
      done(refused)
    })
  },
})

const fixesIn = (signal: object): number =>
  'fixes' in signal && Array.isArray(signal.fixes) ? signal.fixes.length : 1

/** The topics, with the reports counted that go there, and the fixes that they tell of. */
export function measuredTopics(topics: Topics, meters: DoorMeters): Topics {
  return {
    publish: (frames) => topics.publish(frames),
    dead: (shard, letter) => topics.dead(shard, letter),
    report(report) {
      const taken = topics.report(report)
      meters.count('reports_total', 1, report.type, taken ? 'taken' : 'dropped')
      const outcome = fixOutcome(report.type, report.data)
      if (outcome !== undefined) meters.count('fixes_total', 1, outcome)
      return taken
    },
  }
}

function fixOutcome(type: string, data: object): string | undefined {
  if (type === 'runner.location_update') return 'accepted'
  if (type !== 'runner.location_rejected') return undefined
  return 'reason' in data ? String(data.reason) : 'unknown'
}
