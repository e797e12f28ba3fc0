/** Sleepers from the log alone: for those whose row in the snapshots is gone, or is not what was saved. */
import type { Behaviour } from '../protocols/actor.ts'
import { decodeRecord } from '../protocols/codec.ts'
import { type EventRecord, isClaim } from '../protocols/frame.ts'
import { lift } from '../protocols/upcast.ts'
import { Fault, type Journal } from './ports.ts'

export interface RefoldingParts {
  readonly shard: number
  readonly journal: Journal
  readonly behaviours: ReadonlyMap<string, Behaviour>
}

interface Wanted {
  readonly kind: string
  readonly id: string
  /** The newest event that counts. */
  readonly seq: number
}

/** Reads the shard's log from its beginning for each actor that is asked for, one at a time: it is to be seldom, not fast. */
export class Refolding {
  readonly #parts: RefoldingParts
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: RefoldingParts) {
    this.#parts = parts
  }

  /** The state after event `seq`. Rejects with a Fault when the log does not answer, or does not have all events up to there. */
  state(wanted: Wanted): Promise<unknown> {
    const state = this.#turn
      .then(() => folded(this.#parts, wanted))
      .catch((cause: unknown) => {
        throw cause instanceof Fault ? cause : unreadable(wanted, cause)
      })
    this.#turn = state.catch(() => undefined)
    return state
  }
}

async function folded({ shard, journal, behaviours }: RefoldingParts, wanted: Wanted): Promise<unknown> {
  const behaviour = behaviours.get(wanted.kind)
  if (!behaviour) throw new Error(`no actor is called ${wanted.kind}`)
  let [state, reached] = [behaviour.initial, 0]
  const last = await journal.last(shard)
  for await (const { bytes } of journal.read(shard, 0, last?.seq ?? 0))
    for (const raw of eventsOf(wanted, bytes)) {
      if (raw.seq !== reached + 1) throw missing(wanted, reached)
      const { id, type, data, by, at_ms } = lift(raw)
      state = behaviour.evolve(state, { ...data, type }, { id, by, at_ms })
      reached = raw.seq
      if (reached === wanted.seq) return state
    }
  throw missing(wanted, reached)
}

/** Those of the actor in a record of the log. */
function eventsOf({ kind, id }: Wanted, bytes: Uint8Array): readonly EventRecord[] {
  const record = decodeRecord(bytes, true)
  return isClaim(record) ? [] : record.events.filter((event) => event.kind === kind && event.id === id)
}

const unreadable = ({ kind, id }: Wanted, cause: unknown) =>
  new Fault(`${kind} ${id} cannot be read from the log`, { retry: false, cause })

const missing = ({ kind, id, seq }: Wanted, reached: number) =>
  new Fault(`the log has ${kind} ${id} up to event ${reached} of ${seq}`, { retry: false })
