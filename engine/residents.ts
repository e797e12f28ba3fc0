import type { Behaviour } from '../protocols/actor.ts'
import { checkState, unpackState } from '../protocols/codec.ts'
import type { Policy } from '../protocols/policy.ts'
import { Activation, keyOf } from './activation.ts'
import type { Env } from './env.ts'
import type { Grid } from './grid.ts'
import { type ActorRow, Fault, type Snapshots } from './ports.ts'
import { aboutActor } from './shard_row.ts'

export interface ResidentsParts {
  readonly shard: number
  readonly env: Env
  readonly behaviours: ReadonlyMap<string, Behaviour>
  readonly grids: ReadonlyMap<string, Grid>
  readonly snapshots: Snapshots
  readonly resident_max: number
  readonly policy: () => Policy
}

/**
 * The actors of a shard that live in memory, which of them changed since the last cut, and which sleep: their newest
 * state is in the newest snapshot, from where the next message wakes them.
 */
export class Residents {
  readonly #parts: ResidentsParts
  /** By kind, then by id: an id alone is what a lookup hashes. */
  readonly #awake = new Map<string, Map<string, Activation>>()
  readonly #asleep = new Set<string>()
  #dirty = new Set<Activation>()
  /** Actors that have at least one event. */
  births = 0
  /** Actors that a snapshot of the whole shard holds, and the events that they are the fold of. */
  readonly held = { actors: 0, events: 0 }
  turn = 0

  constructor(parts: ResidentsParts) {
    this.#parts = parts
    for (const kind of parts.behaviours.keys()) this.#awake.set(kind, new Map())
  }

  get size(): number {
    let size = 0
    for (const ofKind of this.#awake.values()) size += ofKind.size
    return size
  }

  get has_sleepers(): boolean {
    return this.#asleep.size > 0
  }

  get dirty_size(): number {
    return this.#dirty.size
  }

  *values(): Iterable<Activation> {
    for (const ofKind of this.#awake.values()) yield* ofKind.values()
  }

  /** The living actor, made now if nobody has heard of it; `asleep` when it must be woken first. */
  find(kind: string, id: string): Activation | 'asleep' {
    const found = this.peek(kind, id)
    if (found) {
      found.used = this.turn
      return found
    }
    if (this.has_sleepers && this.#asleep.has(keyOf(kind, id))) return 'asleep'
    return this.#create(kind, id)
  }

  /** An actor that has no event, and whom nobody waits for, is no actor: asking for ids at random fills no memory. */
  dropUnborn(activation: Activation): void {
    if (activation.seq > 0 || activation.queued > 0 || activation.waiting.length > 0) return
    if (activation.quarantined === undefined) this.#forget(activation)
  }

  /** The living actor, or one that lives only for the asker when nobody has heard of the id. */
  look(kind: string, id: string): Activation | 'asleep' {
    const found = this.peek(kind, id)
    if (found) return found
    if (this.#asleep.has(keyOf(kind, id))) return 'asleep'
    const behaviour = this.#parts.behaviours.get(kind)
    if (!behaviour) throw new Error(`no actor is called ${kind}`)
    return new Activation(behaviour, id)
  }

  peek(kind: string, id: string): Activation | undefined {
    return this.#awake.get(kind)?.get(id)
  }

  /** Reads a sleeper back. Rejects with a Fault when its store does not answer or it is not what was saved; the actor sleeps on. */
  async wake(kind: string, id: string): Promise<Activation> {
    const row = await this.#parts.snapshots.wake(this.#parts.shard, kind, id)
    const now = this.peek(kind, id)
    if (now) return now
    const woken = row ? this.restore(row) : this.#create(kind, id)
    this.#asleep.delete(keyOf(kind, id))
    return woken
  }

  /** Takes an actor over from a snapshot, in memory while there is room. Throws a Fault when it is not what was saved. */
  restore(row: ActorRow): Activation {
    const state = read(row, unpackState)
    const activation = this.#create(row.kind, row.id)
    activation.state = grown(activation.state, state)
    activation.seq = row.seq
    return activation
  }

  /** The same for one that sleeps on. */
  restoreAsleep(row: ActorRow): void {
    read(row, checkState)
    this.#asleep.add(keyOf(row.kind, row.id))
  }

  /** Far more than may be resident: so many came since the last cut, or none could be saved. */
  get crowded(): boolean {
    return this.size >= 2 * this.#parts.resident_max
  }

  get full(): boolean {
    return this.size >= this.#parts.resident_max
  }

  /** So many events more are folded into an actor that had `seq` before. */
  folded(seq: number, events: number): void {
    if (seq === 0 && events > 0) this.held.actors += 1
    this.held.events += events
  }

  /** No snapshot holds its newest event yet. */
  changed(activation: Activation): void {
    this.#dirty.add(activation)
  }

  /** Moves the actor in its kind's grid to where it says that it is. */
  placed(activation: Activation): void {
    if (!activation.behaviour.places) return
    const grid = this.#parts.grids.get(activation.behaviour.name)
    const placement = activation.behaviour.place(activation, this.#parts.policy())
    const { id } = activation.address
    if (placement) grid?.place(id, placement.latitude, placement.longitude, placement.bits)
    else grid?.remove(id)
  }

  /** The actors that changed since the last call: what the next cut holds. */
  takeDirty(): ReadonlySet<Activation> {
    const dirty = this.#dirty
    this.#dirty = new Set()
    return dirty
  }

  /** A cut failed: what it held is still to be saved. */
  giveBack(dirty: Iterable<Activation>): void {
    for (const activation of dirty) this.#dirty.add(activation)
  }

  /** Puts the least recently used to sleep while there are more than may be resident. Only a saved actor may sleep. */
  passivate(mayHold: (activation: Activation) => boolean): number {
    const excess = this.size - this.#parts.resident_max
    if (excess <= 0) return 0
    const idle = [...this.values()].filter((each) => this.#maySleep(each) && !mayHold(each))
    idle.sort((a, b) => a.used - b.used)
    for (const activation of idle.slice(0, excess)) this.#sleep(activation)
    return Math.min(excess, idle.length)
  }

  /** Leaves nothing of this shard behind in the thread's grids. */
  clear(): void {
    for (const { address, behaviour } of this.values())
      if (behaviour.places) this.#parts.grids.get(behaviour.name)?.remove(address.id)
    for (const ofKind of this.#awake.values()) ofKind.clear()
    this.#asleep.clear()
    this.#dirty.clear()
  }

  #create(kind: string, id: string): Activation {
    const behaviour = this.#parts.behaviours.get(kind)
    if (!behaviour) throw new Error(`no actor is called ${kind}`)
    const activation = new Activation(behaviour, id)
    activation.used = this.turn
    this.#awake.get(kind)?.set(id, activation)
    return activation
  }

  /** An actor that was never told anything is worth nothing: it goes without a trace. */
  #sleep(activation: Activation): void {
    this.#forget(activation)
    if (activation.seq > 0) this.#asleep.add(activation.key)
  }

  #forget({ address }: Activation): void {
    this.#awake.get(address.actor)?.delete(address.id)
  }

  #maySleep(activation: Activation): boolean {
    const busy = activation.queued > 0 || activation.waiting.length > 0 || this.#dirty.has(activation)
    const standing = activation.behaviour.places && this.#isPlaced(activation)
    return !busy && !standing && activation.quarantined === undefined
  }

  #isPlaced(activation: Activation): boolean {
    return this.#parts.grids.get(activation.behaviour.name)?.position(activation.address.id) !== undefined
  }
}

function read<Value>(row: ActorRow, how: (bytes: Uint8Array, about: string) => Value): Value {
  try {
    return how(row.state, aboutActor(row))
  } catch (cause) {
    throw new Fault(`${aboutActor(row)} cannot be read from its snapshot`, { retry: false, cause })
  }
}

/** A state that was saved by an older program has, in the fields that are new since, what every actor starts with. */
function grown(initial: unknown, saved: unknown): unknown {
  if (typeof initial !== 'object' || initial === null || typeof saved !== 'object' || saved === null)
    return saved
  for (const field in initial) if (!(field in saved)) return { ...initial, ...saved }
  return saved
}
