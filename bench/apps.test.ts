/** What is told to people, on the real stack: the built engine with two threads, a real nats-server, a real database. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemEnv } from '../engine/system_env.ts'
import { HttpClient } from '../gateways/client/http_client.ts'
import { listOf, record } from '../gateways/http/clients/decoders_testing.ts'
import { flutter, swift } from '../gateways/http/clients/models_testing.ts'
import { order } from '../gateways/http/clients/play_testing.ts'
import { Probe } from '../gateways/ws/probe.ts'
import { startDatabase, startNats, type TestDatabase, type TestNats } from '../persistence/testing.ts'
import { Stack } from './stack.ts'

const env = systemEnv('error')
const johor = { latitude: 1.4927, longitude: 103.7414 }
const crate = { size: 'medium', pet_types: ['cat'], max_weight_kg: 20, ventilated: true }
const vehicle = { vehicle_type: 'car', vehicle_plate: 'JQK 1', vehicle_model: 'Myvi', vehicle_year: 2022 }

let nats: TestNats
let database: TestDatabase
let stack: Stack
beforeAll(async () => {
  ;[nats, database] = await Promise.all([startNats(), startDatabase()])
  const stores = { nats_url: nats.url, nats_monitor_url: nats.monitor_url, database_url: database.url }
  stack = await Stack.create({ workers: 2, stores })
  await stack.start()
}, 180_000)
afterAll(async () => {
  await stack?.stop()
  await database?.stop()
  await nats?.stop()
}, 60_000)

async function person(role: 'owner' | 'runner') {
  const http = new HttpClient({ base_url: `http://127.0.0.1:${stack.port}`, env })
  const email = `${role}-${env.uuid()}@kilat.test`
  const { user } = await http.register({ email, password: 'a-long-password', full_name: `A ${role}`, role })
  return { http, id: user.id }
}

interface Change {
  readonly to_status: string
  readonly changed_by: string
  readonly frame: { readonly n: number }
}

/** Of any kind, at least so many, as soon as the effects have run. */
async function noticesOf(http: HttpClient, count: number): Promise<readonly { type: string }[]> {
  for (;;) {
    const { data } = await http.get<{ items: { type: string }[] }>('/api/v1/notifications', { limit: 50 })
    if (data.items.length >= count) return data.items
  }
}

test('DE10 the real engine tells owner and runner, passes chat to every thread’s sockets, and keeps the history', async () => {
  const [owner, runner] = [await person('owner'), await person('runner')]
  await runner.http.post('/api/v1/runners', vehicle)
  await runner.http.post('/api/v1/runners/me/crates', crate)
  await runner.http.post('/api/v1/runners/me/online', johor)
  const { id } = (await owner.http.post<{ id: string }>('/api/v1/bookings', order)).data
  await runner.http.post(`/api/v1/bookings/${id}/accept`)
  const url = `ws://127.0.0.1:${stack.port}/ws/tracking/${id}?token=${await owner.http.token()}`
  const feeds = await Promise.all(Array.from({ length: 8 }, () => Probe.open(url)))
  const body = { message_type: 'text', content: 'at the gate' }
  await runner.http.post(`/api/v1/chat/${id}/messages`, body)
  for (const feed of feeds) {
    await feed.until(() => feed.frames.some((frame) => String(frame).includes('at the gate')))
    feed.close()
  }
  for (const step of ['pickup', 'deliver']) await runner.http.post(`/api/v1/bookings/${id}/${step}`)
  await owner.http.post(`/api/v1/bookings/${id}/confirm`)
  const told = await noticesOf(owner.http, 5)
  const status = 'booking_status_changed'
  const expected = ['booking.completed', status, status, 'chat_message', 'runner_assigned']
  expect(told.map(({ type }) => type).sort()).toEqual(expected.sort())
  expect((await noticesOf(runner.http, 1)).map(({ type }) => type)).toEqual(['booking.completed'])
  const { data: history } = await owner.http.get<Change[]>(`/api/v1/bookings/${id}/history`)
  const moves = ['requested', 'accepted', 'in_progress', 'delivered', 'completed']
  expect(history.map(({ to_status }) => to_status)).toEqual(moves)
  expect(history[2]).toMatchObject({ changed_by: runner.id, frame: { n: expect.any(Number) } })
  const shops = await owner.http.get<{ name: string }[]>('/api/v1/petshops')
  expect(shops.data).toHaveLength(7)
})

interface Payment {
  readonly escrow_status: string
  readonly amount_cents: number
}

/** As the owners' iOS app asks again and again, until it is so. */
async function paidAs(status: string, http: HttpClient, booking_id: string): Promise<Payment> {
  for (;;) {
    const { data } = await http.get<Payment>(`/api/v1/payments/booking/${booking_id.toUpperCase()}`)
    swift.payment(data, 'GET payments/booking')
    if (data.escrow_status === status) return data
  }
}

test('DE11 both owners’ apps pay as they do, and the runners’ app adds up what was released', async () => {
  const [owner, runner] = [await person('owner'), await person('runner')]
  await runner.http.post('/api/v1/runners', vehicle)
  await runner.http.post('/api/v1/runners/me/crates', crate)
  await runner.http.post('/api/v1/runners/me/online', johor)
  const { id } = (await owner.http.post<{ id: string }>('/api/v1/bookings', order)).data
  const asked = { booking_id: id.toUpperCase(), amount_cents: 1, currency: 'MYR' }
  for (const customer_email of ['', 'mei@kilat.test']) {
    const { data } = await owner.http.post('/api/v1/payments/initiate', { ...asked, customer_email })
    flutter.payment(data, 'POST payments/initiate')
    swift.payment(data, 'POST payments/initiate')
    swift.checkout(data, 'POST payments/initiate')
  }
  expect((await paidAs('held', owner.http, id)).amount_cents).toBe(73_948)
  for (const step of ['accept', 'pickup', 'deliver']) await runner.http.post(`/api/v1/bookings/${id}/${step}`)
  await owner.http.post(`/api/v1/bookings/${id}/confirm`)
  await paidAs('released', owner.http, id)
  const earned = await earningsOf(runner.http)
  expect(earned.map(({ runner_payout_cents }) => runner_payout_cents)).toEqual([62_856])
})

/** The payment is not the runner's own doing: his list shows it as soon as it is projected. */
async function earningsOf(http: HttpClient) {
  for (;;) {
    const { data } = await http.get<{ items: readonly { runner_payout_cents: number }[] }>('/api/v1/payments')
    record({ items: listOf(flutter.earning) })(data, 'GET payments')
    if (data.items.length > 0) return data.items
  }
}
