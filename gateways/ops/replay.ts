/** The life of a booking, a runner or a place: `kilat replay`. */
import { type Area, areaOf } from '../../engine/area.ts'
import { Chronicle, type Told } from '../../engine/chronicle.ts'
import { tipsOf, walk } from '../../engine/log_walk.ts'
import { merged } from '../../engine/merge.ts'
import { isClaim } from '../../protocols/frame.ts'
import { type Desk, type Log, Misuse, textOf, timeOf, type Verb, type Words } from './desk.ts'
import { about, type Choice, type Entry, linesOf, Picker } from './life.ts'
import { watchPast } from './past_server.ts'
import { Progress } from './progress.ts'

/** Whether anything in a plain value is a place inside the area. */
function touches(value: unknown, area: Area): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { latitude, longitude } = value as { latitude?: unknown; longitude?: unknown }
  if (typeof latitude === 'number' && typeof longitude === 'number' && area(latitude, longitude)) return true
  return Object.values(value).some((part) => touches(part, area))
}

const inside =
  (area: Area) =>
  ({ command, events }: Told) =>
    touches(command.body, area) || events.some(({ record }) => touches(record.data, area))

/** What the words choose. */
function choiceOf(words: Words): Choice {
  const wanted = ['booking', 'runner', 'area'].flatMap((name) => {
    const text = textOf(words, name)
    return text === undefined ? [] : [{ name, text }]
  })
  const [only, other] = wanted
  if (!only || other) throw new Misuse('it wants one of --booking, --runner and --area')
  const from_ms = timeOf(words, 'from') ?? 0
  const to_ms = timeOf(words, 'to') ?? Number.POSITIVE_INFINITY
  if (from_ms > to_ms) throw new Misuse('it ends before it begins')
  if (only.name !== 'area') return { wants: about(only.text.toLowerCase()), from_ms, to_ms }
  const area = areaOf(only.text)
  if (!area) throw new Misuse(`--area wants an H3 cell or LATITUDE,LONGITUDE,RADIUS_KM, not ${only.text}`)
  return { wants: inside(area), from_ms, to_ms }
}

async function* entriesOf(
  desk: Desk,
  log: Log,
  shard: number,
  tip: number,
  choice: Choice,
): AsyncGenerator<Entry> {
  const { journal, shards, policyAt } = log
  const chronicle = new Chronicle({ shard, shards, behaviours: desk.behaviours, policyAt })
  const picker = new Picker(desk.behaviours, chronicle, choice)
  const progress = new Progress(desk, `shard ${shard}`)
  for await (const { seq, record } of walk(journal, shard, tip)) {
    if (isClaim(record)) continue
    // A shard's clock never goes back: nothing later counts.
    if (record.commands.every(({ at_ms }) => at_ms > choice.to_ms) && record.at_ms > choice.to_ms) return
    yield* picker.take(seq, record)
    progress.add(record.events.length)
  }
}

/** The positions that devices told, of one runner or of all who are inside. Says how far back they are kept. */
async function* movesOf(desk: Desk, words: Words, choice: Choice): AsyncGenerator<Entry> {
  const runner_id = textOf(words, 'runner')?.toLowerCase()
  const area = areaOf(textOf(words, 'area') ?? '')
  if (runner_id === undefined && !area) throw new Misuse('--movement goes with --runner or --area')
  const { reach_ms, moves } = await desk.movement(choice.from_ms, runner_id)
  if (reach_ms > choice.from_ms) desk.note(reachOf(reach_ms))
  for await (const { subject, time, data } of moves) {
    const at_ms = Date.parse(time)
    if (at_ms > choice.to_ms) return
    if (at_ms < choice.from_ms || (area && !touches(data, area))) continue
    yield { entry: 'movement', at: new Date(at_ms).toISOString(), at_ms, runner_id: subject, data }
  }
}

const reachOf = (reach_ms: number) =>
  reach_ms === Number.POSITIVE_INFINITY
    ? 'no movement is kept'
    : `movement is kept since ${new Date(reach_ms).toISOString()}, and not before`

/** Every entry that is chosen, over all shards, in the order of their times. */
async function* lifeOf(desk: Desk, words: Words, choice: Choice): AsyncGenerator<Entry> {
  const log = await desk.log()
  const tips = await tipsOf(log.journal, log.shards)
  const sources = tips.map((tip, shard) => entriesOf(desk, log, shard, tip, choice))
  if (words.values.movement === true) sources.push(movesOf(desk, words, choice))
  let moment: Entry[] = []
  for await (const entry of merged(sources, ({ at_ms }) => at_ms)) {
    if (moment[0] && moment[0].at_ms !== entry.at_ms) {
      yield* byCause(moment)
      moment = []
    }
    moment.push(entry)
  }
  yield* byCause(moment)
}

/** Entries of one millisecond: each behind what caused it, and in the order of its shard. */
function* byCause(moment: readonly Entry[]): Generator<Entry> {
  let left = [...moment]
  while (left.length > 0) {
    const made = new Set(
      left.flatMap((entry) => (entry.entry === 'command' ? entry.events.map(({ id }) => id) : [])),
    )
    const waits = (entry: Entry) =>
      entry.entry === 'command' && entry.cause !== undefined && made.has(entry.cause)
    const blocked = new Set<number>()
    const next = left.find((entry) => {
      if (entry.entry === 'movement') return true
      if (!blocked.has(entry.shard) && !waits(entry)) return true
      blocked.add(entry.shard)
      return false
    })
    const chosen = next ?? left[0]
    if (!chosen) return
    yield chosen
    left = left.filter((entry) => entry !== chosen)
  }
}

/** How an entry is put out: the lines of it, given how many came before. */
type Form = (entry: Entry, before: number) => readonly string[]

function formOf({ json, ndjson }: Words['values']): Form {
  if (json === true) return (entry, before) => [`${before === 0 ? '' : ','}${JSON.stringify(entry)}`]
  return ndjson === true ? (entry) => [JSON.stringify(entry)] : linesOf
}

/** `kilat replay`. */
export const replay: Verb = async (desk, words) => {
  const choice = choiceOf(words)
  if (words.values.speed !== undefined) return watchPast(choice)(desk, words)
  const form = formOf(words.values)
  const is_list = words.values.json === true
  let found = 0
  if (is_list) desk.print('[')
  for await (const entry of lifeOf(desk, words, choice)) {
    for (const line of form(entry, found)) desk.print(line)
    found += 1
  }
  if (is_list) desk.print(']')
  desk.note(`${found} entries`)
  return found > 0
}
