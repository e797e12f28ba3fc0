/** What is counted and timed: a port for the engine, and the tally in memory that stands behind it. No driver reads it here. */

interface Counter {
  readonly kind: 'counter'
  readonly about: string
  readonly labels: readonly string[]
}
interface Histogram {
  readonly kind: 'histogram'
  readonly about: string
  readonly labels: readonly string[]
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[]
}
interface Gauge {
  readonly kind: 'gauge'
  readonly about: string
  readonly labels: readonly string[]
  /** How the values of several threads make one. */
  readonly across: 'sum' | 'max'
}
export type Instrument = Counter | Histogram | Gauge
type Instruments = Readonly<Record<string, Instrument>>

const sync_seconds = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1, 5]
const powers = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048]

/** Names end in their unit. Labels take few values each: never an id. */
// biome-ignore format: a table reads better as one
export const engine_instruments = {
  commands_total:           { kind: 'counter',   labels: ['type', 'outcome'], about: 'Commands that a shard answered; the outcome is done or the code of the refusal.' },
  effects_total:            { kind: 'counter',   labels: ['type', 'outcome'], about: 'Effects that were carried out or failed, each try.' },
  frame_append_seconds:     { kind: 'histogram', labels: [], buckets: sync_seconds, about: 'From the sealing of a frame to its ack.' },
  frame_events:             { kind: 'histogram', labels: [], buckets: powers, about: 'Events of a frame.' },
  mailbox_depth:            { kind: 'gauge',     labels: [], across: 'sum', about: 'Commands that wait to be carried out.' },
  gate_waiting:             { kind: 'gauge',     labels: [], across: 'sum', about: 'Answers that wait for their frame.' },
  outbox_pending:           { kind: 'gauge',     labels: [], across: 'sum', about: 'Steps and effects that are owed.' },
  resident_actors:          { kind: 'gauge',     labels: [], across: 'sum', about: 'Actors in memory.' },
  projection_lag_frames:    { kind: 'gauge',     labels: [], across: 'sum', about: 'Durable frames that the lists do not hold.' },
  topic_lag_frames:         { kind: 'gauge',     labels: [], across: 'sum', about: 'Durable frames that are not on the topics.' },
  event_loop_delay_seconds: { kind: 'gauge',     labels: [], across: 'max', about: 'How late the loop of a worker is.' },
} as const satisfies Instruments

type NameOf<Table extends Instruments, Kind extends Instrument['kind']> = {
  [Name in keyof Table & string]: Table[Name]['kind'] extends Kind ? Name : never
}[keyof Table & string]

/** Where the engine leaves its numbers. A call costs a look-up in a map; labels stand in the order of the instrument. */
export interface Meters<Table extends Instruments = typeof engine_instruments> {
  count(name: NameOf<Table, 'counter'>, by: number, ...labels: readonly string[]): void
  observe(name: NameOf<Table, 'histogram'>, value: number, ...labels: readonly string[]): void
}

/** What a thread reads off itself when it is asked. */
export type EngineGauges = Readonly<Record<NameOf<typeof engine_instruments, 'gauge'>, number>>

/** A value with its labels by name. `series` is the name it is shown under: a histogram has three. */
export interface Sample {
  readonly series: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

interface Row {
  readonly labels: readonly string[]
  /** Not cumulative; one more than there are bounds. */
  readonly counts: number[]
  sum: number
  count: number
}

/** A map for each label is quicker than one text of all: the labels are mostly constants, whose hashes are known. */
interface Branch {
  row: Row | undefined
  readonly next: Map<string, Branch>
}
interface Book {
  readonly root: Branch
  readonly rows: Row[]
}

/** A label with more values than this is a mistake: the rest is counted as `other`. */
const rows_max = 2_000
const other = 'other'

/** Counts in memory. Reading it changes nothing. */
export class Tally<Table extends Instruments> implements Meters<Table> {
  readonly #table: Table
  readonly #books = new Map<string, Book>()

  constructor(table: Table) {
    this.#table = table
    for (const name of Object.keys(table))
      this.#books.set(name, { root: { row: undefined, next: new Map() }, rows: [] })
  }

  count(name: NameOf<Table, 'counter'>, by: number, ...labels: readonly string[]): void {
    this.#rowOf(name, labels).sum += by
  }

  observe(name: NameOf<Table, 'histogram'>, value: number, ...labels: readonly string[]): void {
    const row = this.#rowOf(name, labels)
    const bounds = bucketsOf(this.#table[name])
    let bucket = 0
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket += 1
    row.counts[bucket] = (row.counts[bucket] ?? 0) + 1
    row.sum += value
    row.count += 1
  }

  /** Everything that was counted so far under a name. */
  samples(name: keyof Table & string): readonly Sample[] {
    const instrument = this.#table[name] as Instrument
    return (this.#books.get(name)?.rows ?? []).flatMap((row) => samplesOf(name, instrument, row))
  }

  #rowOf(name: string, labels: readonly string[]): Row {
    const book = this.#books.get(name)
    if (!book) throw new Error(`there is no instrument ${name}`)
    let branch: Branch | undefined = book.root
    for (const label of labels) branch = branch?.next.get(label)
    return branch?.row ?? this.#newRow(name, book, labels)
  }

  #newRow(name: string, book: Book, labels: readonly string[]): Row {
    if (book.rows.length >= rows_max && labels[0] !== other)
      return this.#rowOf(
        name,
        labels.map(() => other),
      )
    let branch = book.root
    for (const label of labels) {
      const next: Branch = branch.next.get(label) ?? { row: undefined, next: new Map() }
      branch.next.set(label, next)
      branch = next
    }
    const row: Row = { labels, counts: bucketsOf(this.#table[name]).map(() => 0), sum: 0, count: 0 }
    branch.row = row
    book.rows.push(row)
    return row
  }
}

const bucketsOf = (instrument: Instrument | undefined): readonly number[] =>
  instrument?.kind === 'histogram' ? instrument.buckets : []

function samplesOf(name: string, instrument: Instrument, row: Row): readonly Sample[] {
  const labels = Object.fromEntries(instrument.labels.map((label, index) => [label, row.labels[index] ?? '']))
  if (instrument.kind !== 'histogram') return [{ series: name, labels, value: row.sum }]
  let below = 0
  const buckets = instrument.buckets.map((le, index): Sample => {
    below += row.counts[index] ?? 0
    return { series: `${name}_bucket`, labels: { ...labels, le }, value: below }
  })
  return [
    ...buckets,
    { series: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: row.count },
    { series: `${name}_sum`, labels, value: row.sum },
    { series: `${name}_count`, labels, value: row.count },
  ]
}
