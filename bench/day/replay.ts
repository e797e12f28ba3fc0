import { behaviours } from '../../actors/behaviours.ts'
import { Fold } from '../../engine/fold.ts'
import { stateHash } from '../../engine/hash.ts'
import { tipsOf, walk } from '../../engine/log_walk.ts'
import type { Journal } from '../../engine/ports.ts'
import { type EventRecord, isClaim } from '../../protocols/frame.ts'
import { shards } from '../thread.ts'
import type { Town } from './town.ts'

export interface Replayed {
  readonly frames: number
  readonly events: number
  readonly actors: number
  /** Actors whose hash is another one the second time. */
  readonly differing: number
  /** Actors that live otherwise than their events say. */
  readonly not_living: number
  /** Breaches of the log's own rules. */
  readonly broken: number
  /** Of all hashes, in the order of the actors' names. */
  readonly hash: string
  readonly events_per_second: number
}

/** Every event of a town's journal, shard by shard. */
export async function* eventsOf(journal: Journal): AsyncGenerator<EventRecord> {
  for (const [shard, tip] of (await tipsOf(journal, shards)).entries())
    for await (const { record } of walk(journal, shard, tip)) if (!isClaim(record)) yield* record.events
}

async function fold(journal: Journal) {
  const began_ms = performance.now()
  const folded = new Fold(behaviours)
  const broken: string[] = []
  let frames = 0
  for (const [shard, tip] of (await tipsOf(journal, shards)).entries())
    for await (const { record, wrong } of walk(journal, shard, tip, { without_bodies: true })) {
      broken.push(...wrong)
      if (isClaim(record)) continue
      frames += 1
      for (const event of record.events) folded.take(event)
    }
  const seconds = (performance.now() - began_ms) / 1_000
  return { folded, frames, broken: [...broken, ...folded.broken], seconds }
}

const hashesOf = (folded: Fold): ReadonlyMap<string, string> =>
  new Map(
    [...folded.actors()]
      .map(({ kind, id, state }): [string, string] => [`${kind} ${id}`, stateHash(state)])
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  )

/** Folds the town's journal two times, each from the bytes, and holds both and the living actors against each other. */
export async function replayTwice({ journal, thread }: Town): Promise<Replayed> {
  const [first, second] = [await fold(journal), await fold(journal)]
  const [hashes, again] = [hashesOf(first.folded), hashesOf(second.folded)]
  const living = thread.owned.flatMap(({ residents }) => [...residents.values()]).filter(({ seq }) => seq > 0)
  const not_living = living.filter(
    ({ address, state }) => hashes.get(`${address.actor} ${address.id}`) !== stateHash(state),
  )
  return {
    frames: first.frames,
    events: first.folded.events,
    actors: hashes.size,
    differing:
      [...hashes].filter(([name, hash]) => again.get(name) !== hash).length +
      Math.abs(again.size - hashes.size),
    not_living: not_living.length + Math.abs(living.length - hashes.size),
    broken: first.broken.length,
    hash: stateHash([...hashes]),
    events_per_second: Math.round(first.folded.events / first.seconds),
  }
}
