/** Cuts a shard's snapshots: what a frame made of it, gathered in one moment and written in slices. */
import { packState } from '../protocols/codec.ts'
import { limits } from '../protocols/limits.ts'
import type { Activation } from './activation.ts'
import type { Tip } from './committer.ts'
import type { Env } from './env.ts'
import { type ActorRow, Fault, type Snapshots } from './ports.ts'
import type { Residents } from './residents.ts'
import { aboutActor, packRow, type ShardRow } from './shard_row.ts'

/** Actors that are packed before other work gets a turn. */
const slice = 500

/** An actor as it was at the cut; states are immutable, so holding them is enough. */
interface Kept {
  readonly activation: Activation
  readonly state: unknown
  readonly seq: number
}

interface Opened {
  readonly n: number
  readonly row: ShardRow
  readonly kept: readonly Kept[]
}

export interface SnapshotterParts {
  readonly shard: number
  readonly env: Env
  readonly snapshots: Snapshots
  readonly residents: Residents
  readonly position: (activation: Activation) => { latitude: number; longitude: number } | undefined
  /** A cut was saved: everything up to frame `n` can be read back. */
  readonly saved: (n: number) => void
  /** The store has a newer cut than this one, which can only be false unless we were deposed: how many were dropped. */
  readonly refused: () => Promise<number>
}

export class Snapshotter {
  readonly #parts: SnapshotterParts
  #events = 0
  #last_ms: number
  #opened: Opened | undefined
  #saving: Promise<void> | undefined
  #force = false
  /** How many cuts in a row could not be saved. */
  #failures = 0

  constructor(parts: SnapshotterParts) {
    this.#parts = parts
    this.#last_ms = parts.env.monotonic_ms()
  }

  /** At the sealing of frame `n`: if a cut is due, holds on to the shard as it is now. `row` is asked only then. */
  sealing(n: number, events: number, row: () => ShardRow): void {
    this.#events += events
    if (this.#opened || this.#saving || !this.#due()) return
    this.#force = false
    const kept = [...this.#parts.residents.takeDirty()].map((activation) => ({
      activation,
      state: activation.state,
      seq: activation.seq,
    }))
    this.#opened = { n, row: row(), kept }
    this.#events = 0
    this.#last_ms = this.#parts.env.monotonic_ms()
  }

  /** That frame is durable: the cut may be written. */
  durable(tip: Tip, at_ms: number): void {
    const opened = this.#opened
    if (opened?.n !== tip.n) return
    this.#opened = undefined
    this.#saving = this.#save(opened, tip, at_ms).finally(() => {
      this.#saving = undefined
    })
  }

  /** The last cut could not be saved. */
  get failing(): boolean {
    return this.#failures > 0
  }

  /** Resolves when no cut is being written. */
  async idle(): Promise<void> {
    await this.#saving
  }

  /** Takes a cut at the next frame. */
  force(): void {
    this.#force = true
  }

  /**
   * For a shard at rest, where the cut is the state after the newest frame. `tipAtRest` is asked in the moment of the
   * cut, and says nothing when a frame has been begun meanwhile: its events are in the state, and not in the log yet.
   */
  async cutNow(tipAtRest: () => Tip | undefined, at_ms: number, row: () => ShardRow): Promise<void> {
    await this.#saving
    const tip = tipAtRest()
    if (!tip || this.#parts.residents.dirty_size === 0) return
    this.force()
    this.sealing(tip.n, 0, row)
    this.durable(tip, at_ms)
    await this.#saving
  }

  /** True when a quiet shard should be cut although no frame is sealed. */
  get overdue(): boolean {
    return !this.#opened && !this.#saving && this.#parts.residents.dirty_size > 0 && this.#due()
  }

  #due(): boolean {
    const passed_ms = this.#parts.env.monotonic_ms() - this.#last_ms
    return this.#force || this.#events >= limits.snapshot_events || passed_ms >= this.#wait_ms
  }

  /** New actors are refused while a full shard cannot be saved: whatever kept a cut out may be over in a moment. */
  get #wait_ms(): number {
    const { snapshot_interval_ms, snapshot_retry_first_ms } = limits
    if (!this.failing) return snapshot_interval_ms
    return Math.min(snapshot_interval_ms, snapshot_retry_first_ms * 2 ** (this.#failures - 1))
  }

  async #save({ n, row, kept }: Opened, tip: Tip, at_ms: number): Promise<void> {
    const { shard, env, snapshots } = this.#parts
    try {
      const actors: ActorRow[] = []
      for (let start = 0; start < kept.length; start += slice) {
        for (const each of kept.slice(start, start + slice)) actors.push(this.#rowOf(each))
        await new Promise<void>((resolve) => env.soon(resolve))
      }
      const { epoch, seq: log_seq, hash } = tip.frame
      const head = { shard, epoch, n, log_seq, hash, at_ms }
      await snapshots.save({ ...head, shard_row: packRow(row, head), actors })
      this.#failures = 0
      this.#parts.saved(n)
    } catch (cause) {
      // The next cut holds these too; until then recovery replays a little more.
      this.#failures += 1
      this.#parts.residents.giveBack(kept.map(({ activation }) => activation))
      env.log('warn', 'a snapshot could not be saved', { shard, n, cause: String(cause) })
      if (cause instanceof Fault && !cause.retry) await this.#mend()
    }
  }

  async #mend(): Promise<void> {
    const { shard, env, refused } = this.#parts
    try {
      // The way is free now: the next one is not to wait for as long as those before it had to.
      if ((await refused()) > 0) this.#failures = 1
    } catch (cause) {
      env.log('warn', 'whether a snapshot is false cannot be told yet', { shard, cause: String(cause) })
    }
  }

  #rowOf({ activation, state, seq }: Kept): ActorRow {
    const { actor: kind, id } = activation.address
    const point = this.#parts.position(activation)
    return { kind, id, seq, state: packState(state, aboutActor({ kind, id, seq })), ...point }
  }
}
