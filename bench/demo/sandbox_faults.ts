// What goes otherwise at the bank, where the embedded sandbox can be told to.
import { booked } from './faults.ts'
import { money, pay, payWithApproval, post } from './money.ts'
import { Person, readyRunner } from './people.ts'
import { heard, type Stage } from './stage.ts'

const json = 'application/json'

async function approval(stage: Stage): Promise<void> {
  const { told } = stage
  told.step('The bank asks the owner before it holds the money')
  const owner = await Person.arrive(stage, 'Wei', 'owner')
  const { id } = await booked(stage, owner)
  const page = await payWithApproval(stage, owner, id)
  told.step('The owner approves on the page')
  await post(stage, page, 'answer=yes', 'application/x-www-form-urlencoded')
  await heard(stage, id, 'payment.escrow_held')
  await money(stage, owner, id, 'held')
}

async function slowCapture(stage: Stage): Promise<void> {
  const { told, topics, sandbox_url } = stage
  told.step('A paid job is delivered')
  const owner = await Person.arrive(stage, 'Amir', 'owner')
  const runner = await readyRunner(stage, 'Gita')
  const { id } = await booked(stage, owner)
  await pay(stage, owner, id)
  for (const step of ['accept', 'pickup', 'deliver'])
    await runner.call(200, 'POST', `/api/v1/bookings/${id}/${step}`)
  told.step('The bank takes no calls: the owner is answered after 5 s that the delivery stands')
  await post(stage, `${sandbox_url}/sandbox/faults`, '{"too_many":1}', json)
  try {
    const waiting = await owner.call(200, 'POST', `/api/v1/bookings/${id}/confirm`)
    told.expect('the status', waiting.status, 'delivered')
    await heard(stage, id, 'booking.delivery_confirmed')
    await money(stage, owner, id, 'held')
  } finally {
    await post(stage, `${sandbox_url}/sandbox/faults`, '{}', json)
  }
  told.step('The bank is back: the money is captured once, and the booking completed')
  await heard(stage, id, 'payment.escrow_released', 'booking.completed')
  await money(stage, owner, id, 'released')
  const completed = await owner.call(200, 'POST', `/api/v1/bookings/${id}/confirm`)
  told.expect('the status', completed.status, 'completed')
  const types = topics.about(id, 'payment.').map(({ type }) => type.slice('payment.'.length))
  told.expect('the events on payment.events', types, ['escrow_created', 'escrow_held', 'escrow_released'])
}

/** As `faults`. */
export const sandbox_faults: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  'The bank asks the owner first': approval,
  'The capture takes too long': slowCapture,
}
