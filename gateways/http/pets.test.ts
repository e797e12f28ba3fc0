import { afterEach, beforeEach, expect, test } from 'vitest'
import { limits } from '../../protocols/limits.ts'
import { type Pet, pets } from '../../protocols/tables.ts'
import { dataOf, johor, order, rowsOf, type Stage, stage } from './clients/play_testing.ts'

let on: Stage
beforeEach(async () => {
  on = await stage()
})
afterEach(() => on.stop())

const tom = { name: 'Tom', pet_type: 'cat', breed: 'siam', weight_kg: 4 }

test('PT3 an owner adds, reads, changes and archives a pet; empty and zero leave a field as it is', async () => {
  const owner = await on.register('owner@kilat.test', 'owner')
  const made = dataOf(await owner.send('POST', '/pets', tom))
  const path = `/pets/${made.id}`
  expect(dataOf(await owner.send('GET', path))).toEqual(made)
  const change = { name: 'Tim', breed: '', weight_kg: 0, notes: 'shy' }
  const changed = dataOf(await owner.send('PUT', path, change))
  expect(changed).toMatchObject({ ...tom, name: 'Tim', notes: 'shy' })
  expect((await owner.send('DELETE', path)).status).toBe(200)
  expect((await owner.send('GET', path)).status).toBe(404)
  expect(dataOf(await owner.send('GET', '/users/me/pets'))).toEqual([])
})

test('PT4 of two changes of a pet at once one is told that the other came between', async () => {
  const owner = await on.register('owner@kilat.test', 'owner')
  const { id } = dataOf(await owner.send('POST', '/pets', tom))
  const { rows } = on.http.doors
  const find = rows.find.bind(rows)
  rows.find = async (table, search) => {
    const found = await find(table, search)
    if (found.length === 1 && table.name === pets.name)
      await rows.change(pets, { id: String(id) }, { version: (found[0] as unknown as Pet).version + 1 })
    return found
  }
  const { status, body } = await owner.send('PUT', `/pets/${id}`, { name: 'Tim' })
  expect({ status, code: body.code }).toEqual({ status: 409, code: 'pet.changed' })
})

test('PT5 an account holds so many pets, and no more', async () => {
  const owner = await on.register('owner@kilat.test', 'owner')
  for (let count = 0; count < limits.pets_per_owner_max; count++)
    expect((await owner.send('POST', '/pets', tom)).status).toBe(201)
  expect((await owner.send('POST', '/pets', tom)).body.code).toBe('pet.too_many')
})

test('PT6 a first pet named at registration is the owner’s; what describes none is passed over', async () => {
  const register = async (email: string, role: string, first_pet: unknown) => {
    const body = { email, password: 'a-long-password', full_name: 'A', role, first_pet }
    return String(dataOf(await on.http.call('POST', '/api/v1/auth/register', { body })).access_token)
  }
  const petsOf = async (token: string) => rowsOf(await on.http.call('GET', '/api/v1/pets', { token }))
  expect(await petsOf(await register('a@kilat.test', 'owner', tom))).toMatchObject([tom])
  expect(await petsOf(await register('b@kilat.test', 'owner', { pet_type: 'dragon' }))).toEqual([])
  expect(await petsOf(await register('c@kilat.test', 'owner', 'Tom'))).toEqual([])
})

test('PT7 booking again clones pet, addresses and notes, prices anew, and looks at vaccinations again', async () => {
  const owner = await on.register('owner@kilat.test', 'owner')
  const today = new Date(on.http.env.now_ms()).toISOString().slice(0, 10)
  const vaccinations = [{ vaccine_name: 'rabies', date_given: `${today}T00:00:00Z` }]
  const wanted = {
    ...order,
    pet_spec: { ...order.pet_spec, vaccinations },
    notes: 'shy',
    scheduled_at: '2030-01-01T00:00:00Z',
  }
  const first = dataOf(await owner.send('POST', '/bookings', wanted))
  const answered = await owner.send('POST', `/bookings/${first.id}/rebook`)
  expect(answered.status, answered.text).toBe(201)
  const again = dataOf(answered)
  const { pet_spec, pickup_address, dropoff_address, estimated_price_cents } = first
  expect(again).toMatchObject({
    ...{ pet_spec, pickup_address, dropoff_address, estimated_price_cents, notes: 'shy' },
    status: 'requested',
    scheduled_at: null,
  })
  expect(again.id).not.toBe(first.id)
  expect(dataOf(await owner.send('POST', `/bookings/${first.id}/rebook`)).id).toBe(again.id)
  await on.http.env.advance(366 * 86_400_000)
  const { accounts } = on.http.doors
  const account = await accounts.byEmail('owner@kilat.test')
  const token = await on.http.tokenFor({ id: account?.id ?? '', role: 'owner' })
  const late = await on.http.call('POST', `/api/v1/bookings/${first.id}/rebook`, { token })
  expect(late.body.code).toBe('booking.vaccination_expired')
})

test('PT8 the runner who holds a booking adds photos by URL, and those who take part see them oldest first', async () => {
  const owner = await on.register('owner@kilat.test', 'owner')
  const runner = await on.readyRunner('runner@kilat.test')
  await runner.send('POST', '/runners/me/online', johor)
  const id = await on.book(owner)
  const photo = { photo_type: 'pickup', photo_url: 'https://photos.test/1.jpg' }
  expect((await runner.send('POST', `/bookings/${id}/photo`, photo)).status).toBe(403)
  await runner.send('POST', `/bookings/${id}/accept`)
  const made = await runner.send('POST', `/bookings/${id}/photo`, photo)
  expect(dataOf(made)).toMatchObject({ ...photo, caption: '', booking_id: id, runner_id: runner.id })
  await on.http.env.advance(1_000)
  const second = { ...photo, photo_type: 'delivery', caption: 'at the door' }
  await runner.send('POST', `/bookings/${id}/photo`, second)
  const seen = rowsOf(await owner.send('GET', `/bookings/${id}/photos`))
  expect(seen.map(({ photo_type }) => photo_type)).toEqual(['pickup', 'delivery'])
})
