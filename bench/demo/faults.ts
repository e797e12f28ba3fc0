// What goes wrong on ordinary days, and what becomes of it.
import { firstPolicy } from '../../protocols/policy.ts'
import { money, pay, payInVain } from './money.ts'
import { Unexpected } from './narrator.ts'
import { type Booking, idOf, orderOf, Person, phoneOf, readyRunner } from './people.ts'
import { awaited, heard, type Stage } from './stage.ts'

const window_ms = 3_000
const policy_looks_max = 40

export async function booked(stage: Stage, owner: Person): Promise<Booking> {
  const booking = await owner.call(201, 'POST', '/api/v1/bookings', orderOf(stage))
  await heard(stage, booking.id, 'booking.requested')
  return booking
}

async function twoAccept(stage: Stage): Promise<void> {
  const { told } = stage
  told.step('One owner, two runners, one job')
  const owner = await Person.arrive(stage, 'Mei', 'owner')
  const runners = [await readyRunner(stage, 'Devi'), await readyRunner(stage, 'Azlan')]
  const { id } = await booked(stage, owner)
  told.step('Both accept at the same moment')
  const answers = await Promise.all(
    runners.map((runner) =>
      runner.http.post(`/api/v1/bookings/${id}/accept`).then(
        ({ status }) => ({ runner, status, code: 'accepted' }),
        ({ problem }: { problem: { status: number; code: string } }) => ({ runner, ...problem }),
      ),
    ),
  )
  for (const { runner, status, code } of answers)
    told.say('http', `POST /api/v1/bookings/${id}/accept  ${status}  ${runner.name}: ${code}`)
  told.expect('the answers', answers.map(({ status, code }) => `${status} ${code}`).sort(), [
    '200 accepted',
    '409 booking.lost_race',
  ])
  const winner = answers.find(({ status }) => status === 200)?.runner
  const [accepted] = await heard(stage, id, 'booking.accepted', 'tracking.started')
  told.expect('the runner of the event', accepted?.data.runner_id, winner?.id)
  const booking = await owner.call(200, 'GET', `/api/v1/bookings/${id}`)
  told.expect('the runner of the booking', booking.runner_id, winner?.id)
  await money(stage, owner, id, 'unpaid')
}

async function cancelled(stage: Stage): Promise<void> {
  const { told } = stage
  told.step('A job that is paid for and that a runner holds')
  const owner = await Person.arrive(stage, 'Nurul', 'owner')
  const runner = await readyRunner(stage, 'Siva')
  const { id } = await booked(stage, owner)
  await pay(stage, owner, id)
  await runner.call(200, 'POST', `/api/v1/bookings/${id}/accept`)
  await heard(stage, id, 'booking.accepted', 'tracking.started')
  told.step('The owner cancels: the trip ends, the runner is free, the money goes back')
  const body = { reason: 'the flight was cancelled' }
  const booking = await owner.call(200, 'POST', `/api/v1/bookings/${id}/cancel`, body)
  told.expect('the status', booking.status, 'cancelled')
  await heard(stage, id, 'booking.cancelled', 'tracking.completed', 'payment.escrow_refunded')
  await money(stage, owner, id, 'refunded')
  await runner.refused('booking.wrong_status', 'POST', `/api/v1/bookings/${id}/pickup`)
  told.step('The runner takes the next job')
  const next = await booked(stage, owner)
  await runner.call(200, 'POST', `/api/v1/bookings/${next.id}/accept`)
  await heard(stage, next.id, 'booking.accepted')
}

async function declined(stage: Stage): Promise<void> {
  const { told } = stage
  told.step('A job that a runner holds, and another runner who is near')
  const owner = await Person.arrive(stage, 'Hafiz', 'owner')
  const first = await readyRunner(stage, 'Kavita')
  const second = await readyRunner(stage, 'Lina')
  const phone = await phoneOf(stage, second)
  try {
    const { id } = await booked(stage, owner)
    await pay(stage, owner, id)
    await first.call(200, 'POST', `/api/v1/bookings/${id}/accept`)
    await heard(stage, id, 'booking.accepted', 'tracking.started')
    told.step('The runner declines: the job is open again and runners are told')
    const offered = awaited(stage, phone.events, 'booking.open', ({ booking }) => idOf(booking) === id)
    const open = await first.call(200, 'POST', `/api/v1/bookings/${id}/decline`, { reason: 'pickup_issue' })
    told.expect('the booking', [open.status, open.runner_id], ['requested', null])
    await heard(stage, id, 'booking.declined', 'tracking.completed')
    await offered
    told.say('socket', `booking.open  ${second.name}'s phone shows the job`)
    told.step('The other runner takes it')
    const taken = await second.call(200, 'POST', `/api/v1/bookings/${id}/accept`)
    told.expect('the runner', taken.runner_id, second.id)
    await heard(stage, id, 'booking.accepted', 'tracking.started')
    await money(stage, owner, id, 'held')
  } finally {
    phone.close()
  }
}

async function unfit(stage: Stage): Promise<void> {
  const { told } = stage
  told.step('An old vaccination, and a cat that is not fit to travel')
  const owner = await Person.arrive(stage, 'Jason', 'owner')
  await owner.refused('booking.vaccination_expired', 'POST', '/api/v1/bookings', orderOf(stage, 400))
  await owner.refused('booking.unfit_animal', 'POST', '/api/v1/bookings', orderOf(stage, 90, 'unfit'))
}

/** Puts a policy with another confirmation window in force, and gives the number of its version. */
async function setWindow({ policies, told }: Stage, confirmation_window_ms: number): Promise<number> {
  const newest = (await policies.after(firstPolicy.version)).at(-1) ?? firstPolicy
  const version = newest.version + 1
  await policies.append({ ...newest, version, confirmation_window_ms })
  told.say('note', `policy ${version}: a confirmation window of ${confirmation_window_ms / 1_000} s`)
  return version
}

/** Threads look for policies every second: a booking that was still quoted by an older one is cancelled again. */
async function bookedUnder(stage: Stage, owner: Person, version: number): Promise<Booking> {
  for (let look = 0; look < policy_looks_max; look++) {
    const { data } = await owner.http.post<Booking>('/api/v1/bookings', orderOf(stage))
    if (data.quote.policy_version >= version) {
      stage.told.say('http', `POST /api/v1/bookings  201  ${owner.name}: under policy ${version}`)
      return data
    }
    await owner.http.post(`/api/v1/bookings/${data.id}/cancel`, { reason: 'an older policy' })
    await new Promise<void>((resolve) => {
      stage.env.after(250, resolve)
    })
  }
  throw new Unexpected(`policy ${version} did not come into force`)
}

async function cardDeclined(stage: Stage): Promise<void> {
  const { told } = stage
  told.step('The bank declines the card')
  const owner = await Person.arrive(stage, 'Priya', 'owner')
  const runner = await readyRunner(stage, 'Faiz')
  const { id } = await booked(stage, owner)
  await payInVain(stage, owner, id)
  told.step('The job is done all the same, but is not confirmed before it is paid for')
  for (const step of ['accept', 'pickup', 'deliver'])
    await runner.call(200, 'POST', `/api/v1/bookings/${id}/${step}`)
  await owner.refused('booking.payment_open', 'POST', `/api/v1/bookings/${id}/confirm`)
  told.step('The owner pays with another card, and confirms')
  await pay(stage, owner, id)
  const completed = await owner.call(200, 'POST', `/api/v1/bookings/${id}/confirm`)
  told.expect('the status', completed.status, 'completed')
  await heard(stage, id, 'booking.delivery_confirmed', 'payment.escrow_released', 'booking.completed')
  await money(stage, owner, id, 'released')
}

async function neverConfirmed(stage: Stage): Promise<void> {
  const { told, policies } = stage
  const before = (await policies.after(firstPolicy.version)).at(-1) ?? firstPolicy
  told.step('The policy shortens the confirmation window')
  const version = await setWindow(stage, window_ms)
  try {
    const owner = await Person.arrive(stage, 'Suresh', 'owner')
    const runner = await readyRunner(stage, 'Chong')
    const { id } = await bookedUnder(stage, owner, version)
    await heard(stage, id, 'booking.requested')
    await pay(stage, owner, id)
    told.step('The job is done, and the owner says nothing')
    for (const step of ['accept', 'pickup']) await runner.call(200, 'POST', `/api/v1/bookings/${id}/${step}`)
    await heard(stage, id, 'booking.accepted', 'booking.pet_picked_up')
    await money(stage, owner, id, 'held')
    await runner.call(200, 'POST', `/api/v1/bookings/${id}/deliver`)
    told.step('The window ends: the delivery counts as confirmed, and the money is captured')
    await heard(stage, id, 'booking.delivery_confirmed', 'payment.escrow_released', 'booking.completed')
    const booking = await owner.call(200, 'GET', `/api/v1/bookings/${id}`)
    told.expect('the status', booking.status, 'completed')
    await money(stage, owner, id, 'released')
  } finally {
    await setWindow(stage, before.confirmation_window_ms)
  }
}

/** Every scene by its title. Each brings its own people. */
export const faults: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  'Two runners accept': twoAccept,
  'Cancelled while the money is held': cancelled,
  'Declined and dispatched again': declined,
  'An animal that may not travel': unfit,
  'The bank declines': cardDeclined,
  'The confirmation never comes': neverConfirmed,
}
