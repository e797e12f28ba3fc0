// A log that is written as a shard writes it, so that a test can write one thing otherwise.
import { behaviours } from '../../actors/behaviours.ts'
import { self } from '../../actors/given.ts'
import { runningHash } from '../../engine/hash.ts'
import type { Message } from '../../protocols/actor.ts'
import { encodeRecord } from '../../protocols/codec.ts'
import type { Claim, CommandRecord, EventRecord, Frame } from '../../protocols/frame.ts'
import { Auditor } from './auditor.ts'
import { Timeline } from './timeline.ts'

export const by = { id: self, role: 'service' } as const
const shard = 0

interface Written {
  /** What happened, to the booking unless `kind` and `id` say otherwise. */
  readonly events?: readonly Message[]
  readonly kind?: string
  readonly id?: string
  readonly commands?: readonly string[]
  readonly settled?: readonly string[]
  /** What this frame has otherwise than it should. */
  readonly otherwise?: Partial<Frame>
  /** By how much the numbers of its events are wrong. */
  readonly skip?: number
}

export class GivenLog {
  readonly auditor = new Auditor(new Timeline(1), 1, behaviours)
  #seq = 0
  #n = 0
  #hash = ''
  readonly #seqs = new Map<string, number>()

  claim(otherwise: Partial<Claim> = {}): this {
    this.#write(encodeRecord({ v: 1, claim: true, shard, epoch: 1, writer: 'w', at_ms: 1, ...otherwise }))
    return this
  }

  frame({
    events = [],
    kind = 'booking',
    id = self,
    commands = [],
    settled = [],
    otherwise,
    skip = 0,
  }: Written): this {
    this.#n += 1
    const frame: Frame = {
      v: 1,
      shard,
      epoch: 1,
      writer: 'w',
      n: this.#n,
      prev_seq: this.#seq,
      prev_hash: this.#hash,
      at_ms: at_ms(this.#n),
      commands: commands.map((command) => this.#command(command)),
      events: events.map((event) => this.#record(kind, id, event, skip)),
      settled,
      ...otherwise,
    }
    this.#write(encodeRecord(frame))
    return this
  }

  /** The rules that did not hold. */
  get broken(): readonly string[] {
    return [...new Set(this.auditor.breaches.all.map(({ rule }) => rule))]
  }

  #write(bytes: Uint8Array): void {
    this.#seq += 1
    this.#hash = runningHash(this.#hash, bytes)
    this.auditor.stored(shard, { seq: this.#seq, bytes })
  }

  #record(kind: string, id: string, { type, ...data }: Message, skip: number): EventRecord {
    const key = `${kind}/${id}`
    const seq = (this.#seqs.get(key) ?? 0) + 1
    this.#seqs.set(key, seq)
    return { kind, id, seq: seq + skip, type, version: 1, by, cause: 'c', at_ms: at_ms(this.#n), data }
  }

  #command(id: string): CommandRecord {
    const to = { actor: 'booking', id: self }
    return {
      id,
      to,
      type: 'booking.note',
      body: {},
      body_hash: 0,
      by,
      policy: 1,
      at_ms: 1,
      first: 0,
      count: 0,
    }
  }
}

const first_ms = 1_790_000_000_000
const at_ms = (n: number) => first_ms + n * 1_000

/** A log that begins as every log does. */
export const log = () => new GivenLog().claim()
