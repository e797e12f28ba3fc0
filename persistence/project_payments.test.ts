import { afterAll, beforeAll, expect, test } from 'vitest'
import { owner, runner } from '../actors/booking.given.ts'
import { given, noon_ms, self } from '../actors/given.ts'
import { created, failed, held, refunded, released, returned, wanted } from '../actors/payment.given.ts'
import { payment } from '../actors/payment.ts'
import type { DurableFrame } from '../engine/ports.ts'
import type { PaymentEvent } from '../protocols/payment.ts'
import { openLists } from './lists.ts'
import { sharedTestDatabase } from './migrated.ts'
import { openProjections } from './projections.ts'

const database = sharedTestDatabase()
beforeAll(async () => void (await database.open()))
afterAll(() => database.close())

const ways: readonly (readonly PaymentEvent[])[] = [
  [created],
  [created, held, { type: 'payment.runner_assigned', runner_id: runner.id }, wanted, released],
  [created, held, returned('a mistake'), refunded('a mistake')],
  [created, failed('insufficient_funds'), { ...created, hold: 2 }, { ...held, hold: 2 }],
  [created, failed('insufficient_funds')],
]

/** Each event in a frame of its own. */
const framesOf = (shard: number, id: string, events: readonly PaymentEvent[]): DurableFrame[] =>
  events.map(({ type, ...data }, index) => {
    const by = { id: owner.id, role: 'owner' } as const
    const record = {
      kind: 'payment',
      id,
      seq: index + 1,
      type,
      version: 1,
      by,
      cause: 'c',
      at_ms: noon_ms,
      data,
    }
    return { seq: index + 1, frame: { shard, n: index + 1, at_ms: noon_ms, events: [record], commands: [] } }
  })

test('PJ30 a payment in the lists is what its actor shows, in one call or one by one', async () => {
  const { sql } = await database.open()
  const [projections, lists] = [openProjections(sql), openLists(sql)]
  for (const [index, events] of ways.entries()) {
    const shown = given(payment, events).view()
    for (const [shard, id] of [
      [2 * index, self.replace(/^0{8}/, `a000000${index}`)],
      [2 * index + 1, self.replace(/^0{8}/, `b000000${index}`)],
    ] as const) {
      const frames = framesOf(shard, id, events)
      if (shard % 2 === 0) await projections.project(frames)
      else for (const frame of frames) await projections.project([frame])
      const { items } = await lists.payments({ owner_id: owner.id, page: 1, limit: 100 })
      expect(items).toContainEqual({ ...shown, id, booking_id: id })
    }
  }
  const mine = { runner_id: runner.id, statuses: ['released'], page: 1, limit: 1 }
  expect(await lists.payments(mine)).toMatchObject({ total: 2, items: [{ escrow_status: 'released' }] })
})

test('PJ31 an event of a payment that nobody asked for is a fault', async () => {
  const { sql } = await database.open()
  const projecting = openProjections(sql).project(framesOf(63, self, [held]))
  await expect(projecting).rejects.toThrow('unknown payment')
})
