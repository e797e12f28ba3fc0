import type { Address, Behaviour, Context, Self } from '../protocols/actor.ts'
import type { Answer, Envelope } from './host.ts'

/** A command that a shard has taken in, and how to answer it. `size` is the length of its body as JSON. */
export interface Work {
  readonly envelope: Envelope
  readonly body_hash: number
  readonly size: number
  readonly reply: (answer: Answer) => void
}

/** A command that was carried out, but whose answer needs a later event of the actor (`settle`). */
export interface Waiting {
  readonly work: Work
  readonly context: Context
}

const nobody: readonly Waiting[] = []

export const keyOf = (kind: string, id: string) => `${kind}/${id}`

/** One living actor: its state, what it perceives, and what waits for it. */
export class Activation implements Self {
  readonly key: string
  readonly address: Address
  readonly behaviour: Behaviour
  state: unknown
  volatile: unknown
  /** How many events made the state. */
  seq = 0
  /** The frame that holds its newest event: an answer made from its state waits for that. */
  changed_n = 0
  /** Commands of it in the shard's mailbox. */
  queued = 0
  /** The shard's turn in which it was last spoken to. */
  used = 0
  /** When a signal last reached it. */
  seen_ms = 0
  /** Why it takes no more commands: a bug broke it, its shard lives on. */
  quarantined: string | undefined = undefined
  waiting: readonly Waiting[] = nobody

  constructor(behaviour: Behaviour, id: string) {
    this.key = keyOf(behaviour.name, id)
    this.address = { actor: behaviour.name, id }
    this.behaviour = behaviour
    this.state = behaviour.initial
    this.volatile = behaviour.volatile
  }
}
