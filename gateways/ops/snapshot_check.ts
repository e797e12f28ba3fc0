import type { Chronicle } from '../../engine/chronicle.ts'
import type { Fold } from '../../engine/fold.ts'
import { stateHash } from '../../engine/hash.ts'
import { type ActorRow, type CutHead, Fault, type Snapshots } from '../../engine/ports.ts'
import { savedState } from '../../engine/residents.ts'
import { unpackRow } from '../../engine/shard_row.ts'
import type { Desk } from './desk.ts'
import type { Finding } from './finding.ts'

/** Holds each snapshot that can be loaded against the fold at its own frame. */
export class SnapshotCheck {
  readonly #desk: Desk
  readonly #snapshots: Snapshots
  readonly #cuts: Map<number, Map<number, CutHead>>
  readonly #wrong: string[] = []
  #checked = 0

  private constructor(desk: Desk, snapshots: Snapshots, cuts: Map<number, Map<number, CutHead>>) {
    this.#desk = desk
    this.#snapshots = snapshots
    this.#cuts = cuts
  }

  static async open(desk: Desk, shards: number): Promise<SnapshotCheck> {
    const snapshots = await desk.snapshots()
    const cuts = new Map<number, Map<number, CutHead>>()
    for (let shard = 0; shard < shards; shard++)
      cuts.set(shard, new Map((await snapshots.cuts(shard)).map((cut) => [cut.log_seq, cut])))
    return new SnapshotCheck(desk, snapshots, cuts)
  }

  get finding(): Finding {
    const left = [...this.#cuts.entries()].flatMap(([shard, cuts]) =>
      [...cuts.values()].map(
        ({ n }) => `shard ${shard} has a snapshot of frame ${n}, which is not in its log`,
      ),
    )
    return {
      what: 'snapshots = fold at their frame',
      checked: this.#checked,
      wrong: [...this.#wrong, ...left],
    }
  }

  /** The fold has just come to this place of the log. */
  async at(place: Omit<CutHead, 'at_ms' | 'shard_row'>, chronicle: Chronicle): Promise<void> {
    const cut = this.#cuts.get(place.shard)?.get(place.log_seq)
    if (!cut) return
    this.#cuts.get(place.shard)?.delete(place.log_seq)
    const where = `shard ${place.shard}, snapshot of frame ${cut.n}`
    if (cut.n !== place.n || cut.hash !== place.hash || cut.epoch !== place.epoch)
      this.#wrong.push(`${where}: its place in the log`)
    try {
      await this.#actors(where, cut, chronicle)
    } catch (cause) {
      // An engine that goes on forgets older snapshots: this one had gone when it was to be read.
      if (cause instanceof Fault && cause.retry) this.#desk.note(`${where} has gone meanwhile`)
      else this.#wrong.push(`${where}: ${String(cause)}`)
    }
  }

  async #actors(where: string, cut: CutHead, { fold, births }: Chronicle): Promise<void> {
    if (unpackRow(cut).births !== births) this.#wrong.push(`${where}: the number of its actors`)
    let rows = 0
    for await (const batch of this.#snapshots.load(cut.shard, cut.n))
      for (const row of batch) {
        rows += 1
        const flaw = flawOf(row, fold)
        if (flaw !== undefined) this.#wrong.push(`${where}: ${row.kind} ${row.id} ${flaw}`)
      }
    this.#checked += rows
    if (rows !== fold.size) this.#wrong.push(`${where}: ${rows} actors of ${fold.size}`)
  }
}

function flawOf(row: ActorRow, fold: Fold): string | undefined {
  const actor = fold.find(row.kind, row.id)
  if (!actor) return 'is not in the log'
  if (row.seq !== actor.seq) return `is at event ${row.seq} of ${actor.seq}`
  const saved = stateHash(savedState(row, actor.behaviour.initial))
  return saved === stateHash(actor.state) ? undefined : `differs at event ${row.seq}`
}
