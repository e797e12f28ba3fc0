/** Sees what is stored, answered, shown and paid, when it happens, and asks of the whole at the end. */
import type { Booking } from '../../actors/booking.ts'
import type { Runner } from '../../actors/runner.ts'
import type { Answer, Shown as Watched } from '../../engine/host.ts'
import type { Cut, Report } from '../../engine/ports.ts'
import type { Intent } from '../../gateways/stripe/sandbox/objects.ts'
import type { Address, Behaviour, Principal } from '../../protocols/actor.ts'
import { Breaches } from './breaches.ts'
import { Debts } from './debts.ts'
import { DomainAudit } from './domain_audit.ts'
import { FoldAudit } from './fold_audit.ts'
import { type Entry, LogAudit } from './log_audit.ts'
import { MoneyAudit } from './money_audit.ts'
import { secret } from './plan.ts'
import type { Timeline } from './timeline.ts'

/** What an item of a list says of itself. */
export interface Shown {
  readonly id: string
  readonly version: number
}

export class Auditor {
  readonly breaches: Breaches
  readonly log: LogAudit
  readonly fold: FoldAudit
  readonly debts: Debts
  readonly domain: DomainAudit
  readonly money: MoneyAudit
  /** Lists that were current, and that said they were not. */
  readonly lists = { current: 0, behind: 0 }
  readonly #timeline: Timeline
  readonly #excused = new Set<string>()

  constructor(timeline: Timeline, shards: number, behaviours: readonly Behaviour[]) {
    this.#timeline = timeline
    this.breaches = new Breaches(() => timeline.now_ms)
    this.log = new LogAudit(this.breaches, shards)
    this.fold = new FoldAudit(this.breaches, behaviours)
    this.debts = new Debts(shards, behaviours)
    this.domain = new DomainAudit(this.breaches)
    this.money = new MoneyAudit(this.breaches, (id) => this.domain.isConfirmed(id))
  }

  /** The journal has put an entry on disk. */
  stored(shard: number, entry: Entry): void {
    const frame = this.log.stored(shard, entry)
    this.#timeline.noteText(this.log.hash(shard))
    if (Buffer.from(entry.bytes.buffer, entry.bytes.byteOffset, entry.bytes.length).includes(secret))
      this.breaches.add('personal', `shard ${shard} at ${entry.seq} holds what somebody said in plain words`)
    if (!frame) return
    for (const event of frame.events) {
      const states = this.fold.take(frame, event)
      if (!states) continue
      this.domain.take(event, states.before, states.after)
      if (event.type === 'booking.accepted') this.#accepted(event.id, states.after as Booking)
    }
    this.debts.take(frame)
  }

  #accepted(id: string, booking: Booking): void {
    this.domain.fits(id, booking, this.fold.find('runner', booking.runner_id)?.state as Runner | undefined)
  }

  /** The engine has let an answer out: what it was made from is on disk. */
  answered(to: Address, answer: Answer): void {
    this.#timeline.note(answer.ok ? answer.n : 0)
    if (!answer.ok) return
    if (answer.n > this.log.durable(answer.shard))
      this.breaches.add(
        'gate',
        `an answer of ${to.actor} ${to.id} rests on frame ${answer.n} of shard ${answer.shard}, which is not on disk`,
      )
    const { version } = answer.view as { version?: unknown }
    if (to.actor !== 'booking' || typeof version !== 'number') return
    const durable = (this.fold.find('booking', to.id)?.state as Booking | undefined)?.version ?? 0
    if (version > durable)
      this.breaches.add('gate', `booking ${to.id} was shown at version ${version}, and ${durable} is on disk`)
  }

  /** A watcher was sent something. */
  shown({ of, seq }: Watched): void {
    const durable = this.fold.find(of.actor, of.id)?.seq ?? 0
    if (seq > durable)
      this.breaches.add('gate', `event ${seq} of ${of.actor} ${of.id} was shown, and ${durable} are on disk`)
  }

  /** Somebody was told that it is done: its event is in the log. */
  acked(type: string, of: string, by: Principal): void {
    if (!this.fold.has(type, of))
      this.breaches.add('acked', `${by.role} ${by.id} was told of ${type} of ${of}, which is in no frame`)
  }

  /** A list shows what its reader had been told of by then, unless it says that it may not. */
  listed(
    by: Principal,
    known: ReadonlyMap<string, number>,
    items: readonly Shown[],
    is_behind: boolean,
  ): void {
    this.lists[is_behind ? 'behind' : 'current'] += 1
    if (is_behind) return
    const shown = new Map(items.map(({ id, version }) => [id, version]))
    for (const [id, version] of known)
      if ((shown.get(id) ?? 0) < version)
        this.breaches.add(
          'own writes',
          `${by.role} ${by.id} was told of version ${version} of ${id}, and his list shows ${shown.get(id) ?? 'none'}`,
        )
  }

  /** Somebody was shown what he had said about himself. */
  read(by: Principal, text: string, said: string): void {
    if (text !== said)
      this.breaches.add('personal', `${by.role} ${by.id} said '${said}', and reads '${text}'`)
  }

  /** A position on a trip was acked: the trip has it, or the reason why not was told, unless the trip is over. */
  kept(booking_id: string, runner_id: string, fix: string): void {
    const booking = this.fold.find('booking', booking_id)?.state as Booking | undefined
    const holds = booking?.status === 'accepted' || booking?.status === 'in_progress'
    if (!holds || booking?.runner_id !== runner_id || this.#excused.has(fix)) return
    if (!this.domain.hasPlace(booking_id, fix))
      this.breaches.add(
        'waypoint',
        `the acked fix ${fix} of runner ${runner_id} is not in the trip of ${booking_id}`,
      )
  }

  /** The engine said why it uses a fix no further. */
  reported({ type, key }: Report): void {
    if (type === 'runner.location_rejected') this.#excused.add(key.slice(key.indexOf(':') + 1))
  }

  /** Something was put aside for people to look at: an actor that broke is never a part of it. */
  lettered(letter: { readonly why?: unknown }): void {
    if (letter.why === 'quarantined') this.breaches.add('state', `put aside: ${JSON.stringify(letter)}`)
  }

  saved(cut: Cut): void {
    this.fold.cut(cut)
  }

  paid(intents: readonly Intent[]): void {
    this.money.look(intents)
  }

  bookings(): ReadonlyMap<string, Booking> {
    return this.#states('booking') as ReadonlyMap<string, Booking>
  }

  runners(): ReadonlyMap<string, Runner> {
    return this.#states('runner') as ReadonlyMap<string, Runner>
  }

  #states(kind: string): ReadonlyMap<string, unknown> {
    const found = new Map<string, unknown>()
    for (const [key, { behaviour, state }] of this.fold.actors)
      if (behaviour.name === kind) found.set(key.slice(kind.length + 1), state)
    return found
  }
}
