/**
 * One simulated stream: what it takes, refuses and keeps, as nats-server 2.15 does. A stream of one replica judges a
 * message when it stores it; a replicated one judges it when it proposes it, while earlier ones are still on their way.
 */
import type { Env } from '../../engine/env.ts'
import { Batches } from './jetstream_batches.ts'
import { Ids } from './jetstream_ids.ts'
import { type Stored, StreamLog, sizeOf } from './jetstream_log.ts'
import {
  fieldOf,
  jsonReply,
  type Packet,
  type Refusal,
  type Reply,
  refusals,
  textReply,
} from './jetstream_wire.ts'

/** The fields of a stream's configuration that the model minds; durations in nanoseconds, -1 for no bound. */
export interface StreamConfig {
  readonly name: string
  readonly subjects: readonly string[]
  readonly num_replicas: number
  readonly discard: 'old' | 'new'
  readonly max_bytes: number
  readonly max_msgs: number
  readonly max_msg_size: number
  readonly max_age: number
  readonly duplicate_window: number
  readonly allow_atomic?: boolean
  readonly allow_direct?: boolean
  readonly deny_delete?: boolean
  readonly deny_purge?: boolean
  readonly persist_mode?: 'default' | 'async'
}

/** What chance decides about a stream. */
export interface StreamChance {
  /** How long the next message takes to the disk (and to the other replicas). */
  commit_ms(): number
  /** Uniform in [0, 1). */
  chance(): number
}

export type Answer = (reply: Reply) => void

/** What has been looked at and is not stored yet. */
interface Staged {
  readonly ids: Set<string>
  readonly expected: Map<string, number>
  readonly subjects: Map<string, Sum>
}

interface Sum {
  count: number
  bytes: number
}

interface Job {
  readonly run: () => void
  readonly cancel: () => void
}

type Judged = { readonly refusal: Refusal } | { readonly duplicate: number } | undefined

/** `Nats-Expected-…`: anything but digits is a number that no sequence is. */
const sequence = (text: string) => (/^\d+$/.test(text) ? Number(text) : -1)
const async_loss_ms = 1_000
const block_bytes_max = 65_535
const staged = (): Staged => ({ ids: new Set(), expected: new Map(), subjects: new Map() })

export class SimStream {
  config: StreamConfig
  readonly log = new StreamLog()
  /** Full from now on, whatever the configuration says. */
  full = false
  /** The server refuses messages for want of memory or disk. */
  exhausted = false
  readonly #env: Env
  readonly #chance: StreamChance
  readonly #ids: Ids
  readonly #batches: Batches
  readonly #in_flight = new Map<string, Sum>()
  readonly #expecting = new Set<string>()
  #jobs: Job[] = []
  #busy_until_ms = 0
  #mute = false

  constructor(config: StreamConfig, env: Env, chance: StreamChance) {
    this.config = config
    this.#env = env
    this.#chance = chance
    this.#ids = new Ids(() => ({ now_ms: env.now_ms(), window_ms: this.config.duplicate_window / 1_000_000 }))
    this.#batches = new Batches(env)
  }

  get replicated(): boolean {
    return this.config.num_replicas > 1
  }

  receive(packet: Packet, answer: Answer): void {
    const say: Answer = (reply) => {
      if (!this.#mute) answer(reply)
    }
    if (this.replicated) this.#handle(packet, say)
    else this.#enqueue(() => this.#handle(packet, say))
  }

  /** The leader dies, or the only server: of what was under way a part is kept, unacked; the rest is as if never sent. */
  fail(): void {
    this.#mute = true
    const jobs = this.#jobs
    const kept = Math.floor(this.#chance.chance() * (jobs.length + 1))
    for (const [index, { run, cancel }] of jobs.entries()) {
      cancel()
      if (index < kept) run()
    }
    this.#mute = false
    this.#jobs = []
    this.#busy_until_ms = 0
    this.#in_flight.clear()
    this.#expecting.clear()
    this.#batches.clear()
    this.#ids.forgetPending()
    if (this.config.persist_mode === 'async') this.#loseTail()
  }

  /** Takes away what has grown too old. */
  expire(): void {
    const { max_age } = this.config
    if (max_age <= 0) return
    const until_ms = this.#env.now_ms() - max_age / 1_000_000
    for (let first = this.log.get(this.log.first_seq); first && first.at_ms <= until_ms; ) {
      this.log.dropFirst()
      first = this.log.get(this.log.first_seq)
    }
  }

  /** An ack of this stream comes before the disk: the newest messages go with the server. */
  #loseTail(): void {
    const since_ms = this.#env.now_ms() - this.#chance.chance() * async_loss_ms
    for (let last = this.log.get(this.log.last_seq); last && last.at_ms > since_ms; ) {
      this.#ids.forget(fieldOf(last.block, 'Nats-Msg-Id'))
      this.log.dropLast()
      last = this.log.get(this.log.last_seq)
    }
  }

  /** In the order of their coming, whatever order equal times are called in. */
  #enqueue(run: () => void): void {
    const now_ms = this.#env.monotonic_ms()
    const cost_ms = this.#chance.commit_ms()
    this.#busy_until_ms = this.replicated
      ? Math.max(this.#busy_until_ms, now_ms + cost_ms)
      : Math.max(this.#busy_until_ms, now_ms) + cost_ms
    const cancel = this.#env.after(this.#busy_until_ms - now_ms, () => this.#jobs.shift()?.run())
    this.#jobs.push({ run, cancel })
  }

  #handle(packet: Packet, answer: Answer): void {
    const batch_id = fieldOf(packet.block, 'Nats-Batch-Id')
    if (batch_id) this.#handleBatch(batch_id, packet, answer)
    else if (this.replicated) this.#handleOne(packet, answer, this.#judgeAll([packet]))
    else this.#handleOne(packet, answer, this.#judgeAlone(packet))
  }

  #handleOne(packet: Packet, answer: Answer, judged: Judged): void {
    if (judged && 'duplicate' in judged) {
      answer(textReply(`{"stream":"${this.config.name}","seq":${judged.duplicate},"duplicate": true}`))
      return
    }
    if (judged) this.#refuse(answer, judged.refusal)
    else if (this.replicated) this.#propose([packet], answer, '')
    else this.#store([packet], answer, '')
  }

  #handleBatch(id: string, packet: Packet, answer: Answer): void {
    if (this.#tooLarge(packet)) return this.#refuse(answer, refusals.too_large)
    if (!this.config.allow_atomic) return this.#refuse(answer, refusals.batch_disabled)
    const taken = this.#batches.take(id, packet)
    if (taken === 'more') return answer({ data: new Uint8Array() })
    if ('err_code' in taken) return this.#refuse(answer, taken)
    const judged = this.#judgeAll(taken)
    if (judged && 'duplicate' in judged) return this.#refuse(answer, refusals.batch_duplicate)
    if (judged) return this.#refuse(answer, judged.refusal)
    const tail = `,"batch":${JSON.stringify(id)},"count":${taken.length}`
    if (this.replicated) this.#propose(taken, answer, tail)
    else this.#store(taken, answer, tail)
  }

  /** One replica, one message: the expected sequence is looked at before the id. */
  #judgeAlone(packet: Packet): Judged {
    if (this.#tooLarge(packet)) return { refusal: refusals.too_large }
    const unexpected = this.#unexpected(packet, this.log.last_seq)
    if (unexpected) return { refusal: unexpected }
    const duplicate = this.#ids.get(fieldOf(packet.block, 'Nats-Msg-Id'))
    if (duplicate !== undefined) return { duplicate }
    const refusal = this.#noRoom(sumOf([packet]))
    return refusal && { refusal }
  }

  /** Replicas, or a batch: the id is looked at first, and whatever is under way counts. */
  #judgeAll(packets: readonly Packet[]): Judged {
    const diff = staged()
    for (const [index, packet] of packets.entries()) {
      if (this.#tooLarge(packet)) return { refusal: refusals.too_large }
      const judged = this.#repeated(diff, packet) ?? this.#outOfTurn(diff, packet, index)
      if (judged) return judged
      add(diff.subjects, packet)
      const refusal = this.#noRoom(total([...this.#in_flight.values(), ...diff.subjects.values()]))
      if (refusal) return { refusal }
    }
    return undefined
  }

  #repeated(diff: Staged, { block }: Packet): Judged {
    const other = fieldOf(block, 'Nats-Expected-Stream')
    if (other && other !== this.config.name) return { refusal: refusals.other_stream }
    const id = fieldOf(block, 'Nats-Msg-Id')
    if (!id) return undefined
    if (diff.ids.has(id)) return { refusal: refusals.batch_duplicate }
    const known = this.#ids.get(id)
    if (known === 0) return { refusal: refusals.id_in_process }
    if (known !== undefined) return { duplicate: known }
    diff.ids.add(id)
    return undefined
  }

  #outOfTurn(diff: Staged, packet: Packet, index: number): Judged {
    const reached = this.log.last_seq + total([...this.#in_flight.values()]).count + index
    const whole = fieldOf(packet.block, 'Nats-Expected-Last-Sequence')
    if (whole !== undefined && sequence(whole) !== reached) return { refusal: refusals.wrong_last(reached) }
    if (whole !== undefined && index > 0) return { refusal: refusals.in_process }
    const expected = fieldOf(packet.block, 'Nats-Expected-Last-Subject-Sequence')
    if (expected === undefined) return undefined
    const { subject } = packet
    if (diff.subjects.has(subject) || this.#expecting.has(subject) || this.#in_flight.has(subject))
      return { refusal: refusals.in_process }
    const last_seq = this.log.last(subject)?.seq ?? 0
    if (last_seq !== sequence(expected)) return { refusal: refusals.wrong_last(last_seq) }
    diff.expected.set(subject, last_seq)
    return undefined
  }

  #unexpected({ subject, block }: Packet, reached: number): Refusal | undefined {
    const other = fieldOf(block, 'Nats-Expected-Stream')
    if (other && other !== this.config.name) return refusals.other_stream
    const expected = fieldOf(block, 'Nats-Expected-Last-Subject-Sequence')
    const last_seq = expected === undefined ? 0 : (this.log.last(subject)?.seq ?? 0)
    if (expected !== undefined && sequence(expected) !== last_seq) return refusals.wrong_last(last_seq)
    const whole = fieldOf(block, 'Nats-Expected-Last-Sequence')
    return whole !== undefined && sequence(whole) !== reached ? refusals.wrong_last(reached) : undefined
  }

  #tooLarge({ block, data }: Packet): boolean {
    const { max_msg_size } = this.config
    const head = block?.length ?? 0
    return head > block_bytes_max || (max_msg_size >= 0 && head + data.length > max_msg_size)
  }

  #noRoom({ count, bytes }: Sum): Refusal | undefined {
    if (this.exhausted) return refusals.no_resources
    if (this.full) return refusals.full_bytes
    const { discard, max_msgs, max_bytes } = this.config
    if (discard !== 'new') return undefined
    if (max_msgs > 0 && this.log.count + count > max_msgs) return refusals.full_messages
    return max_bytes > 0 && this.log.bytes + bytes > max_bytes ? refusals.full_bytes : undefined
  }

  #propose(packets: readonly Packet[], answer: Answer, tail: string): void {
    for (const packet of packets) {
      add(this.#in_flight, packet)
      this.#ids.set(fieldOf(packet.block, 'Nats-Msg-Id'), 0)
      if (fieldOf(packet.block, 'Nats-Expected-Last-Subject-Sequence') !== undefined)
        this.#expecting.add(packet.subject)
    }
    this.#enqueue(() => {
      for (const packet of packets) {
        take(this.#in_flight, packet)
        this.#expecting.delete(packet.subject)
      }
      this.#store(packets, answer, tail)
    })
  }

  #store(packets: readonly Packet[], answer: Answer, tail: string): void {
    let seq = 0
    for (const { subject, block, data } of packets) {
      const message: Omit<Stored, 'seq'> = { subject, block, data, at_ms: this.#env.now_ms() }
      seq = this.log.append(message)
      this.#ids.set(fieldOf(block, 'Nats-Msg-Id'), seq)
    }
    const { max_msgs, max_bytes } = this.config
    while ((max_msgs > 0 && this.log.count > max_msgs) || (max_bytes > 0 && this.log.bytes > max_bytes))
      this.log.dropFirst()
    answer(textReply(`{"stream":"${this.config.name}","seq":${seq}${tail}}`))
  }

  #refuse(answer: Answer, error: Refusal): void {
    answer(jsonReply({ error, stream: this.config.name, seq: 0 }))
  }
}

const sumOf = (packets: readonly Packet[]): Sum => ({
  count: packets.length,
  bytes: packets.reduce((sum, packet) => sum + sizeOf(packet), 0),
})

const total = (sums: readonly Sum[]): Sum =>
  sums.reduce((one, other) => ({ count: one.count + other.count, bytes: one.bytes + other.bytes }), sumOf([]))

function add(sums: Map<string, Sum>, packet: Packet): void {
  const sum = sums.get(packet.subject) ?? sumOf([])
  sums.set(packet.subject, total([sum, sumOf([packet])]))
}

function take(sums: Map<string, Sum>, packet: Packet): void {
  const sum = sums.get(packet.subject)
  if (!sum) return
  const { bytes } = sumOf([packet])
  if (sum.count <= 1) sums.delete(packet.subject)
  else sums.set(packet.subject, { count: sum.count - 1, bytes: sum.bytes - bytes })
}
