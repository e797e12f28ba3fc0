import { RunnerClient } from '../../gateways/client/runner_client.ts'
import { nodeSockets } from '../../gateways/client/sockets.ts'
import type { Fix } from '../../protocols/runner.ts'
import type { Range, SocketCommand } from '../../protocols/socket.ts'
import { type Asked, ask } from './asking.ts'
import { Flying } from './flying.ts'
import { add, type CommandKind } from './ledger.ts'
import { environment, noteSent, type Person, type Trip, type World } from './world.ts'

const kept_max = 1_000
const sockets = nodeSockets()

interface KeptFix {
  readonly fix: Omit<Fix, 'seq'>
  readonly trip: Trip | undefined
}

export interface PhoneOptions {
  readonly base_url: string
  readonly person: Person
  token(fresh: boolean): Promise<string>
}

/** A runner's phone: the typed client, what it keeps where there is no coverage, and what it tells the ledger. */
export class Phone {
  /** A booking near by is open. */
  onOpen: (booking_id: string) => void = () => {}
  /** A booking that was his has ended without him. */
  onGone: (booking_id: string) => void = () => {}
  readonly #world: World
  readonly #options: PhoneOptions
  #client: RunnerClient
  #kept: KeptFix[] = []
  readonly #flying = new Flying()
  #asked = 0

  constructor(world: World, options: PhoneOptions) {
    this.#world = world
    this.#options = options
    this.#client = this.#boot()
  }

  get person(): Person {
    return this.#options.person
  }

  get is_connected(): boolean {
    return this.#client.connected
  }

  /** Fixes without an answer. */
  get waiting(): number {
    return this.#client.counts.waiting
  }

  /** Resolves when the engine has let it in. */
  connect(): Promise<void> {
    return this.#client.connect()
  }

  /** Reports a fix of a trip or of none. Without coverage it is kept, and goes with the backlog later. */
  report(fix: Omit<Fix, 'seq'>, trip: Trip | undefined, is_covered: boolean): void {
    this.#world.ledger.fixes_sent += 1
    if (!is_covered) {
      if (this.#kept.length < kept_max) this.#kept.push({ fix, trip })
      return
    }
    this.#flushKept()
    const seq = this.#client.report(fix)
    this.#flying.sent(seq, trip)
    if (trip && this.#client.connected) noteSent(trip, fix)
  }

  /** True once the engine has acked the command, false when it refused. */
  async command(kind: CommandKind, command: SocketCommand): Promise<boolean> {
    const { id: by } = this.#options.person
    const booking_id = 'booking_id' in command ? command.booking_id : undefined
    const key = this.#world.random.uuid()
    this.#asked += 1
    const asked: Asked = {
      kind,
      by,
      on: () => booking_id ?? by,
      trip: booking_id === undefined ? undefined : this.#world.trips.get(booking_id),
      send: () => this.#client.command(command, key),
    }
    const view = await ask(this.#world, asked)
    this.#asked -= 1
    return view !== undefined
  }

  /** He has taken this trip. */
  take(trip: Trip): void {
    this.#flying.take(trip)
  }

  /** He is leaving it: what flies is not surely of it any more. */
  leave(trip: Trip): void {
    this.#flying.leave(trip)
    this.#kept = this.#kept.map((kept) => (kept.trip === trip ? { ...kept, trip: undefined } : kept))
  }

  /** Loses the connection; it comes back. */
  drop(): void {
    this.#client.cut()
  }

  /** Switched off and on: numbers begin again, and what it kept is gone. Not while an answer is awaited. */
  reboot(): void {
    if (this.#asked > 0) return
    this.#client.close()
    this.#kept = []
    this.#flying.clear()
    this.#client = this.#boot()
    this.#client.connect().catch((error: Error) => this.#world.ledger.error(`socket ${error.message}`))
  }

  /** Sends what it has kept, and resolves when the engine has answered all of it. */
  drained(): Promise<void> {
    this.#flushKept()
    return this.#client.drained()
  }

  close(): void {
    this.#client.close()
  }

  #boot(): RunnerClient {
    const { base_url, token } = this.#options
    const client = new RunnerClient({ base_url, token, env: environment, sockets })
    const { ledger } = this.#world
    client.events.on('booking.open', ({ booking }) => this.onOpen(idOf(booking)))
    client.events.on('booking.changed', ({ booking_id, event }) => {
      if (event === 'booking.cancelled') this.onGone(booking_id)
    })
    client.events.on('acked', ({ count, ranges }) => {
      ledger.fixes_acked += count
      this.#acked(client.boot, ranges)
    })
    client.events.on('refused', ({ count, problem }) => add(ledger.refused_fixes, problem.code, count))
    client.events.on('complaint', ({ code }) => ledger.error(`socket ${code}`))
    return client
  }

  #flushKept(): void {
    if (this.#kept.length === 0) return
    const kept = this.#kept
    this.#kept = []
    this.#world.ledger.backlog_fixes += kept.length
    const before = this.#client.counts.reported
    this.#client.reportBacklog(kept.map(({ fix }) => fix))
    for (const [index, { trip }] of kept.entries()) this.#flying.sent(before + 1 + index, trip)
  }

  #recorded(fix: string, trip: Trip): void {
    const { ledger } = this.#world
    ledger.waypoints.push(fix)
    const acked = new Date().toISOString()
    ledger.whereabouts.set(fix, `of runner ${this.#options.person.id} on trip ${trip.id}, acked at ${acked}`)
  }

  #acked(boot: string, ranges: readonly Range[]): void {
    for (const [from, to] of ranges)
      for (let seq = from; seq <= to; seq++) {
        const trip = this.#flying.acked(seq)
        if (trip) this.#recorded(`${boot} ${seq}`, trip)
      }
  }
}

const idOf = (booking: object): string =>
  'id' in booking && typeof booking.id === 'string' ? booking.id : ''
