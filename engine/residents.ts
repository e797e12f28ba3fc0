import type { Behaviour } from '../protocols/actor.ts'
import { checkState, unpackState } from '../protocols/codec.ts'
import type { Policy } from '../protocols/policy.ts'
import { Activation, keyOf } from './activation.ts'
import type { Env } from './env.ts'
import type { Grid } from './grid.ts'
import { type ActorRow, Fault, type Snapshots } from './ports.ts'
import type { Refolding } from './refold.ts'
import { aboutActor } from './shard_row.ts'

export interface ResidentsParts {
  readonly shard: number
  readonly env: Env
  readonly behaviours: ReadonlyMap<string, Behaviour>
  readonly grids: ReadonlyMap<string, Grid>
  readonly snapshots: Snapshots
  readonly refolding: Refolding
  readonly resident_max: number
  readonly policy: () => Policy
  readonly quarantine: (activation: Activation, why: string) => void
}

interface Saved {
  readonly seq: number
  readonly state: unknown
}

/** Where an actor stands whose state nobody has read yet, every search asks the actor itself. */
const every_bit = -1

/**
 * The actors of a shard that live in memory, which of them changed since the last cut, and which sleep: their newest
 * state is in the newest snapshot, from where the next message wakes them. Those that a recovery took over doze: their
 * states stay packed until somebody speaks to them or a search comes by, which most wait for longer than for the rest
 * of the shard.
 */
export class Residents {
  readonly #parts: ResidentsParts
  /** By kind, then by id: an id alone is what a lookup hashes. */
  readonly #awake = new Map<string, Map<string, Activation>>()
  readonly #dozing = new Map<string, Map<string, ActorRow>>()
  /** By key, the newest event of each: whether the row that is read back is that of the state that fell asleep. */
  readonly #asleep = new Map<string, number>()
  #dirty = new Set<Activation>()
  /** Actors that have at least one event. */
  births = 0
  /** Actors that a snapshot of the whole shard holds, and the events that they are the fold of. */
  readonly held = { actors: 0, events: 0 }
  turn = 0

  constructor(parts: ResidentsParts) {
    this.#parts = parts
    for (const kind of parts.behaviours.keys()) {
      this.#awake.set(kind, new Map())
      this.#dozing.set(kind, new Map())
    }
  }

  get size(): number {
    let size = 0
    for (const ofKind of [...this.#awake.values(), ...this.#dozing.values()]) size += ofKind.size
    return size
  }

  get has_sleepers(): boolean {
    return this.#asleep.size > 0
  }

  get dirty_size(): number {
    return this.#dirty.size
  }

  /** All who are in memory; those who dozed are unpacked for it. */
  *values(): Iterable<Activation> {
    for (const [kind, ofKind] of this.#dozing) for (const id of [...ofKind.keys()]) this.#rouse(kind, id)
    yield* this.awake()
  }

  /** Those whose states are unpacked. */
  *awake(): Iterable<Activation> {
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

  /** The actor if it is in memory, unpacked now if it dozed. */
  peek(kind: string, id: string): Activation | undefined {
    return this.#awake.get(kind)?.get(id) ?? this.#rouse(kind, id)
  }

  /**
   * Reads a sleeper back. What its row does not hold any more, or not as it fell asleep, the log does, and then the next
   * cut. Rejects with a Fault when its store does not answer; the actor sleeps on.
   */
  async wake(kind: string, id: string): Promise<Activation> {
    const { shard, snapshots, refolding } = this.#parts
    const key = keyOf(kind, id)
    const row = await snapshots.wake(shard, kind, id)
    const seq = this.#asleep.get(key)
    const intact = row !== undefined && row.seq === seq ? this.#intact(row) : undefined
    if (intact || seq === undefined) return this.#woken(kind, id, intact)
    this.#parts.env.log('error', 'a sleeper is read from the log: its row is not what was saved', {
      shard,
      key,
      seq,
      row_seq: row?.seq,
    })
    const state = await refolding.state({ kind, id, seq })
    const woken = this.#woken(kind, id, { seq, state })
    this.changed(woken)
    return woken
  }

  /** Nothing when the bytes are not what was saved. */
  #intact(row: ActorRow): Saved | undefined {
    try {
      return { seq: row.seq, state: savedState(row, this.#parts.behaviours.get(row.kind)?.initial) }
    } catch {
      return undefined
    }
  }

  /** Unless somebody else woke it meanwhile, or the shard has ended. */
  #woken(kind: string, id: string, saved: Saved | undefined): Activation {
    const now = this.peek(kind, id)
    if (now) return now
    const key = keyOf(kind, id)
    if (!saved || !this.#asleep.delete(key)) throw new Fault(`${key} sleeps here no more`, { retry: true })
    return this.#revive(kind, id, saved)
  }

  /**
   * Takes an actor over from a snapshot; a state that cannot be quarantines it. Throws a Fault when the bytes are not
   * what was saved.
   */
  restore(row: ActorRow): Activation {
    const state = savedState(row, this.#parts.behaviours.get(row.kind)?.initial)
    return this.#revive(row.kind, row.id, { seq: row.seq, state })
  }

  #revive(kind: string, id: string, { seq, state }: Saved): Activation {
    const activation = this.#create(kind, id)
    activation.state = state
    activation.seq = seq
    this.inspect(activation)
    return activation
  }

  /**
   * Takes an actor of the newest cut over: packed as it is, standing where it stood; asleep where there is no room.
   * Throws a Fault when the bytes are not what was saved.
   */
  takeOver(row: ActorRow): void {
    read(row, checkState)
    const { kind, id, seq, latitude, longitude } = row
    if (this.full) return void this.#asleep.set(keyOf(kind, id), seq)
    this.#dozing.get(kind)?.set(id, row)
    if (latitude === undefined || longitude === undefined) return
    this.#parts.grids.get(kind)?.place(id, latitude, longitude, every_bit)
  }

  /** Quarantines an actor whose state cannot be. */
  inspect(activation: Activation): void {
    if (activation.quarantined !== undefined || activation.seq === 0) return
    const why = activation.behaviour.invariant(activation.state)
    if (why !== undefined) this.#parts.quarantine(activation, `invariant: ${why}`)
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
    const dozed = this.#sleepFromDozing(excess)
    const idle = [...this.awake()].filter((each) => this.#maySleep(each) && !mayHold(each))
    idle.sort((a, b) => a.used - b.used)
    const tired = idle.slice(0, excess - dozed)
    for (const activation of tired) this.#sleep(activation)
    return dozed + tired.length
  }

  /** Who dozes is in the newest snapshot as it is, and was spoken to by nobody. */
  #sleepFromDozing(excess: number): number {
    let count = 0
    for (const ofKind of this.#dozing.values())
      for (const [id, { kind, seq, latitude }] of ofKind) {
        if (count === excess) return count
        if (latitude !== undefined) continue
        ofKind.delete(id)
        this.#asleep.set(keyOf(kind, id), seq)
        count += 1
      }
    return count
  }

  #rouse(kind: string, id: string): Activation | undefined {
    const dozing = this.#dozing.get(kind)
    const row = dozing?.get(id)
    if (!row) return undefined
    dozing?.delete(id)
    return this.restore(row)
  }

  /** Leaves nothing of this shard behind in the thread's grids. */
  clear(): void {
    for (const [kind, grid] of this.#parts.grids)
      for (const ofKind of [this.#awake.get(kind), this.#dozing.get(kind)])
        for (const id of ofKind?.keys() ?? []) grid.remove(id)
    for (const ofKind of [...this.#awake.values(), ...this.#dozing.values()]) ofKind.clear()
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
    if (activation.seq > 0) this.#asleep.set(activation.key, activation.seq)
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

/** The state that a snapshot holds of an actor. Throws a Fault when it is not what was saved. */
export const savedState = (row: ActorRow, initial: unknown): unknown => grown(initial, read(row, unpackState))

/** A state that was saved by an older program has, in the fields that are new since, what every actor starts with. */
function grown(initial: unknown, saved: unknown): unknown {
  if (typeof initial !== 'object' || initial === null || typeof saved !== 'object' || saved === null)
    return saved
  for (const field in initial) if (!(field in saved)) return { ...initial, ...saved }
  return saved
}
