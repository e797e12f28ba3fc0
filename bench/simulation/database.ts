/** PostgreSQL as the engine meets it: snapshots, lists and keys of people across a network, down at times, and now and then with a cut that lies. */
import { MemoryProjections } from '../../engine/memory_projections.ts'
import { MemorySnapshots } from '../../engine/memory_snapshots.ts'
import type { ActorRow, Cut, CutHead, Projections, Snapshots } from '../../engine/ports.ts'
import { MemoryPersonKeys } from '../../gateways/vault/memory_person_keys.ts'
import type { BookingFilter, Lists } from '../../protocols/lists.ts'
import type { PersonKeys } from '../../protocols/person_keys.ts'
import type { Random } from '../city/random.ts'
import type { Auditor } from './auditor.ts'
import { Listed } from './listed.ts'
import { ask, type Caller, distances, type Place } from './network.ts'
import type { Life } from './timeline.ts'

const timeout_ms = 5_000

export class Database {
  readonly snapshots: Snapshots
  readonly projections = new MemoryProjections()
  readonly #listed = new Listed(this.projections)
  readonly #keys = new MemoryPersonKeys()
  /** How likely a look at the cuts finds the newest one to be another writer's, and a row to be torn. */
  lies = 0
  down = false
  /** How likely a cut is stuck on its way for longer than anybody waits for it. */
  stuck = 0
  readonly #place: Place
  readonly #slow: Place
  readonly #random: Random
  readonly #auditor: Auditor

  constructor(life: Life, random: Random, auditor: Auditor, snapshots: Snapshots = new MemorySnapshots()) {
    this.snapshots = snapshots
    this.#random = random
    this.#auditor = auditor
    this.#place = { life, distance: distances.database, timeout_ms, isAway: () => this.down }
    this.#slow = { ...this.#place, distance: { least_ms: 3_000, most_ms: 12_000 } }
  }

  /** The stores as one thread reaches them. */
  open(caller: Caller): { readonly snapshots: Snapshots; readonly projections: Projections } {
    const to = <Value>(act: () => Promise<Value>) => ask(caller, this.#place, act)
    const { snapshots, projections } = this
    return {
      snapshots: {
        save: (cut) =>
          ask(caller, this.#random.chance(this.stuck) ? this.#slow : this.#place, async () => {
            await snapshots.save(cut)
            this.#auditor.saved(cut)
            if (this.#random.chance(this.lies / 4)) await snapshots.save(falsified(cut, this.#random))
          }),
        cuts: (shard) => to(async () => this.#told(await snapshots.cuts(shard))),
        load: (shard, n) => this.#loaded(to(() => all(snapshots.load(shard, n)))),
        wake: (shard, kind, id) => to(() => snapshots.wake(shard, kind, id)),
        drop: (cut) => to(() => snapshots.drop(cut)),
      },
      projections: {
        watermark: (shard) => to(() => projections.watermark(shard)),
        project: (frames) => to(() => projections.project(frames)),
      },
    }
  }

  /** The list of bookings as one thread asks for it. */
  listsFor(caller: Caller): Pick<Lists, 'bookings'> {
    return {
      bookings: (filter: BookingFilter) => ask(caller, this.#place, () => this.#listed.bookings(filter)),
    }
  }

  /** The keys of people as one thread reaches them. */
  keysFor(caller: Caller): PersonKeys {
    const keys = this.#keys
    const to = <Value>(act: () => Promise<Value>) => ask(caller, this.#place, act)
    return {
      find: (ids) => to(() => keys.find(ids)),
      keep: (id, wrapped) => to(() => keys.keep(id, wrapped)),
      rewrap: (id, old, wrapped) => to(() => keys.rewrap(id, old, wrapped)),
      erase: (id, now_ms) => to(() => keys.erase(id, now_ms)),
      erasedSince: (since_ms, max) => to(() => keys.erasedSince(since_ms, max)),
      page: (after_id, limit) => to(() => keys.page(after_id, limit)),
    }
  }

  /** Keeps a row. */
  keep(caller: Caller, act: () => void): Promise<void> {
    return ask(caller, this.#place, act)
  }

  /** A cut that lies names an epoch in which its frame was never written. */
  #told(cuts: readonly CutHead[]): readonly CutHead[] {
    const [newest, ...older] = cuts
    if (!newest || !this.#random.chance(this.lies)) return cuts
    return [{ ...newest, epoch: newest.epoch + 1_000 }, ...older]
  }

  async *#loaded(coming: Promise<readonly ActorRow[]>): AsyncIterable<readonly ActorRow[]> {
    const rows = await coming
    const torn = this.#random.chance(this.lies / 4)
    yield torn ? rows.map((row) => ({ ...row, state: row.state.subarray(0, row.state.length >> 1) })) : rows
  }
}

/** A cut of a frame, or of an epoch, that never was: it would keep every true one out. */
const falsified = (cut: Cut, random: Random): Cut =>
  random.chance(0.5) ? { ...cut, n: cut.n + far, actors: [] } : { ...cut, epoch: cut.epoch + far }
const far = 1_000

async function all(batches: AsyncIterable<readonly ActorRow[]>): Promise<readonly ActorRow[]> {
  const rows: ActorRow[] = []
  for await (const batch of batches) rows.push(...batch)
  return rows
}
