// What people say about themselves, from one door through the real actors to another.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { behaviours } from '../../actors/behaviours.ts'
import type { Role } from '../../protocols/actor.ts'
import { limits } from '../../protocols/limits.ts'
import { sealedPrefix } from '../../protocols/personal.ts'
import { type StatusChange, status_changes } from '../../protocols/tables.ts'
import { accountOf, startHttp, type TestHttp } from './testing.ts'

let http: TestHttp
beforeEach(async () => {
  http = await startHttp(behaviours)
})
afterEach(() => http.stop())

const address = (line1: string, latitude: number) => ({
  line1,
  city: 'KL',
  state: 'KL',
  country: 'MY',
  latitude,
  longitude: 101.7,
})
const wanted = {
  pet_spec: { pet_type: 'cat', name: 'Tom', weight_kg: 4, special_needs: 'hates doors' },
  pickup_address: address('17 Jalan Rahsia', 3.13),
  dropoff_address: address('23 Jalan Sulit', 3.16),
  notes: 'the key is under the mat',
}
const said = ['Jalan Rahsia', 'Jalan Sulit', 'hates doors', 'under the mat', 'ring the bell', 'my son is ill']

async function person(role: Role, digit: string) {
  const id = `${digit.repeat(8)}-1111-4111-8111-111111111111`
  await http.doors.accounts.create(accountOf({ id, role }))
  const token = await http.tokenFor({ id, role })
  const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    http.call(method, `/api/v1${path}`, { token, body, headers })
  const ask = async (method: string, path: string, body?: unknown) =>
    (await send(method, path, body)).body.data as Record<string, unknown>
  return { id, send, ask }
}
/** All that the engine was given. */
const carried = () => JSON.stringify(http.host.carried)
const inside = () => JSON.stringify([...http.host.views('booking'), ...http.host.views('runner')])

test('PD19 the engine gets sealed texts alone, and clients read what was said', async () => {
  const owner = await person('owner', 'a')
  const made = await owner.ask('POST', '/bookings', wanted)
  expect(made).toMatchObject(wanted)
  const path = `/bookings/${String(made.id)}`
  expect(await owner.ask('POST', `${path}/note`, { note: 'ring the bell' })).toMatchObject({
    notes: 'the key is under the mat\nring the bell',
  })
  expect(await owner.ask('GET', path)).toMatchObject({ pickup_address: wanted.pickup_address })
  const listed = await owner.send('GET', '/bookings')
  expect(listed.text).toContain('23 Jalan Sulit')
  expect(await owner.ask('POST', `${path}/rebook`)).toMatchObject({ dropoff_address: wanted.dropoff_address })
  expect(await owner.ask('POST', `${path}/cancel`, { reason: 'other: my son is ill' })).toMatchObject({
    cancel_note: 'other: my son is ill',
  })
  for (const text of said) {
    expect(carried(), text).not.toContain(text)
    expect(inside(), text).not.toContain(text)
  }
  expect(inside()).toContain(sealedPrefix(owner.id))
  expect(listed.text).not.toContain('~1.')
})

test('PD19 a runner’s profile is sealed under his own key, and strangers see his name as before', async () => {
  const runner = await person('runner', 'b')
  const owner = await person('owner', 'a')
  const vehicle = { vehicle_type: 'van', vehicle_plate: 'WXY 9182', vehicle_model: 'Hiace' }
  const profile = { full_name: 'Ali Bin Abu', phone: '+60111222333', ...vehicle }
  expect((await runner.send('POST', '/runners', profile)).body.data).toMatchObject(profile)
  await runner.send('POST', '/runners/me/online', { latitude: 3.13, longitude: 101.7 })
  // Nothing changes: nothing is written.
  const before = http.host.carried.length
  await runner.send('PUT', '/runners/me', { full_name: 'Ali Bin Abu' })
  expect(http.host.views('runner')).toHaveLength(1)
  expect(http.host.carried).toHaveLength(before + 1)
  expect(await runner.ask('PUT', '/runners/me', { phone: '+60199' })).toMatchObject({ phone: '+60199' })
  const near = (await owner.send('GET', '/runners/nearby?latitude=3.13&longitude=101.7')).body.data
  expect(near).toMatchObject([{ full_name: 'Ali Bin Abu', phone: '', vehicle_plate: '' }])
  for (const text of ['Ali Bin Abu', '+60111222333', 'WXY 9182', '+60199'])
    expect(carried()).not.toContain(text)
  expect(carried()).toContain(sealedPrefix(runner.id))
})

test('PD19 the history of a booking gives the reason as it was said', async () => {
  const owner = await person('owner', 'a')
  const { id } = await owner.ask('POST', '/bookings', wanted)
  await owner.ask('POST', `/bookings/${String(id)}/cancel`, { reason: 'my son is ill' })
  const { command } = http.host.carried.at(-1) as unknown as { command: { reason: string } }
  await http.doors.rows.add<StatusChange>(status_changes, {
    id: String(id),
    booking_id: String(id),
    from_status: 'requested',
    to_status: 'cancelled',
    changed_by: owner.id,
    changed_by_role: 'owner',
    reason: command.reason,
    frame_shard: 0,
    frame_n: 1,
    log_seq: 1,
    event_id: '0:1:0',
    created_at: http.env.now_ms(),
  })
  expect((await owner.send('GET', `/bookings/${String(id)}/history`)).body.data).toMatchObject([
    { reason: 'my son is ill' },
  ])
})

test('PD20 a repeat is the same command, and another text under its key is another body', async () => {
  const owner = await person('owner', 'a')
  const keyed = { 'idempotency-key': 'once' }
  const first = await owner.send('POST', '/bookings', wanted, keyed)
  const again = await owner.send('POST', '/bookings', wanted, keyed)
  expect([first.status, again.status]).toEqual([201, 201])
  expect(again.body).toEqual(first.body)
  const other = await owner.send('POST', '/bookings', { ...wanted, notes: 'no key' }, keyed)
  expect(other.status).toBe(422)
  expect(other.body).toMatchObject({ code: 'request.key_reused' })
  const unkeyed = [await owner.ask('POST', '/bookings', wanted), await owner.ask('POST', '/bookings', wanted)]
  expect(unkeyed[0]?.id).toBe(unkeyed[1]?.id)
})

test('PD21 a reason that somebody else gives is under the key of the booking’s owner', async () => {
  const owner = await person('owner', 'a')
  const admin = await person('admin', 'c')
  const { id } = await owner.ask('POST', '/bookings', wanted)
  const path = `/bookings/${String(id)}`
  expect(await admin.ask('POST', `${path}/cancel`, { reason: 'Mei phoned' })).toMatchObject({
    cancel_note: 'Mei phoned',
  })
  const { command } = http.host.carried.at(-1) as unknown as { command: { reason: string } }
  expect(command.reason).toContain(sealedPrefix(owner.id))
  await http.person_keys.erase(owner.id, http.env.now_ms())
  await http.env.advance(limits.erased.refresh_ms)
  expect(await admin.ask('GET', path)).toMatchObject({
    cancel_note: '',
    notes: '',
    pickup_address: { line1: '', city: 'KL' },
    pet_spec: { name: 'Tom', special_needs: '' },
  })
  expect((await owner.send('POST', '/bookings', wanted)).status).toBe(404)
})

test('PD11 a door refuses a text that looks sealed, and says which field it is', async () => {
  const owner = await person('owner', 'a')
  const fake = `${sealedPrefix(owner.id)}9.${'A'.repeat(44)}`
  const refused = await owner.send('POST', '/bookings', {
    ...wanted,
    dropoff_address: { ...wanted.dropoff_address, city: fake },
  })
  expect(refused.status).toBe(400)
  expect(refused.body).toMatchObject({ detail: 'dropoff_address.city must not look like a sealed text' })
  expect(await owner.ask('POST', '/bookings', { ...wanted, notes: fake })).toMatchObject({ notes: fake })
})
