/** An actor as it was at a moment: `kilat state` and `kilat diff`. */
import { isDeepStrictEqual } from 'node:util'
import { Fold } from '../../engine/fold.ts'
import { stateHash } from '../../engine/hash.ts'
import { walk } from '../../engine/log_walk.ts'
import { type EventRecord, isClaim } from '../../protocols/frame.ts'
import { shardOf } from '../../protocols/shard.ts'
import { type Desk, Mistake, Misuse, timeOf, type Verb, type Words, wholeOf } from './desk.ts'
import { Progress } from './progress.ts'

/** The last thing that counts: everything up to this time, or up to this frame of the actor's shard. */
interface Moment {
  readonly at_ms: number
  readonly frame: number
}

export interface Snap {
  readonly kind: string
  readonly id: string
  readonly shard: number
  /** The frame, and the time, of the newest event that counts. */
  readonly frame: number
  readonly at: string
  readonly seq: number
  readonly hash: string
  readonly state: unknown
  readonly view: unknown
}

const unborn = { seq: 0, frame: 0, at: '' }

function momentOf(words: Words, time: string, frame: string): Moment {
  const [at_ms, n] = [timeOf(words, time), wholeOf(words, frame)]
  if (at_ms !== undefined && n !== undefined) throw new Misuse(`--${time} or --${frame}, not both`)
  return { at_ms: at_ms ?? Number.POSITIVE_INFINITY, frame: n ?? Number.POSITIVE_INFINITY }
}

interface Subject {
  readonly kind: string
  readonly id: string
  readonly shard: number
}

/** Takes an actor's state at each of the moments, which are in order, while its events go by. */
class Camera {
  readonly snaps: Snap[] = []
  readonly #fold: Fold
  readonly #moments: readonly Moment[]
  readonly #of: Subject
  #last = { n: 0, at_ms: 0 }

  constructor(desk: Desk, of: Subject, moments: readonly Moment[]) {
    this.#fold = new Fold(desk.behaviours)
    this.#of = of
    this.#moments = moments
  }

  get done(): boolean {
    return this.snaps.length === this.#moments.length
  }

  see(event: EventRecord, n: number): void {
    this.#snap((moment) => event.at_ms > moment.at_ms || n > moment.frame)
    if (event.kind !== this.#of.kind || event.id !== this.#of.id) return
    this.#fold.take(event)
    this.#last = { n, at_ms: event.at_ms }
  }

  end(): void {
    this.#snap(() => true)
  }

  #snap(isOver: (moment: Moment) => boolean): void {
    for (let next = this.#moments[this.snaps.length]; next; next = this.#moments[this.snaps.length]) {
      if (!isOver(next)) return
      const { kind, id, shard } = this.#of
      this.snaps.push(snapOf(this.#fold, kind, id, shard, this.#last))
    }
  }
}

/** The actor at each of the moments, in one reading of its shard. */
async function snapsAt(
  desk: Desk,
  kind: string,
  id: string,
  moments: readonly Moment[],
): Promise<readonly Snap[]> {
  if (!desk.behaviours.some(({ name }) => name === kind))
    throw new Misuse(
      `no actor is called ${kind}: it is ${desk.behaviours.map(({ name }) => name).join(', ')}`,
    )
  const { journal, shards } = await desk.log()
  const shard = shardOf(id, shards)
  const camera = new Camera(desk, { kind, id, shard }, moments)
  const progress = new Progress(desk, `shard ${shard}`)
  const until = (await journal.last(shard))?.seq ?? 0
  for await (const { record } of walk(journal, shard, until, { without_bodies: true })) {
    if (isClaim(record)) continue
    progress.add(record.events.length)
    for (const event of record.events) camera.see(event, record.n)
    if (camera.done) break
  }
  camera.end()
  return camera.snaps
}

function snapOf(
  fold: Fold,
  kind: string,
  id: string,
  shard: number,
  last: { readonly n: number; readonly at_ms: number },
): Snap {
  const actor = fold.find(kind, id)
  if (!actor) return { kind, id, shard, ...unborn, hash: '', state: null, view: null }
  return {
    kind,
    id,
    shard,
    frame: last.n,
    at: new Date(last.at_ms).toISOString(),
    seq: actor.seq,
    hash: stateHash(actor.state),
    state: actor.state,
    view: fold.view(kind, id),
  }
}

/** `kilat state KIND ID`. */
export const state: Verb = async (desk, words) => {
  const [kind = '', id = ''] = words.positionals
  const [snap] = await snapsAt(desk, kind, id, [momentOf(words, 'at', 'frame')])
  if (!snap || snap.seq === 0) throw new Mistake(`there was no ${kind} ${id} by then`)
  if (words.values.json === true) desk.print(JSON.stringify(snap))
  else {
    desk.print(`${kind} ${id}: event ${snap.seq}, frame ${snap.frame} of shard ${snap.shard}, ${snap.at}`)
    desk.print(`hash ${snap.hash}`)
    desk.print(JSON.stringify(snap.state, null, 2))
  }
  return true
}

export interface Change {
  /** Names of fields from the outside in, by dots. */
  readonly field: string
  readonly before: unknown
  readonly after: unknown
}

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What differs between two plain values, down to the fields that do; lists are compared whole. */
export function changesOf(before: unknown, after: unknown, field = ''): readonly Change[] {
  if (isDeepStrictEqual(before, after)) return []
  if (!isPlain(before) || !isPlain(after)) return [{ field, before: before ?? null, after: after ?? null }]
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return names.flatMap((name) =>
    changesOf(before[name], after[name], field === '' ? name : `${field}.${name}`),
  )
}

/** `kilat diff KIND ID`. */
export const diff: Verb = async (desk, words) => {
  const [kind = '', id = ''] = words.positionals
  const from = momentOf(words, 'from', 'from-frame')
  const to = momentOf(words, 'to', 'to-frame')
  if (from.at_ms === Number.POSITIVE_INFINITY && from.frame === Number.POSITIVE_INFINITY)
    throw new Misuse('it wants --from or --from-frame')
  if (from.at_ms > to.at_ms || from.frame > to.frame) throw new Misuse('it ends before it begins')
  const [before, after] = await snapsAt(desk, kind, id, [from, to])
  if (!before || !after || after.seq === 0) throw new Mistake(`there was no ${kind} ${id} by then`)
  const changes = changesOf(before.state, after.state)
  if (words.values.json === true) desk.print(JSON.stringify({ before, after, changes }))
  else {
    desk.print(`${kind} ${id}: event ${before.seq} to ${after.seq}, frame ${before.frame} to ${after.frame}`)
    for (const change of changes)
      desk.print(`  ${change.field}: ${JSON.stringify(change.before)} -> ${JSON.stringify(change.after)}`)
    if (changes.length === 0) desk.print('  nothing became otherwise')
  }
  return true
}
