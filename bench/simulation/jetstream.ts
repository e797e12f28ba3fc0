/**
 * A simulated nats-server with JetStream, on virtual time. Production's drivers run over its links unchanged:
 *
 *     const nats = new SimJetStream({ env: world, weather: calm(world) })
 *     const link = nats.connect('worker-1', env_of_worker)
 *     await ensureStreams(link, { shards: 8, replicas: 1 })
 *     const journal = await openJournal(link)
 *
 * `env` is the server's outside (its clock stamps messages and dates ids); each link has its client's own, which may
 * jump. `weather` decides about every message on its way, every commit and every crash: make it of the run's seed.
 * `replicas` of the deployment chooses the server's manner: 1 as a single server, 3 as a cluster's. Faults: `crash` and
 * `start`, `loseLeader`, `partition`, `link.cut` and `link.mend` (a broken connection), `link.close` (the client is
 * gone), `stream(name).full` and `.exhausted`. Nothing here is asynchronous but through `env.after`. What every
 * message became is in `stream(name).log`.
 */
import type { Env } from '../../engine/env.ts'
import { limits } from '../../protocols/limits.ts'
import { answerApi, apiCall, type Domain, directGet, leaderless } from './jetstream_api.ts'
import { SimLink } from './jetstream_link.ts'
import { type Answer, SimStream, type StreamChance, type StreamConfig } from './jetstream_stream.ts'
import { type Packet, type Reply, statusReply, takes } from './jetstream_wire.ts'

/** A copy of a message on its way. */
export interface Copy {
  readonly after_ms: number
  /** It does not wait for what was sent before it, as all else on one connection does. */
  readonly overtakes?: boolean
}

/** All that chance decides. One end of a way is always `nats`, the other the name of a link. */
export interface Weather extends StreamChance {
  /** The copies that arrive of one message; none: it is lost. */
  copies(from: string, to: string): readonly Copy[]
  /** How far behind its leader the replica is that answers a direct get. */
  lag_ms(): number
}

export interface SimJetStreamOptions {
  readonly env: Env
  readonly weather: Weather
  /** What bounded streams may reserve. */
  readonly disk_bytes?: number
}

/** No faults, short ways. */
export const calm = (env: Env): Weather => ({
  copies: () => [{ after_ms: 0.1 }],
  commit_ms: () => 0.2,
  lag_ms: () => 0,
  chance: () => env.random(),
})

/** One direction of a connection: what was sent first arrives first, whatever order equal times are called in. */
interface Lane {
  last_ms: number
  readonly waiting: (() => void)[]
}

interface Connection {
  readonly out: Lane
  readonly back: Lane
  dark_until_ms: number
  /** Lost because of the server, which therefore brings it back. */
  dropped: boolean
}

const lane = (): Lane => ({ last_ms: 0, waiting: [] })
/** Nobody listens there. */
const nobody = (subject: string) => statusReply('503', { 'Nats-Subject': subject })
const direct_get = '$JS.API.DIRECT.GET.'
const silence_ms = limits.nats_ping_ms * (limits.nats_pings_missed_max + 1)

export class SimJetStream {
  readonly #env: Env
  readonly #weather: Weather
  readonly #domain: Domain
  readonly #streams = new Map<string, SimStream>()
  readonly #links = new Map<SimLink, Connection>()
  /** Streams without a leader: nobody knows it yet, or the others do. */
  readonly #leaderless = new Map<string, 'silent' | 'known'>()
  #up = true

  constructor({ env, weather, disk_bytes = Number.POSITIVE_INFINITY }: SimJetStreamOptions) {
    this.#env = env
    this.#weather = weather
    this.#domain = {
      streams: this.#streams,
      now_ms: () => env.now_ms(),
      disk_bytes,
      add: (config) => this.#add(config),
    }
  }

  get up(): boolean {
    return this.#up
  }

  /** A connection of a client; `name` is what the weather calls it. */
  connect(name: string, env: Env): SimLink {
    const link = new SimLink(name, env, {
      carry: (packet) => this.#carry(packet, link),
      gone: () => this.#links.delete(link),
    })
    this.#links.set(link, { out: lane(), back: lane(), dark_until_ms: 0, dropped: false })
    if (!this.#up) this.#drop(link)
    return link
  }

  /** A stream that was made. */
  stream(name: string): SimStream {
    const stream = this.#streams.get(name)
    if (!stream) throw new Error(`there is no stream ${name}`)
    return stream
  }

  /** All servers die at once, as kill -9 and a power cut do it. What was acked is kept, but for the end of an asynchronous stream. */
  crash(): void {
    if (!this.#up) return
    this.#up = false
    for (const link of [...this.#links.keys()]) this.#drop(link)
    for (const stream of this.#streams.values()) stream.fail()
  }

  /** The servers are back, and clients find them after their pause. */
  start(): void {
    if (this.#up) return
    this.#up = true
    this.#leaderless.clear()
    for (const link of this.#links.keys()) this.#bringBack(link)
  }

  /** Replicated streams lose their leader: silence for `silent_ms`, then refusals, and after `gone_ms` in all another one leads. */
  loseLeader(silent_ms: number, gone_ms: number, names = this.#replicated()): void {
    for (const name of names) {
      this.stream(name).fail()
      this.#leaderless.set(name, 'silent')
      this.#env.after(Math.min(silent_ms, gone_ms), () => {
        if (this.#leaderless.has(name)) this.#leaderless.set(name, 'known')
      })
      this.#env.after(gone_ms, () => this.#leaderless.delete(name))
    }
  }

  /** Nothing goes through between a client and the server. A short one delays; in a longer one the client gives the connection up. */
  partition(link: SimLink, for_ms: number): void {
    const connection = this.#links.get(link)
    if (!connection) return
    const now_ms = this.#env.monotonic_ms()
    connection.dark_until_ms = Math.max(connection.dark_until_ms, now_ms + for_ms)
    if (for_ms > silence_ms)
      this.#env.after(silence_ms, () => {
        if (connection.dark_until_ms > this.#env.monotonic_ms()) this.#drop(link)
      })
    this.#env.after(for_ms, () => this.#bringBack(link))
  }

  /** The servers are up, every stream has its leader, and all partitions are over. */
  heal(): void {
    this.start()
    this.#leaderless.clear()
    for (const [link, connection] of this.#links) {
      connection.dark_until_ms = 0
      this.#bringBack(link)
    }
  }

  #replicated(): readonly string[] {
    return [...this.#streams.values()].filter(({ replicated }) => replicated).map(({ config }) => config.name)
  }

  #add(config: StreamConfig): SimStream {
    const stream = new SimStream(config, this.#env, this.#weather)
    this.#streams.set(config.name, stream)
    return stream
  }

  #drop(link: SimLink): void {
    const connection = this.#links.get(link)
    if (!connection || !link.connected) return
    connection.dropped = true
    link.cut()
  }

  #bringBack(link: SimLink): void {
    const { nats_reconnect_first_ms, nats_reconnect_max_ms } = limits
    const span_ms = nats_reconnect_max_ms - nats_reconnect_first_ms
    this.#env.after(nats_reconnect_first_ms + this.#weather.chance() * span_ms, () => {
      const connection = this.#links.get(link)
      if (!connection?.dropped || !this.#up || connection.dark_until_ms > this.#env.monotonic_ms()) return
      connection.dropped = false
      link.mend()
    })
  }

  #carry(packet: Packet, link: SimLink): void {
    const connection = this.#links.get(link)
    if (!connection) return
    const { session } = link
    const held = connection.dark_until_ms > this.#env.monotonic_ms()
    const copies = this.#weather.copies(link.name, 'nats')
    this.#pass(this.#env, connection.out, connection.dark_until_ms, copies, () => {
      // What a partition held back goes with the connection that it ended.
      if (this.#up && !(held && (link.session !== session || !link.connected))) this.#receive(packet, link)
    })
  }

  #reply(link: SimLink, subject: string, reply: Reply): void {
    const connection = this.#links.get(link)
    if (!connection || subject === '' || !link.connected) return
    const { session } = link
    // In the client's own time: one that is stopped reads what has arrived when it goes on.
    const copies = this.#weather.copies('nats', link.name)
    this.#pass(link.env, connection.back, connection.dark_until_ms, copies, () => {
      if (link.session === session) link.deliver(subject, reply)
    })
  }

  #pass(env: Env, lane: Lane, not_before_ms: number, copies: readonly Copy[], arrive: () => void): void {
    const now_ms = env.monotonic_ms()
    for (const { after_ms, overtakes } of copies) {
      const at_ms = Math.max(now_ms + after_ms, not_before_ms)
      if (overtakes) env.after(at_ms - now_ms, arrive)
      else {
        lane.last_ms = Math.max(lane.last_ms, at_ms)
        lane.waiting.push(arrive)
        env.after(lane.last_ms - now_ms, () => lane.waiting.shift()?.())
      }
    }
  }

  #receive(packet: Packet, link: SimLink): void {
    const answer: Answer = (reply) => this.#reply(link, packet.reply, reply)
    if (packet.subject.startsWith(direct_get)) return this.#directGet(packet, answer)
    const call = apiCall(packet.subject)
    if (call) {
      const absent = this.#leaderless.get(call.name)
      if (absent === 'silent') return
      return answer(absent ? leaderless(call.what) : answerApi(this.#domain, call, packet.data))
    }
    const stream = [...this.#streams.values()].find(({ config }) =>
      config.subjects.some((pattern) => takes(pattern, packet.subject)),
    )
    const absent = stream && this.#leaderless.get(stream.config.name)
    if (absent === 'silent') return
    if (stream && !absent) stream.receive(packet, answer)
    else answer(nobody(packet.subject))
  }

  /** Any replica answers, as far as it has come; it needs no leader. */
  #directGet(packet: Packet, answer: Answer): void {
    const stream = this.#streams.get(packet.subject.slice(direct_get.length))
    if (!stream?.config.allow_direct) return answer(nobody(packet.subject))
    stream.expire()
    const reached_ms = this.#env.now_ms() - (stream.replicated ? this.#weather.lag_ms() : 0)
    const { log } = stream
    let until_seq = log.last_seq
    for (let last = log.get(until_seq); last && last.at_ms > reached_ms; last = log.get(until_seq))
      until_seq -= 1
    for (const reply of directGet(stream, packet.data, until_seq)) answer(reply)
  }
}
