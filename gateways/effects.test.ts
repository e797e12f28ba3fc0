import { expect, test } from 'vitest'
import { Fault } from '../engine/ports.ts'
import { systemEnv } from '../engine/system_env.ts'
import type { Effect } from '../protocols/effects.ts'
import { limits } from '../protocols/limits.ts'
import { bitsFor, type Requirement } from '../protocols/runner.ts'
import { effectRunner, type Notice, type Offer } from './effects.ts'
import { booking_id, MemoryHost, owner, rival, runner } from './ws/testing.ts'

const requirement: Requirement = {
  minimum_size: 'medium',
  needs_ventilation: true,
  needs_temp_control: false,
  minimum_weight_capacity: 5,
  pet_type: 'cat',
  weight_kg: 4,
}
const pickup = { latitude: 1.5, longitude: 103.7 }
const announce: Effect = { type: 'dispatch.announce', data: { booking_id, pickup, requirement } }

const stripe = { run: () => Promise.reject(new Error('no payment takes part')) }

function given(status = 'requested') {
  const host = new MemoryHost()
  const notices = new Map<string, Notice>()
  const offers: Offer[] = []
  const booking = { id: booking_id, owner_id: owner.id, status }
  host.views.set(`booking/${booking_id}`, booking)
  host.near_runners = [runner, rival].map(({ id }) => ({ id, distance_km: 1, age_ms: 0, view: {} }))
  const inbox = {
    add: async (notice: Notice) => {
      if (!notices.has(notice.effect_id)) notices.set(notice.effect_id, notice)
    },
    offer: async (offer: Offer) => void offers.push(offer),
  }
  const effects = effectRunner({ host, inbox, env: systemEnv('error'), stripe })
  return { host, notices, offers, booking, effects }
}

test('FD20 a notice is kept under its effect’s id, so a repeat is the same one', async () => {
  const { effects, notices } = given()
  const data = { user_id: owner.id, template: 'runner_assigned', booking_id } as const
  for (const attempt of [1, 2]) await effects.run({ type: 'push.send', data }, '1:2:3', attempt)
  expect([...notices.values()]).toEqual([{ ...data, effect_id: '1:2:3', at_ms: expect.any(Number) }])
})

test('FD21 an open booking is shown to the free runners near its pickup who could take it', async () => {
  const { effects, host, booking, offers } = given()
  await effects.run(announce, '1:2:4', 1)
  expect(offers).toMatchObject([{ effect_id: '1:2:4', booking_id, runner_ids: [runner.id, rival.id] }])
  expect(host.near_queries).toEqual([
    {
      kind: 'runner',
      ...pickup,
      radius_km: limits.announce_radius_km,
      limit: limits.announce_runners_max,
      bits: bitsFor(requirement),
      criteria: { requirement, only_free: true },
      ranked: true,
    },
  ])
  expect(host.shows).toEqual(
    [runner, rival].map(({ id }) => ({
      of: { actor: 'runner', id },
      message: { type: 'booking.open', booking },
    })),
  )
})

test('FD22 a booking that is no longer open, or is unknown, is announced to nobody', async () => {
  const taken = given('accepted')
  await taken.effects.run(announce, '1:2:5', 1)
  const unknown = given()
  unknown.host.views.clear()
  await unknown.effects.run(announce, '1:2:5', 1)
  expect([...taken.host.shows, ...unknown.host.shows]).toEqual([])
})

test('FD23 an announcement that meets a shard without time is tried again', async () => {
  const { effects, host } = given()
  host.ask = async () => ({ ok: false, rejection: { rejected: 'unavailable', detail: '' } })
  await expect(effects.run(announce, '1:2:6', 1)).rejects.toBeInstanceOf(Fault)
})
