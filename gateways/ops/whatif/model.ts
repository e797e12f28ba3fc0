/**
 * A recorded time played once more by the product's own actors, under a policy. What owners and runners did whatever
 * the policy is played as it was; who takes which booking, and what follows from it, is modelled. Nothing is random.
 */
import type { Message } from '../../../protocols/actor.ts'
import { limits } from '../../../protocols/limits.ts'
import type { Requirement } from '../../../protocols/runner.ts'
import { Agenda } from './agenda.ts'
import { Fleet } from './fleet.ts'
import { type Habits, rideMs, wayMs } from './habits.ts'
import { pass } from './passage.ts'
import type { Deed, Demand, Recorded } from './recorded.ts'
import { kmBetween } from './recording.ts'
import { type EventOf, type Ride, rideOf, tellRide } from './rides.ts'
import { type Happened, type Order, Stage, type StageParts } from './stage.ts'
import type { Choices } from './truth.ts'

/** A booking in the model. */
interface Job {
  readonly demand: Demand
  readonly ride: Ride
  requirement: Requirement | undefined
  /** It looks for a runner. */
  open: boolean
  /** Who is about to answer. */
  asked_id: string
  /** Those who will not be asked for it again. */
  readonly shunned: Set<string>
  /** Counts those who took it: what was planned for an earlier one does not happen. */
  takes: number
  /** A further look is on the agenda. */
  looks: boolean
}

export interface ModelParts extends StageParts {
  readonly recorded: Recorded
  readonly habits: Habits
  readonly choices: Choices
  readonly progress: (events: number) => void
}

type Rows = Readonly<Partial<Record<string, (of: Happened['of'], event: Message, at_ms: number) => void>>>

export class Model {
  readonly #parts: ModelParts
  readonly #stage: Stage
  readonly #fleet: Fleet
  readonly #agenda = new Agenda()
  readonly #jobs = new Map<string, Job>()
  /** Runners who are about to answer. */
  readonly #engaged = new Set<string>()
  /** Bookings without a runner whom nobody is asked about, oldest first. */
  readonly #waiting = new Set<Job>()
  /** Runners who have just become free. */
  readonly #freed: string[] = []

  constructor(parts: ModelParts) {
    this.#parts = parts
    this.#stage = new Stage(parts)
    const { approach_kmh } = parts.habits
    this.#fleet = new Fleet(parts.recorded, {
      stage: this.#stage,
      policyFor: parts.policyFor,
      approach_kmh,
    })
  }

  /** Every booking of the time as it goes here, in the order in which they were asked for. */
  play(): ReadonlyMap<string, Ride> {
    const { recorded, progress } = this.#parts
    this.#fleet.begin(recorded.span.from_ms)
    pass(recorded, this.#agenda, {
      deed: (deed) => this.#repeat(deed),
      move: (index, place, at_ms) => this.#fleet.told(index, place, at_ms),
      after: (at_ms) => {
        progress(1)
        this.#offerToFreed(at_ms)
      },
    })
    return new Map([...this.#jobs].map(([id, { ride }]) => [id, ride]))
  }

  #repeat(deed: Deed): void {
    if (!('order' in deed)) return this.#fleet.errand(deed.runner_id, deed.booking_id, deed.begins)
    if (deed.modelled) return
    const { order } = deed
    const demand = this.#parts.recorded.demand.get(order.to.id)
    if (order.command.type === 'booking.pay' && demand?.unpayable) return
    if (order.command.type === 'booking.request' && demand) return this.#ask(order, demand)
    this.#tell(order)
  }

  #ask(order: Order, demand: Demand): void {
    const ride = rideOf(order.to.id, order.at_ms)
    const job: Job = {
      demand,
      ride,
      requirement: undefined,
      open: false,
      asked_id: '',
      shunned: new Set(this.#parts.choices.passedBy(ride.id)),
      takes: 0,
      looks: false,
    }
    this.#jobs.set(ride.id, job)
    ride.refused = !this.#tell(order)
  }

  /** False: it was refused. */
  #tell(order: Order): boolean {
    const came = this.#stage.tell(order)
    if ('rejected' in came) return false
    for (const { of, event } of came) {
      if (of.actor === 'runner') this.#fleet.replace(of.id, order.at_ms)
      else this.#note(of.id, event, order.at_ms)
      this.#rows[event.type]?.(of, event, order.at_ms)
    }
    return true
  }

  #note(id: string, event: Message, at_ms: number): void {
    const ride = this.#jobs.get(id)?.ride
    if (ride) tellRide(ride, event, at_ms)
  }

  readonly #rows: Rows = {
    'booking.requested': ({ id }, event, at_ms) => {
      const job = this.#jobs.get(id)
      if (!job) return
      job.requirement = (event as EventOf<'booking.requested'>).requirement
      this.#open(job, at_ms)
    },
    'booking.accepted': ({ id }, event, at_ms) => {
      const { runner_id } = event as EventOf<'booking.accepted'>
      const job = this.#jobs.get(id)
      if (job) this.#depart(job, runner_id, at_ms)
    },
    'booking.declined': ({ id }, event, at_ms) => {
      const { runner_id } = event as EventOf<'booking.declined'>
      const job = this.#jobs.get(id)
      if (!job) return
      this.#fleet.leave(runner_id, id, at_ms)
      this.#open(job, at_ms)
    },
    'booking.cancelled': ({ id }, event, at_ms) => {
      const { runner_id } = event as EventOf<'booking.cancelled'>
      const job = this.#jobs.get(id)
      if (!job) return
      this.#fleet.leave(runner_id, id, at_ms)
      this.#close(job)
    },
    'booking.delivered': ({ id }, event, at_ms) => {
      const { runner_id } = event as EventOf<'booking.delivered'>
      this.#fleet.leave(runner_id, id, at_ms)
      const job = this.#jobs.get(id)
      if (job) this.#rate(job, at_ms)
    },
    'runner.online': ({ id }, _event, at_ms) => {
      this.#fleet.settle(id, at_ms)
      this.#freed.push(id)
    },
    'runner.released': ({ id }) => void this.#freed.push(id),
  }

  #open(job: Job, at_ms: number): void {
    job.open = true
    this.#look(job, at_ms)
  }

  #close(job: Job): void {
    job.open = false
    this.#waiting.delete(job)
  }

  #depthOf({ ride: { id } }: Job) {
    return this.#parts.choices.depthOf(id)
  }

  /** Asks, of those whom the product would tell and who are about to answer nobody else, the one as deep in its order as he who took it in truth. */
  #look(job: Job, at_ms: number): void {
    const { requirement, demand, shunned } = job
    if (!job.open || job.asked_id !== '' || !requirement) return
    const { share, radius_km } = this.#depthOf(job)
    const near = this.#fleet.near(demand.pickup, requirement, radius_km, at_ms)
    const free = near.filter(({ id }) => !this.#engaged.has(id) && !shunned.has(id))
    const chosen = free[Math.round(share * (free.length - 1))]
    if (!chosen) return this.#lookLater(job, at_ms)
    this.#waiting.delete(job)
    this.#engaged.add(chosen.id)
    job.asked_id = chosen.id
    const answers_ms = at_ms + this.#answerMs(demand, chosen.id)
    this.#agenda.add(answers_ms, () => this.#answer(job, chosen.id, answers_ms))
  }

  /** One who took it in truth takes as long as he took then. */
  #answerMs({ ride, answer_ms }: Demand, runner_id: string): number {
    return ride.runner_id === runner_id ? answer_ms : this.#parts.habits.responseMs(runner_id)
  }

  #lookLater(job: Job, at_ms: number): void {
    this.#waiting.add(job)
    if (job.looks) return
    job.looks = true
    const next_ms = at_ms + limits.whatif_look_ms
    this.#agenda.add(next_ms, () => {
      job.looks = false
      this.#look(job, next_ms)
    })
  }

  /** One who was refused is not asked again: he would be refused for ever. */
  #answer(job: Job, runner_id: string, at_ms: number): void {
    this.#engaged.delete(runner_id)
    job.asked_id = ''
    if (!job.open) return void this.#freed.push(runner_id)
    this.#say(job, runner_id, { type: 'booking.accept' }, at_ms)
    if (job.ride.runner_id === runner_id) return
    job.shunned.add(runner_id)
    this.#look(job, at_ms)
  }

  #depart(job: Job, runner_id: string, at_ms: number): void {
    const { demand, ride } = job
    const { habits } = this.#parts
    this.#close(job)
    job.takes += 1
    const place = this.#fleet.placeOf(runner_id, at_ms)
    const { from = demand.pickup, begins_ms } = this.#fleet.doneAt(runner_id, at_ms)
    ride.pickup_km = place && kmBetween(place, demand.pickup)
    const as_in_truth = demand.ride.runner_id === runner_id && this.#fleet.follows(runner_id)
    const way_km = kmBetween(from, demand.pickup)
    const arrives_ms = begins_ms + wayMs(demand, habits, way_km, as_in_truth)
    const picks_up_ms = Math.max(arrives_ms, appointmentOf(demand))
    const ends_ms = picks_up_ms + rideMs(demand, habits)
    const { pickup, dropoff } = demand
    const leg = {
      booking_id: ride.id,
      begins_ms,
      from,
      pickup,
      arrives_ms,
      picks_up_ms,
      dropoff,
      ends_ms,
    }
    this.#fleet.drive(runner_id, leg, as_in_truth)
    this.#plan(job, runner_id, picks_up_ms, { type: 'booking.pick_up' })
    this.#plan(job, runner_id, ends_ms, { type: 'booking.deliver' })
    const quit = demand.quits.find((one) => one.runner_id === runner_id)
    if (!quit || job.shunned.has(runner_id)) return
    job.shunned.add(runner_id)
    this.#plan(job, runner_id, at_ms + quit.after_ms, quit.command)
  }

  /** What the runner who holds it now will do, if he still holds it then. */
  #plan(job: Job, runner_id: string, at_ms: number, command: Message): void {
    const { takes } = job
    this.#agenda.add(at_ms, () => {
      if (job.takes === takes && job.ride.runner_id === runner_id) this.#say(job, runner_id, command, at_ms)
    })
  }

  #rate({ demand: { rated }, ride: { id, runner_id } }: Job, at_ms: number): void {
    if (!rated) return
    const rated_ms = at_ms + Math.max(0, rated.after_ms)
    const command = { type: 'runner.rate', booking_id: id, stars: rated.stars }
    const by = { id, role: 'service' } as const
    this.#agenda.add(
      rated_ms,
      () => void this.#tell({ at_ms: rated_ms, to: { actor: 'runner', id: runner_id }, command, by }),
    )
  }

  #say({ ride: { id } }: Job, runner_id: string, command: Message, at_ms: number): void {
    this.#tell({ at_ms, to: { actor: 'booking', id }, command, by: { id: runner_id, role: 'runner' } })
  }

  /** Those who become free look at what is open near them, the oldest first. */
  #offerToFreed(at_ms: number): void {
    for (let id = this.#freed.pop(); id !== undefined; id = this.#freed.pop()) {
      const place = this.#fleet.placeOf(id, at_ms)
      if (!place) continue
      for (const job of [...this.#waiting])
        if (kmBetween(place, job.demand.pickup) <= this.#depthOf(job).radius_km) this.#look(job, at_ms)
    }
  }
}

/** An animal that has an appointment is picked up no sooner than it was, or than the appointment where it never was. */
const appointmentOf = ({ scheduled_ms, ride }: Demand): number => {
  if (scheduled_ms === 0) return 0
  return ride.picked_up_ms > 0 ? ride.picked_up_ms : scheduled_ms
}
