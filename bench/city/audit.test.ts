import { expect, test } from 'vitest'
import type { EventRecord } from '../../protocols/frame.ts'
import { Auditor } from './audit.ts'
import { Ledger } from './ledger.ts'

const [owner, runner, rival, booking, boot] = ['owner-1', 'runner-1', 'runner-2', 'booking-1', 'boot-1']

function event(type: string, by: string, data: object = {}): EventRecord {
  const [kind = ''] = type.split('.')
  const id = kind === 'runner' ? by : booking
  const role = kind === 'runner' ? 'runner' : 'service'
  return { kind, id, seq: 1, type, version: 1, by: { id: by, role }, cause: 'c', at_ms: 1, data }
}

const requested = event('booking.requested', owner, { owner_id: owner, pet_spec: { name: 'Pet 1' } })
const pending = event('booking.runner_pending', runner, { runner_id: runner })
const reserved = event('runner.reserved', runner, { booking_id: booking })
const accepted = event('booking.accepted', 'system', { runner_id: runner })
const picked_up = event('booking.pet_picked_up', runner, { runner_id: runner })
const cancelled = event('booking.cancelled', owner, { runner_id: runner })

function auditOf(events: readonly EventRecord[], tell: (ledger: Ledger) => void = () => {}) {
  const auditor = new Auditor(1)
  for (const each of events) auditor.take(each)
  const ledger = new Ledger()
  tell(ledger)
  return { ...auditor.check(ledger), disagreements: auditor.disagreements() }
}

test('CT5 an acked command that the journal shows is kept, one that it does not show is lost', () => {
  const tell = (ledger: Ledger) => {
    ledger.ack('request', booking, owner, 0)
    ledger.ack('accept', booking, runner, 0)
    ledger.ack('pick_up', booking, runner, 0)
  }
  const kept = auditOf([requested, pending, reserved, accepted, picked_up], tell)
  expect(kept).toMatchObject({ lost: [], illegal: [], doubled: [], checked_commands: 3, disagreements: [] })
  expect(auditOf([requested, pending, accepted], tell).lost).toEqual([`pick_up of ${booking} by ${runner}`])
})

test('CT5 an accept that was acked to one runner is not proven by the accept of another', () => {
  const found = auditOf([requested, pending, accepted], (ledger) => ledger.ack('accept', booking, rival, 0))
  expect(found.lost).toHaveLength(1)
})

test('CT6 an acked waypoint is kept when a trip journaled its boot and sequence, else lost', () => {
  const recorded = event('trip.waypoints', runner, { waypoints: [{ boot, seq: 1 }] })
  const tell = (ledger: Ledger) => ledger.waypoints.push(`${boot} 1`, `${boot} 2`)
  expect(auditOf([{ ...recorded, kind: 'trip' }], tell)).toMatchObject({
    lost_waypoints: [`${boot} 2`],
    checked_waypoints: 2,
  })
})

test('CT6 a fix that the runner topic shows as put aside is no lost waypoint', () => {
  const auditor = new Auditor(1)
  auditor.excuse(`${boot} 7`)
  const ledger = new Ledger()
  ledger.waypoints.push(`${boot} 7`)
  expect(auditor.check(ledger).lost_waypoints).toEqual([])
})

test('CT7 a second accept is doubled, and so is one request that made two bookings', () => {
  const again = event('booking.accepted', 'system', { runner_id: rival })
  expect(auditOf([requested, pending, accepted, again]).doubled).toHaveLength(1)
  expect(auditOf([requested, { ...requested, id: 'booking-2' }]).doubled).toHaveLength(1)
})

test('CT7 a booking that leaves the status machine is illegal', () => {
  expect(auditOf([requested, picked_up]).illegal).toHaveLength(1)
  expect(auditOf([requested, pending, accepted, picked_up, cancelled]).illegal).toHaveLength(1)
  const foreign = event('booking.pet_picked_up', rival, { runner_id: rival })
  expect(auditOf([requested, pending, accepted, foreign]).illegal).toHaveLength(1)
})

test('CT7 a runner who is refused too late moves nothing', () => {
  const refused = { ...pending, type: 'booking.runner_refused' }
  expect(auditOf([requested, pending, refused, cancelled, refused]).illegal).toHaveLength(0)
  expect(auditOf([requested, pending, refused, cancelled, refused, picked_up]).illegal).toHaveLength(1)
})

test('CT7 a runner above his capacity is illegal', () => {
  const second = event('runner.reserved', runner, { booking_id: 'booking-2' })
  const released = event('runner.released', runner, { booking_id: booking })
  expect(auditOf([reserved, second]).illegal).toHaveLength(1)
  expect(auditOf([reserved, released, second]).illegal).toHaveLength(0)
})

test('CT8 a booking and a runner that disagree about who holds what are found', () => {
  expect(auditOf([requested, pending, accepted]).disagreements).toHaveLength(1)
  expect(auditOf([requested, pending, reserved, accepted]).disagreements).toHaveLength(0)
  expect(auditOf([requested, pending, reserved, accepted, cancelled]).disagreements).toHaveLength(1)
  const released = event('runner.released', runner, { booking_id: booking })
  expect(auditOf([requested, pending, reserved, accepted, cancelled, released]).disagreements).toHaveLength(0)
  expect(auditOf([requested, reserved]).disagreements).toHaveLength(1)
})

test('CT9 bookings are counted by the state that the journal leaves them in', () => {
  const found = auditOf([requested, pending, accepted], (ledger) => {
    ledger.requested.set(booking, 'Pet 1')
    ledger.requested.set('booking-9', 'Pet 9')
  })
  expect(found.bookings).toEqual({ accepted: 1, none: 1 })
})
