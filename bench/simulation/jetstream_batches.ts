/** The atomic batches that clients have begun on a simulated stream; they live in its leader's memory alone. */
import type { Env } from '../../engine/env.ts'
import { fieldOf, type Packet, type Refusal, refusals } from './jetstream_wire.ts'

interface Batch {
  readonly packets: Packet[]
  touched_ms: number
}

const batch_size_max = 1_000
const batches_max = 50
const abandoned_ms = 10_000
const id_chars_max = 64

export class Batches {
  readonly #env: Env
  readonly #begun = new Map<string, Batch>()

  constructor(env: Env) {
    this.#env = env
  }

  /** One message of a batch: `more` are to come, all of them at the commit, or a refusal, after which the batch is gone. */
  take(id: string, packet: Packet): readonly Packet[] | 'more' | Refusal {
    this.#abandon()
    if (id.length > id_chars_max) return refusals.batch_id
    const number = fieldOf(packet.block, 'Nats-Batch-Sequence')
    if (!number) return refusals.batch_unnumbered
    const commit = fieldOf(packet.block, 'Nats-Batch-Commit')
    const batch = this.#find(id, Number(number))
    if ('err_code' in batch) return batch
    const refusal = misfit(batch, Number(number), commit)
    if (refusal) {
      this.#begun.delete(id)
      return refusal
    }
    batch.packets.push(packet)
    batch.touched_ms = this.#env.monotonic_ms()
    if (commit === undefined) return 'more'
    this.#begun.delete(id)
    return batch.packets
  }

  clear(): void {
    this.#begun.clear()
  }

  #find(id: string, number: number): Batch | Refusal {
    const begun = this.#begun.get(id)
    if (begun) return begun
    if (number > batch_size_max) return refusals.batch_too_large(batch_size_max)
    if (number !== 1) return refusals.batch_incomplete
    if (this.#begun.size >= batches_max) return refusals.batches_in_flight
    const batch = { packets: [], touched_ms: 0 }
    this.#begun.set(id, batch)
    return batch
  }

  #abandon(): void {
    const before_ms = this.#env.monotonic_ms() - abandoned_ms
    for (const [id, { touched_ms }] of [...this.#begun]) if (touched_ms <= before_ms) this.#begun.delete(id)
  }
}

function misfit({ packets }: Batch, number: number, commit: string | undefined): Refusal | undefined {
  if (commit !== undefined && commit !== '1') return refusals.batch_commit
  if (packets.length + 1 !== number) return refusals.batch_incomplete
  return number > batch_size_max ? refusals.batch_too_large(batch_size_max) : undefined
}
