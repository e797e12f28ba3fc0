import type { BookingStatus } from '../../protocols/booking.ts'
import type { EventRecord } from '../../protocols/frame.ts'
import type { Acked, CommandKind, Ledger } from './ledger.ts'

interface BookingRecord {
  status: BookingStatus | 'none'
  runner_id: string
  pending_id: string
  /** How often `type runner-or-author` has happened. */
  readonly seen: Map<string, number>
}

/** What an auditor found. All lists are empty, and all counts 0, when the engine kept its word. */
export interface Findings {
  readonly lost: readonly string[]
  readonly lost_waypoints: readonly string[]
  readonly doubled: readonly string[]
  readonly illegal: readonly string[]
  /** Breaches of the log's own rules. */
  readonly broken: readonly string[]
  readonly checked_commands: number
  readonly checked_waypoints: number
  readonly bookings: Readonly<Record<string, number>>
}

interface Move {
  readonly from: readonly BookingRecord['status'][]
  readonly to: BookingRecord['status']
}

// The status machine, written down a second time on purpose: the auditor shares no code with what it audits.
const moves: Readonly<Record<string, Move>> = {
  'booking.requested': { from: ['none'], to: 'requested' },
  'booking.runner_pending': { from: ['requested'], to: 'requested' },
  'booking.accepted': { from: ['requested'], to: 'accepted' },
  'booking.declined': { from: ['accepted'], to: 'requested' },
  'booking.pet_picked_up': { from: ['accepted'], to: 'in_progress' },
  'booking.delivered': { from: ['in_progress'], to: 'delivered' },
  'booking.delivery_confirmed': { from: ['in_progress', 'delivered'], to: 'delivered' },
  'booking.completed': { from: ['delivered'], to: 'completed' },
  'booking.cancelled': { from: ['requested', 'accepted'], to: 'cancelled' },
}

/** The event that proves a command; of `by` where the author of the event, or its runner, must be he who asked. */
const proofs: Readonly<Record<CommandKind, string>> = {
  register: 'runner.registered',
  add_crate: 'runner.crate_added',
  go_online: 'runner.online',
  go_offline: 'runner.offline',
  request: 'booking.requested',
  accept: 'booking.accepted',
  decline: 'booking.declined',
  pick_up: 'booking.pet_picked_up',
  deliver: 'booking.delivered',
  confirm: 'booking.completed',
  cancel: 'booking.cancelled',
}

const text = (data: object, field: string): string => {
  const value = (data as Readonly<Record<string, unknown>>)[field]
  return typeof value === 'string' ? value : ''
}

/** Reads the journal's events, in order per shard, and holds them against what clients were told. */
export class Auditor {
  readonly #capacity: number
  readonly #bookings = new Map<string, BookingRecord>()
  readonly #held = new Map<string, Set<string>>()
  readonly #runner_events = new Set<string>()
  readonly #waypoints = new Set<string>()
  readonly #excused = new Set<string>()
  readonly #requests = new Map<string, string>()
  readonly #illegal: string[] = []
  readonly #doubled: string[] = []

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** This fix (`boot seq`) was put aside for a reason that the runner topic tells. */
  excuse(fix: string): void {
    this.#excused.add(fix)
  }

  take(event: EventRecord): void {
    if (event.kind === 'booking') this.#booking(event)
    else if (event.kind === 'runner') this.#runner(event)
    else if (event.type === 'trip.waypoints') this.#trip(event)
  }

  statusOf(booking_id: string): string {
    return this.#bookings.get(booking_id)?.status ?? 'none'
  }

  get booking_ids(): readonly string[] {
    return [...this.#bookings.keys()]
  }

  /** Holds the log against the ledger. Call it when the log has been read to its end. */
  check(ledger: Ledger, broken: readonly string[] = []): Findings {
    const lost = ledger.acked.filter((acked) => !this.#isProven(acked)).map(nameOf)
    const lost_waypoints = ledger.waypoints.filter(
      (waypoint) => !this.#waypoints.has(waypoint) && !this.#excused.has(waypoint),
    )
    const bookings: Record<string, number> = {}
    for (const id of ledger.requested.keys())
      bookings[this.statusOf(id)] = (bookings[this.statusOf(id)] ?? 0) + 1
    return {
      lost,
      lost_waypoints,
      doubled: this.#doubled,
      illegal: this.#illegal,
      broken,
      checked_commands: ledger.acked.length,
      checked_waypoints: ledger.waypoints.length,
      bookings,
    }
  }

  /** Where bookings and runners disagree about who holds what: empty once no step is under way. */
  disagreements(): readonly string[] {
    const of_bookings = [...this.#bookings]
      .filter(([id, { status, runner_id }]) => isHeld(status) && !this.#held.get(runner_id)?.has(id))
      .map(
        ([id, { status, runner_id }]) => `${id} is ${status}, but its runner ${runner_id} does not hold it`,
      )
    const of_runners = [...this.#held].flatMap(([runner_id, held]) =>
      [...held]
        .filter((id) => !this.#isOf(id, runner_id))
        .map((id) => `runner ${runner_id} holds ${id}, which is ${this.statusOf(id)} and not his`),
    )
    return [...of_bookings, ...of_runners]
  }

  #isOf(booking_id: string, runner_id: string): boolean {
    const booking = this.#bookings.get(booking_id)
    if (!booking) return false
    return booking.pending_id === runner_id || (isHeld(booking.status) && booking.runner_id === runner_id)
  }

  #isProven({ kind, on, by }: Acked): boolean {
    const proof = proofs[kind]
    if (proof.startsWith('runner.')) return this.#runner_events.has(`${proof} ${on}`)
    return this.#bookings.get(on)?.seen.has(`${proof} ${by}`) ?? false
  }

  #recordOf(id: string): BookingRecord {
    const known = this.#bookings.get(id)
    if (known) return known
    const booking: BookingRecord = { status: 'none', runner_id: '', pending_id: '', seen: new Map() }
    this.#bookings.set(id, booking)
    return booking
  }

  #booking(event: EventRecord): void {
    const booking = this.#recordOf(event.id)
    const move = moves[event.type]
    const runner_id = text(event.data, 'runner_id')
    // It releases a runner who came too late, whatever has become of the booking, and moves nothing.
    if (event.type === 'booking.runner_refused' && booking.pending_id === runner_id) booking.pending_id = ''
    if (!move) return
    if (!move.from.includes(booking.status)) this.#breach(event, booking)
    if (event.type === 'booking.requested') this.#request(event)
    for (const name of new Set([`${event.type} ${event.by.id}`, `${event.type} ${runner_id}`]))
      booking.seen.set(name, (booking.seen.get(name) ?? 0) + 1)
    const is_foreign = booking.runner_id !== '' && runner_id !== '' && runner_id !== booking.runner_id
    if (is_foreign && move.to !== 'requested')
      this.#illegal.push(`${event.type} of ${event.id} by ${runner_id}, held by ${booking.runner_id}`)
    hold(booking, move, event.type, runner_id)
  }

  #breach(event: EventRecord, { status, runner_id }: BookingRecord): void {
    const what = `${event.type} of ${event.id} while ${status}`
    if (event.type === 'booking.accepted') this.#doubled.push(`${what}, held by ${runner_id}`)
    else this.#illegal.push(what)
  }

  #request(event: EventRecord): void {
    const pet = (event.data as { pet_spec?: { name?: string } }).pet_spec?.name ?? ''
    const key = `${text(event.data, 'owner_id')} ${pet}`
    const first = this.#requests.get(key)
    if (first !== undefined) this.#doubled.push(`the request for ${pet} made ${first} and ${event.id}`)
    this.#requests.set(key, event.id)
  }

  #runner(event: EventRecord): void {
    this.#runner_events.add(`${event.type} ${event.id}`)
    const held = this.#held.get(event.id) ?? new Set<string>()
    this.#held.set(event.id, held)
    if (event.type === 'runner.reserved') held.add(text(event.data, 'booking_id'))
    if (event.type === 'runner.released') held.delete(text(event.data, 'booking_id'))
    if (held.size > this.#capacity) this.#illegal.push(`runner ${event.id} holds ${held.size} bookings`)
  }

  #trip(event: EventRecord): void {
    const { waypoints } = event.data as { waypoints: readonly { boot: string; seq: number }[] }
    for (const { boot, seq } of waypoints) this.#waypoints.add(`${boot} ${seq}`)
  }
}

const isHeld = (status: string): boolean => status === 'accepted' || status === 'in_progress'

const nameOf = ({ kind, on, by }: Acked): string => `${kind} of ${on} by ${by}`

function hold(booking: BookingRecord, move: Move, type: string, runner_id: string): void {
  booking.status = move.to
  booking.pending_id = type === 'booking.runner_pending' ? runner_id : ''
  if (type === 'booking.accepted') booking.runner_id = runner_id
  if (type === 'booking.declined') booking.runner_id = ''
}
