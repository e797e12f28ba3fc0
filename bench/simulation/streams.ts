/** NATS as the engine meets it: production's drivers over the simulated server, in this world's weather. */
import type { Env } from '../../engine/env.ts'
import type { Journal, Topics } from '../../engine/ports.ts'
import { openJournal } from '../../persistence/journal.ts'
import { ensureStreams } from '../../persistence/streams.ts'
import { type OpenTopics, openTopics } from '../../persistence/topics.ts'
import type { Random } from '../city/random.ts'
import type { Auditor } from './auditor.ts'
import { type Copy, SimJetStream } from './jetstream.ts'
import type { SimLink } from './jetstream_link.ts'
import type { StreamLog } from './jetstream_log.ts'
import { fieldOf } from './jetstream_wire.ts'
import { distances, type Network } from './network.ts'
import type { Plan } from './plan.ts'
import type { Life } from './timeline.ts'
import type { VirtualEnv } from './virtual_env.ts'

const again_ms = 300

/** What a connection holds: replies that it waits for, and reports that are not acked yet. */
export interface Held {
  readonly inboxes: number
  readonly reports: number
}

export class Streams {
  readonly nats: SimJetStream
  readonly #plan: Plan
  readonly #auditor: Auditor
  readonly #links = new Map<Life, SimLink>()
  readonly #topics = new Map<Life, OpenTopics>()
  readonly #made: Promise<void>
  #journal: StreamLog | undefined
  #seen = 0

  constructor(plan: Plan, env: Env, network: Network, random: Random, auditor: Auditor) {
    this.#plan = plan
    this.#auditor = auditor
    this.nats = new SimJetStream({
      env,
      weather: {
        copies: () => copiesIn(network, random),
        commit_ms: () => random.between(0.2, 1.5),
        lag_ms: () => (network.weather.reorder_ms > 0 ? random.between(0, 20) : 0),
        chance: () => random.next(),
      },
    })
    this.#made = this.#make(env)
  }

  /** The drivers of one thread, once the server lets it in. */
  async open(env: VirtualEnv): Promise<{ readonly journal: Journal; readonly topics: Topics }> {
    const link = this.nats.connect(`life ${env.life.number}`, env)
    this.#links.set(env.life, link)
    await this.#made
    const journal = await insistent(env, () => openJournal(link))
    const topics = await openTopics(link, env)
    this.#topics.set(env.life, topics)
    return { journal, topics }
  }

  /** What the connection of a thread holds. */
  held(life: Life): Held {
    const inboxes = this.#links.get(life)?.inboxes ?? 0
    return { inboxes, reports: this.#topics.get(life)?.stats().reports_waiting ?? 0 }
  }

  /** A thread is gone, and its connection with it. */
  gone(life: Life): void {
    this.#links.get(life)?.close()
    this.#links.delete(life)
    this.#topics.delete(life)
  }

  partition(life: Life, ms: number): void {
    const link = this.#links.get(life)
    if (link) this.nats.partition(link, ms)
  }

  /** A cluster elects another leader; a single server is started again. */
  loseLeader(ms: number): void {
    if (this.#plan.replicas > 1) return this.nats.loseLeader(ms / 2, ms)
    this.nats.crash()
  }

  heal(): void {
    this.fill(false)
    this.nats.heal()
  }

  /** The log takes nothing more: its disk is full, or its limit is reached. */
  fill(full: boolean): void {
    if (this.#journal) this.nats.stream('EV0').full = full
  }

  /** Shows the auditor what the journal has stored since the last look. */
  look(): void {
    const log = this.#journal
    if (!log || log.last_seq === this.#seen) return
    for (let stored = log.get(this.#seen + 1); stored; stored = log.get(this.#seen + 1)) {
      this.#seen = stored.seq
      this.#auditor.stored(Number(stored.subject.slice('ev.'.length)), {
        seq: stored.seq,
        bytes: stored.data,
      })
    }
  }

  /** Ids and subjects of a topic's messages, in the order in which its readers get them. */
  messagesOf(stream: string): readonly string[] {
    return this.nats
      .stream(stream)
      .log.all()
      .map(({ block, subject }) => `${fieldOf(block, 'Nats-Msg-Id') ?? ''} ${subject}`)
  }

  async #make(env: Env): Promise<void> {
    const link = this.nats.connect('operator', env)
    const { shards, replicas } = this.#plan
    await insistent(env, () => ensureStreams(link, { shards, replicas }))
    this.#journal = this.nats.stream('EV0').log
  }
}

/** Tries until it succeeds, as one does whose process is started again. */
async function insistent<Value>(env: Env, act: () => Promise<Value>): Promise<Value> {
  for (;;) {
    try {
      return await act()
    } catch {
      await new Promise<void>((resolve) => void env.after(again_ms, resolve))
    }
  }
}

const distance = distances.nats
const none: readonly Copy[] = []

/** What becomes of one message to or from the server. */
function copiesIn({ weather }: Network, random: Random): readonly Copy[] {
  const { loss, duplicates, reorder_ms } = weather
  if (loss > 0 && random.chance(loss)) return none
  const copy = { after_ms: random.between(distance.least_ms, distance.most_ms) }
  const late = { after_ms: copy.after_ms + random.between(0, reorder_ms), overtakes: true }
  if (duplicates > 0 && random.chance(duplicates)) return [copy, late]
  return reorder_ms > 0 && random.chance(0.1) ? [late] : [copy]
}
