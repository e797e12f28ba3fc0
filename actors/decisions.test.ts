/** Ratings, quality and the transport rules, as bookings and runners decide by them. */
import { expect, test } from 'vitest'
import type { Principal } from '../protocols/actor.ts'
import { firstPolicy } from '../protocols/policy.ts'
import type { RunnerEvent } from '../protocols/runner.ts'
import {
  admin,
  cancelled,
  completed,
  confirmed,
  done,
  runner as driver,
  owner,
  pending,
  refused,
  request,
  requested,
  requirement,
  rival,
  taken,
} from './booking.given.ts'
import { booking } from './booking.ts'
import { given, noon_ms, self } from './given.ts'
import { runner } from './runner.ts'

const finished = [...done, confirmed, completed]
const rating = (stars: number, comment = '') => ({ type: 'booking.rate', stars, comment }) as const
const rated = {
  type: 'booking.rated',
  booking_number: 'BK-ABCDEF',
  owner_id: owner.id,
  runner_id: driver.id,
  stars: 4,
  comment: 'Gentle.',
} as const

test('DS9 the owner rates the runner once, after completion, and the runner is told', () => {
  given(booking, finished)
    .when(rating(4, 'Gentle.'), owner)
    .yields([rated])
    .asks([
      {
        to: { actor: 'runner', id: driver.id },
        command: { type: 'runner.rate', booking_id: self, stars: 4 },
      },
    ])
  for (const person of [driver, rival, admin])
    given(booking, finished).when(rating(5), person).isRejected('booking.not_yours')
  given(booking, done).when(rating(5), owner).isRejected('booking.wrong_status')
  given(booking, []).when(rating(5), owner).isRejected('booking.not_found')
  given(booking, [...finished, rated])
    .when(rating(4), owner)
    .yieldsNothing()
  given(booking, [...finished, rated])
    .when(rating(5), owner)
    .isRejected('booking.already_rated')
  expect(given(booking, [...finished, rated]).view()).toMatchObject({ stars: 4, version: 6 })
  expect(given(booking, finished).view()).toMatchObject({ stars: null, version: 5 })
})

const id_of = (index: number) => `${String(index).padStart(8, '0')}-0000-4000-8000-000000000000`
const registered: RunnerEvent = {
  type: 'runner.registered',
  profile_id: id_of(99),
  full_name: 'x',
  phone: '',
  vehicle_type: 'car',
  vehicle_plate: 'x',
  vehicle_model: 'x',
  vehicle_year: 0,
  air_conditioned: true,
}
const crate_added: RunnerEvent = {
  type: 'runner.crate_added',
  crate: {
    id: id_of(98),
    size: 'large',
    pet_types: ['cat'],
    max_weight_kg: 30,
    width_cm: 0,
    height_cm: 0,
    depth_cm: 0,
    ventilated: true,
    temperature_controlled: false,
  },
}
const ready: readonly RunnerEvent[] = [
  registered,
  crate_added,
  { type: 'runner.online', runner_id: self, latitude: 3, longitude: 101 },
]
type Outcome = 'delivered' | 'declined' | 'cancelled' | 'refused'
const worked = (...outcomes: readonly (Outcome | 'own')[]): readonly RunnerEvent[] =>
  outcomes.flatMap((each, index): RunnerEvent[] => [
    { type: 'runner.reserved', booking_id: id_of(index), attempt: 1 },
    each === 'own'
      ? { type: 'runner.released', booking_id: id_of(index), outcome: 'cancelled', attempt: 1, own: true }
      : { type: 'runner.released', booking_id: id_of(index), outcome: each, attempt: 1 },
  ])

test('DS10 a runner’s rating is the mean of all stars, and a step that comes twice counts once', () => {
  let events: readonly RunnerEvent[] = [registered]
  const given_stars = [5, 4, 4, 5, 3, 5, 5]
  for (const [index, stars] of given_stars.entries()) {
    const step = { type: 'runner.rate', booking_id: id_of(index), stars } as const
    const so_far = given_stars.slice(0, index + 1)
    const mean = so_far.reduce((sum, each) => sum + each, 0) / so_far.length
    const event: RunnerEvent = { ...step, type: 'runner.rated', rating: mean, ratings: index + 1 }
    given(runner, events).when(step).yields([event])
    events = [...events, event]
    given(runner, events).when(step).yieldsNothing()
  }
  expect(given(runner, events).view()).toMatchObject({ rating: 4.43 })
})

test('DS11 the completion rate is the share of accepted bookings that were delivered; what owners cancel does not count', () => {
  const rate = (...outcomes: readonly (Outcome | 'own')[]) =>
    given(runner, [...ready, ...worked(...outcomes)]).view() as {
      completion_rate: number
      total_trips: number
    }
  expect(rate()).toMatchObject({ completion_rate: 1, total_trips: 0 })
  expect(rate('delivered', 'delivered', 'delivered', 'declined')).toMatchObject({
    completion_rate: 0.75,
    total_trips: 3,
  })
  expect(rate('delivered', 'own')).toMatchObject({ completion_rate: 0.5 })
  expect(rate('delivered', 'cancelled', 'refused')).toMatchObject({ completion_rate: 1, total_trips: 1 })
})

test('DS11 a cancel tells the runner’s shard whether it was his own', () => {
  const told = (by: Principal) =>
    given(booking, taken)
      .when({ type: 'booking.cancel', reason: 'ill' }, by)
      .yields([cancelled(by, driver.id, 1)])
  const release = { type: 'runner.release', booking_id: self, outcome: 'cancelled', attempt: 1 } as const
  const trip = {
    to: { actor: 'trip', id: self },
    command: { type: 'trip.end', outcome: 'cancelled' },
  } as const
  const to = { actor: 'runner', id: driver.id }
  told(owner).asks([trip, { to, command: release }])
  told(driver).asks([trip, { to, command: { ...release, own: true } }])
})

test('DS12 a high-tier job is refused to a runner whom policy does not admit, and he is told so', () => {
  const reserve = { type: 'runner.reserve', booking_id: id_of(50), requirement, attempt: 1 } as const
  const answer = { booking_id: id_of(50), attempt: 1 } as const
  const old_hand = [...ready, ...worked(...Array<'delivered'>(10).fill('delivered'))]
  const stars = (rating: number): RunnerEvent => ({
    type: 'runner.rated',
    booking_id: id_of(0),
    stars: 5,
    rating,
    ratings: 9,
  })
  given(runner, old_hand)
    .when(reserve)
    .yields([{ type: 'runner.reserve_refused', ...answer, reason: 'not_admitted' }])
  given(runner, old_hand)
    .when({ ...reserve, requirement: { ...requirement, high_tier: false } })
    .yields([{ type: 'runner.reserved', ...answer }])
  given(runner, [...old_hand, stars(4.9)])
    .when(reserve)
    .yields([{ type: 'runner.reserved', ...answer }])
  given(runner, ready)
    .when(reserve)
    .yields([{ type: 'runner.reserved', ...answer }])
  const strict = { ...firstPolicy, five_star: { ...firstPolicy.five_star, admits_newcomers: false } }
  given(runner, ready, { policy: strict })
    .when(reserve)
    .yields([{ type: 'runner.reserve_refused', ...answer, reason: 'not_admitted' }])
  given(booking, [requested, pending, refused('not_admitted')]).settles(
    { type: 'booking.accept' },
    driver,
    'runner.not_admitted',
  )
})

test('DS13 what the transport rules refuse is refused by the rule’s name', () => {
  const asking = (more: object) =>
    given(booking, []).when({ ...request, pet_spec: { ...request.pet_spec, ...more } }, owner)
  asking({ health_status: 'unfit' }).isRejected(
    'booking.unfit_animal',
    'fit_to_travel: an animal that is not fit to travel stays where a vet can see it',
  )
  const vaccination = { vaccine_name: 'F3', expires_at: null, vet_name: '', verified: false }
  const old = asking({ vaccinations: [{ ...vaccination, date_given: '2020-01-01T00:00:00Z' }] })
  old.isRejected('booking.vaccination_expired')
  expect(asking({ health_status: 'fit' }).state.requirement).toEqual(requirement)
})

test('DS14 an animal that needs care asks for a certified runner', () => {
  const pet_spec = { ...request.pet_spec, health_status: 'needs_care' } as const
  const { state } = given(booking, []).when({ ...request, pet_spec }, owner)
  expect(state.requirement).toEqual({ ...requirement, needs_certified: true })
  const reserve = {
    type: 'runner.reserve',
    booking_id: id_of(1),
    requirement: state.requirement,
    attempt: 1,
  } as const
  const answer = { booking_id: id_of(1), attempt: 1 } as const
  given(runner, ready)
    .when(reserve)
    .yields([{ type: 'runner.reserve_refused', ...answer, reason: 'not_certified' }])
  given(runner, [...ready, { type: 'runner.certified', certified: true }])
    .when(reserve)
    .yields([{ type: 'runner.reserved', ...answer }])
  given(booking, [requested, pending, refused('not_certified')]).settles(
    { type: 'booking.accept' },
    driver,
    'runner.not_certified',
  )
})

test('DS15 an admin certifies a runner, and takes it back', () => {
  const certify = (certified: boolean) => ({ type: 'runner.certify', certified }) as const
  given(runner, ready)
    .when(certify(true), admin)
    .yields([{ type: 'runner.certified', certified: true }])
  given(runner, ready).when(certify(false), admin).yieldsNothing()
  given(runner, ready).when(certify(true), driver).isRejected('auth.role')
  given(runner, []).when(certify(true), admin).isRejected('runner.not_found')
  const certified: readonly RunnerEvent[] = [...ready, { type: 'runner.certified', certified: true }]
  expect(given(runner, certified).view()).toMatchObject({ certified: true })
  given(runner, certified)
    .when(certify(false), admin)
    .yields([{ type: 'runner.certified', certified: false }])
})

test('DS16 a booking’s animal and its vaccinations stay as they were when it was made', () => {
  const vaccinations = [
    {
      vaccine_name: 'F3',
      date_given: '2026-03-01T00:00:00Z',
      expires_at: null,
      vet_name: '',
      verified: false,
    },
  ]
  const pet_spec = { ...request.pet_spec, vaccinations }
  const born = given(booking, []).when({ ...request, pet_spec }, owner).state
  expect(born.pet_spec).toEqual(pet_spec)
  const life = [{ ...requested, pet_spec }, ...finished.slice(1), rated] as typeof finished
  expect(given(booking, life).state).toMatchObject({ pet_spec: born.pet_spec, status: 'completed', stars: 4 })
})

test('DS17 a booking from before quotes and routes folds, and shows none', () => {
  const { quote: _quote, ...older } = requested as typeof requested & { quote?: unknown }
  const { high_tier: _high_tier, ...plain } = requirement
  const before = given(booking, [{ ...older, requirement: plain } as typeof requested])
  expect(before.view()).toMatchObject({
    quote: null,
    itinerary: null,
    high_tier: false,
    needs_certified: false,
  })
  expect(before.state.status).toBe('requested')
})

test('DS18 only its owner and admins search for a booking’s runners', () => {
  const search = { type: 'booking.search' } as const
  const found = { pickup: { latitude: 1.4927, longitude: 103.7414 }, requirement }
  for (const person of [owner, admin])
    expect(given(booking, [requested]).answers(search, person)).toEqual(found)
  expect(given(booking, [requested]).answers(search, driver)).toMatchObject({ rejected: 'booking.not_yours' })
  expect(given(booking, []).answers(search, owner)).toMatchObject({ rejected: 'booking.not_found' })
})

test('RT1 a route that the door learned is recorded with the booking, and priced where policy says so', () => {
  const route = {
    distance_km: 330,
    duration_min: 210,
    polyline: '_p~iF~ps|U',
    source: 'osrm',
    fallback: false,
  } as const
  const learned = { ...request, route }
  const { state } = given(booking, []).when(learned, owner)
  expect(state).toMatchObject({ itinerary: route, estimated_price_cents: 73_948 })
  expect(state.route_spec.distance_km).toBeCloseTo(292.5946, 3)
  const { pricing } = firstPolicy
  const policy = { ...firstPolicy, pricing: { ...pricing, standard: { by_route: true } } }
  const priced = given(booking, [], { policy }).when(learned, owner).state
  expect(priced.estimated_price_cents).toBe(500 + 82_500 + 300)
  expect(priced.quote).toMatchObject({ by_route: true, distance_km: 330 })
  expect(given(booking, [], { at_ms: noon_ms }).when(request, owner).state.itinerary).toBeNull()
})
