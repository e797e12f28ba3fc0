import { afterEach, beforeEach, expect, test } from 'vitest'
import { dataOf, johor, rowsOf, type Stage, stage } from './clients/play_testing.ts'

let on: Stage
beforeEach(async () => {
  on = await stage()
})
afterEach(() => on.stop())

const kedai = { name: 'Kedai', address: '1 Jalan Satu', ...johor, category: 'vet', services: ['x-ray'] }

async function keeper(digit: string) {
  const id = `${digit.repeat(8)}-1111-4111-8111-111111111111`
  const token = await on.http.tokenFor({ id, role: 'shop' })
  const send = (method: string, path: string, body?: object) =>
    on.http.call(method, `/api/v1${path}`, { token, ...(body ? { body } : {}) })
  return { id, send }
}

test('PT9 a shop account keeps its shops: what it does not say stays, and what it deletes is gone', async () => {
  const { id, send } = await keeper('a')
  const other = await keeper('b')
  const made = dataOf(await send('POST', '/petshops', kedai))
  expect(made).toMatchObject({ ...kedai, owner_id: id, rating: 0, phone: '', opening_hours: '' })
  await other.send('POST', '/petshops', { ...kedai, name: 'Other' })
  expect(rowsOf(await send('GET', '/petshops/mine')).map(({ name }) => name)).toEqual(['Kedai'])
  const change = { name: '', latitude: 0, phone: '+6031234567', services: [] }
  const changed = dataOf(await send('PUT', `/petshops/${made.id}`, change))
  expect(changed).toMatchObject({ ...kedai, latitude: 0, phone: '+6031234567', services: [] })
  expect((await send('DELETE', `/petshops/${made.id}`)).status).toBe(200)
  expect((await send('GET', `/petshops/${made.id}`)).status).toBe(404)
})

test('PT10 shops are listed by rating and name, of one category, and near a place by distance', async () => {
  const { send } = await keeper('a')
  const at = (latitude: number, name: string, category: string) =>
    send('POST', '/petshops', { ...kedai, latitude, name, category })
  await at(johor.latitude + 0.05, 'Far', 'vet')
  await at(johor.latitude, 'Here', 'grooming')
  await at(johor.latitude + 0.2, 'Away', 'vet')
  const names = async (path: string) => rowsOf(await send('GET', path)).map(({ name }) => name)
  expect(await names('/petshops')).toEqual(['Away', 'Far', 'Here'])
  expect(await names('/petshops?category=vet')).toEqual(['Away', 'Far'])
  expect(await names('/petshops?category=zoo')).toEqual([])
  const near = `/petshops/nearby?latitude=${johor.latitude}&longitude=${johor.longitude}`
  expect(await names(near)).toEqual(['Here', 'Far'])
  expect(await names(`${near}&radius_km=30`)).toEqual(['Here', 'Far', 'Away'])
  const [, far] = rowsOf(await send('GET', near))
  expect(far?.distance_km).toBeCloseTo(5.56, 2)
})
