import type { Fold, Folded } from '../../engine/fold.ts'
import { stateHash } from '../../engine/hash.ts'
import { decodeRecord } from '../../protocols/codec.ts'
import { type EventRecord, isClaim } from '../../protocols/frame.ts'
import { limits } from '../../protocols/limits.ts'
import type { Desk, Living, Log } from './desk.ts'
import type { Finding } from './finding.ts'
import { Progress } from './progress.ts'

/** One shard of the log, read up to where it ended when the reading began. */
export interface ReadShard {
  readonly fold: Fold
  readonly tip_seq: number
  readonly n: number
}

interface Told {
  readonly seq: number
  readonly hash: string
}

/**
 * The digests of a running engine against the fold. It goes on meanwhile: an actor that is ahead of the reading is held
 * against the fold at the very event that its digest rests on.
 */
export class LivingCheck {
  readonly #desk: Desk
  readonly #log: Log
  readonly #shards: readonly ReadShard[]
  readonly #wrong: string[] = []
  /** By the name of the actor, of each shard. */
  readonly #ahead: readonly Map<string, Told>[]

  constructor(desk: Desk, log: Log, shards: readonly ReadShard[]) {
    this.#desk = desk
    this.#log = log
    this.#shards = shards
    this.#ahead = shards.map(() => new Map())
  }

  async finding(living: Living): Promise<Finding> {
    const progress = new Progress(this.#desk, 'living actors')
    for (const [shard, { fold }] of this.#shards.entries()) {
      const actors = [...fold.actors()]
      for (let start = 0; start < actors.length; start += limits.digests_max) {
        const part = actors.slice(start, start + limits.digests_max)
        const told = await living(part)
        for (const [index, actor] of part.entries()) this.#hold(shard, actor, told[index])
        progress.add(part.length)
      }
      await this.#goOn(shard)
    }
    return {
      what: 'living state = fold',
      checked: progress.events,
      wrong: this.#wrong.slice(0, limits.findings_max),
    }
  }

  #hold(shard: number, actor: Folded, told: Told | undefined): void {
    const name = `${actor.kind} ${actor.id}`
    if (!told) this.#wrong.push(`nothing is told of ${name}`)
    else if (told.seq > actor.seq) this.#ahead[shard]?.set(name, told)
    else if (told.seq < actor.seq) this.#wrong.push(`${name} lives at event ${told.seq} of ${actor.seq}`)
    else if (told.hash !== stateHash(actor.state)) this.#wrong.push(`${name} differs at event ${actor.seq}`)
  }

  /** Reads on behind the cut, as far as somebody is ahead: what the engine told is durable. */
  async #goOn(shard: number): Promise<void> {
    const [ahead, read] = [this.#ahead[shard], this.#shards[shard]]
    if (!ahead || !read || ahead.size === 0) return
    const { journal } = this.#log
    const until = (await journal.last(shard))?.seq ?? 0
    for await (const { bytes } of journal.read(shard, read.tip_seq, until)) {
      const record = decodeRecord(bytes, true)
      if (!isClaim(record)) for (const event of record.events) this.#meet(read.fold, event, ahead)
    }
    for (const name of ahead.keys()) this.#wrong.push(`${name} is ahead of the log`)
  }

  #meet(fold: Fold, event: EventRecord, ahead: Map<string, Told>): void {
    const actor = fold.take(event)
    const name = `${event.kind} ${event.id}`
    const told = ahead.get(name)
    if (!actor || told?.seq !== actor.seq) return
    if (told.hash !== stateHash(actor.state)) this.#wrong.push(`${name} differs at event ${actor.seq}`)
    ahead.delete(name)
  }
}
