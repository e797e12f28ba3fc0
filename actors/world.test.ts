/** Bookings, runners and trips together, with their steps delivered late, out of order and twice. */
import { expect, test } from 'vitest'
import {
  type Behaviour,
  behaviourOf,
  type Context,
  type FollowUp,
  isRejection,
  type Message,
  type Principal,
} from '../protocols/actor.ts'
import type { Command } from '../protocols/catalogue.ts'
import { firstPolicy, type Policy } from '../protocols/policy.ts'
import { behaviours } from './behaviours.ts'
import { type Booking, booking } from './booking.ts'
import { noon_ms, seeded, standing } from './given.ts'
import type { Runner } from './runner.ts'
import type { Trip } from './trip.ts'

const uuid = (kind: number, index: number) =>
  `${kind}0000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`
const owner: Principal = { id: uuid(1, 0), role: 'owner' }
const admin: Principal = { id: uuid(2, 0), role: 'admin' }
const runnerOf = (index: number): Principal => ({ id: uuid(3, index), role: 'runner' })
const bookingOf = (index: number) => uuid(4, index)

const moves: Readonly<Record<string, readonly string[]>> = {
  none: ['requested'],
  requested: ['accepted', 'cancelled'],
  accepted: ['requested', 'in_progress', 'cancelled'],
  in_progress: ['delivered', 'cancelled'],
  delivered: ['completed'],
  completed: [],
  cancelled: [],
}

const address = {
  line1: '1',
  line2: '',
  city: 'KL',
  state: 'KL',
  postal_code: '',
  country: 'MY',
  latitude: 3.1,
  longitude: 101.6,
}
const request: Command = {
  type: 'booking.request',
  pet_spec: {
    pet_type: 'cat',
    breed: '',
    name: 'x',
    weight_kg: 4,
    age_months: 0,
    vaccinations: [],
    special_needs: '',
    photo_url: '',
  },
  pickup_address: address,
  dropoff_address: address,
  notes: '',
}

/** A shard of everything: follow-ups to a booking or trip of the same id run at once, all others wait in a bag. */
class World {
  readonly random: () => number
  readonly policy: Policy
  readonly states = new Map<string, unknown>()
  readonly bag: FollowUp[] = []
  now_ms = noon_ms
  events = 0

  constructor(random: () => number, policy: Policy) {
    this.random = random
    this.policy = policy
  }

  state<S>(actor: string, id: string): S {
    const initial = behaviours.find(({ name }) => name === actor)?.initial
    return (this.states.get(`${actor}/${id}`) ?? initial) as S
  }

  tell(actor: string, id: string, command: Message, by: Principal): void {
    const behaviour = behaviours.find(({ name }) => name === actor)
    if (!behaviour) throw new Error(`no actor ${actor}`)
    const context = {
      ...standing,
      id,
      by,
      at_ms: this.now_ms,
      policy: this.policy,
      command_id: `c${this.events}`,
    }
    const decision = behaviour.decide(this.state(actor, id), command, context)
    if (isRejection(decision)) return
    for (const event of decision) this.happen(behaviour, id, event, context)
    const broken = behaviour.invariant(this.state(actor, id))
    if (broken !== undefined) throw new Error(`${actor}: ${broken}`)
    for (const event of decision) this.follow(id, behaviour.react(event, context).follow_ups ?? [])
  }

  follow(id: string, follow_ups: readonly FollowUp[]): void {
    for (const step of follow_ups)
      if (step.to.id === id && step.after_ms === undefined) this.step(step)
      else this.bag.push(step)
  }

  /** Every move is one of the machine, and counts one version. */
  happen(behaviour: Behaviour, id: string, event: Message, context: Context): void {
    const before = this.state<Booking>('booking', id)
    const next = behaviour.evolve(this.state(behaviour.name, id), event, context)
    this.states.set(`${behaviour.name}/${id}`, next)
    this.events += 1
    const after = this.state<Booking>('booking', id)
    if (after.status === before.status) return
    expect(moves[before.status], `${before.status} to ${after.status}`).toContain(after.status)
    expect(after.version).toBe(before.version + 1)
  }

  step({ to, command }: FollowUp): void {
    this.tell(to.actor, to.id, command, { id: to.id, role: 'service' })
  }

  /** Delivers one step that waits, whichever; sometimes it stays in the bag and comes again. */
  deliver(): void {
    const index = Math.floor(this.random() * this.bag.length)
    const step = this.bag[index]
    if (!step) return
    if (this.random() < 0.9) this.bag.splice(index, 1)
    this.step(step)
  }

  settle(): void {
    while (this.bag.length > 0) this.deliver()
  }
}

const commands: readonly ((random: () => number) => Command)[] = [
  () => ({ type: 'booking.accept' }),
  () => ({ type: 'booking.accept' }),
  () => ({ type: 'booking.accept' }),
  () => ({ type: 'booking.decline', reason: 'other' }),
  () => ({ type: 'booking.pick_up' }),
  () => ({ type: 'booking.deliver' }),
  () => ({ type: 'booking.confirm' }),
  (random) => ({ type: 'booking.cancel', reason: random() < 0.5 ? 'ill' : '' }),
  (random) => ({ type: 'booking.rate', stars: 1 + Math.floor(random() * 5), comment: '' }),
]

function live(seed: number): World {
  const random = seeded(seed)
  const window = random() < 0.3 ? { confirmation_window_ms: 0 } : {}
  const world = new World(random, { ...firstPolicy, ...window, car_counts_as_medium_crate: true })
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
  const runners = Array.from({ length: 4 }, (_, index) => runnerOf(index))
  for (const runner of runners) {
    const profile = { full_name: 'x', phone: '', vehicle_plate: 'x', vehicle_model: 'x', vehicle_year: 0 }
    const car = { vehicle_type: 'car', air_conditioned: false }
    world.tell('runner', runner.id, { type: 'runner.register', ...profile, ...car } as Message, runner)
    world.tell(
      'runner',
      runner.id,
      { type: 'runner.go_online', latitude: 3, longitude: 101 } as Message,
      runner,
    )
  }
  for (let index = 0; index < 5; index++) world.tell('booking', bookingOf(index), request, owner)
  for (let round = 0; round < 120; round++) {
    world.now_ms += Math.floor(random() * 1_000)
    const id = bookingOf(Math.floor(random() * 5))
    const chance = random()
    if (chance < 0.5) world.deliver()
    else if (chance < 0.55)
      world.tell('runner', pick(runners).id, { type: pick(['runner.go_offline']) }, pick(runners))
    else if (chance < 0.65) {
      const runner = pick(runners)
      world.tell(
        'runner',
        runner.id,
        { type: 'runner.go_online', latitude: 3, longitude: 101 } as Message,
        runner,
      )
    } else world.tell('booking', id, pick(commands)(random), pick([...runners, ...runners, owner, admin]))
    oneHolder(world)
  }
  return world
}

/** An accepted or running booking is held by its runner, and no runner holds more than he may. */
function oneHolder(world: World): void {
  for (let index = 0; index < 5; index++) {
    const { status, runner_id } = world.state<Booking>('booking', bookingOf(index))
    if (status !== 'accepted' && status !== 'in_progress') continue
    const { bookings } = world.state<Runner>('runner', runner_id)
    if (!bookings.some(({ booking_id }) => booking_id === bookingOf(index)))
      throw new Error(`booking ${index} is ${status}, but its runner does not hold it`)
    if (bookings.length > world.policy.runner_capacity) throw new Error('a runner holds too many bookings')
  }
}

test('BK20 whatever is asked, and however steps arrive, a booking moves along its machine with one runner', () => {
  let events = 0
  for (let seed = 1; seed <= 200; seed++) events += live(seed).events
  expect(events).toBeGreaterThan(200 * 20)
})

test('BK21 when all steps have arrived, exactly the runners of running bookings are reserved', () => {
  let running = 0
  for (let seed = 1_001; seed <= 1_200; seed++) {
    const world = live(seed)
    world.settle()
    const held = new Set<string>()
    for (let index = 0; index < 4; index++)
      for (const { booking_id } of world.state<Runner>('runner', runnerOf(index).id).bookings)
        held.add(`${runnerOf(index).id} ${booking_id}`)
    const wanted = new Set<string>()
    for (let index = 0; index < 5; index++) {
      const id = bookingOf(index)
      const { status, runner_id, pending_id } = world.state<Booking>('booking', id)
      const runs = status === 'accepted' || status === 'in_progress'
      if (runs) wanted.add(`${runner_id} ${id}`)
      expect(pending_id, `seed ${seed}`).toBe('')
      expect(world.state<Trip>('trip', id).status === 'active', `seed ${seed}`).toBe(runs)
    }
    expect(held, `seed ${seed}`).toEqual(wanted)
    running += wanted.size
  }
  expect(running).toBeGreaterThan(20)
})

/** Carries a booking that somebody holds to its end, and rates it. */
function finish(world: World, id: string, stars: number): void {
  const { runner_id } = world.state<Booking>('booking', id)
  const runner: Principal = { id: runner_id, role: 'runner' }
  const moves: readonly (readonly [Command, Principal])[] = [
    [{ type: 'booking.pick_up' }, runner],
    [{ type: 'booking.deliver' }, runner],
    [{ type: 'booking.confirm' }, owner],
    [{ type: 'booking.rate', stars, comment: '' }, owner],
  ]
  for (const [command, by] of moves) world.tell('booking', id, command, by)
}

test('DS10 when all steps have arrived, each runner has exactly the stars that his owners gave, and the trips that he drove', () => {
  let given_stars = 0
  for (let seed = 2_001; seed <= 2_200; seed++) {
    const world = live(seed)
    world.settle()
    for (let index = 0; index < 5; index++) finish(world, bookingOf(index), 1 + (seed % 5))
    world.settle()
    const bookings = Array.from({ length: 5 }, (_, index) =>
      world.state<Booking>('booking', bookingOf(index)),
    )
    for (let index = 0; index < 4; index++) {
      const { id } = runnerOf(index)
      const { rating, ratings, total_trips } = world.state<Runner>('runner', id)
      const his = bookings.filter(({ runner_id, delivered_ms }) => runner_id === id && delivered_ms > 0)
      const stars = his.filter((booking) => booking.stars > 0).map((booking) => booking.stars)
      expect({ ratings, total_trips }, `seed ${seed}`).toEqual({
        ratings: stars.length,
        total_trips: his.length,
      })
      expect(rating * ratings, `seed ${seed}`).toBeCloseTo(
        stars.reduce((sum, each) => sum + each, 0),
        6,
      )
      given_stars += stars.length
    }
  }
  expect(given_stars).toBeGreaterThan(50)
})

test('BK22 of a thousand runners who accept at once one becomes pending, and the others leave no event', () => {
  const behaviour = behaviourOf(booking)
  let state = behaviour.initial
  let events = 0
  const tell = (command: Command, by: Principal) => {
    const context = { ...standing, by }
    const decision = behaviour.decide(state, command, context)
    if (isRejection(decision)) return decision.rejected
    events += decision.length
    for (const event of decision) state = behaviour.evolve(state, event, context)
    return 'ok'
  }
  tell(request, owner)
  const answers = Array.from({ length: 1_000 }, (_, index) =>
    tell({ type: 'booking.accept' }, runnerOf(index)),
  )
  expect(answers.filter((each) => each === 'ok')).toHaveLength(1)
  expect(answers.filter((each) => each === 'booking.lost_race')).toHaveLength(999)
  expect(events).toBe(2)
})
