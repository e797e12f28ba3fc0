/** One pet's way on the real stack: the built engine as a process, a real nats-server, a real database, real sockets. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemEnv } from '../engine/system_env.ts'
import { FeedClient, type LocationUpdate } from '../gateways/client/feed_client.ts'
import { HttpClient } from '../gateways/client/http_client.ts'
import { RunnerClient } from '../gateways/client/runner_client.ts'
import { startDatabase, startNats, type TestDatabase, type TestNats } from '../persistence/testing.ts'
import { runKilat } from './kilat.given.ts'
import { Stack } from './stack.ts'

const env = systemEnv('error')
const password = 'a-long-password'
const johor = { latitude: 1.4927, longitude: 103.7414 }
const kuala_lumpur = { latitude: 3.139, longitude: 101.6869 }
const address = (line1: string, city: string, point: typeof johor) => ({
  line1,
  city,
  state: city,
  country: 'Malaysia',
  ...point,
})
const order = {
  pet_spec: { pet_type: 'cat', name: 'Tompok', weight_kg: 4, vaccinations: [] },
  pickup_address: address('1 Jalan Wong Ah Fook', 'Johor Bahru', johor),
  dropoff_address: address('1 Jalan Ampang', 'Kuala Lumpur', kuala_lumpur),
  notes: 'she is shy',
}
const crate = { size: 'medium', pet_types: ['cat', 'dog'], max_weight_kg: 20, ventilated: true }
const vehicle = { vehicle_type: 'car', vehicle_plate: 'JQK 1', vehicle_model: 'Myvi', vehicle_year: 2022 }

interface Booking {
  readonly id: string
  readonly status: string
  readonly version: number
  readonly runner_id: string | null
  readonly estimated_price_cents: number
}

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: a suite, whose tests share one engine
describe.each([1, 2])('with %i worker threads', (workers) => {
  let nats: TestNats
  let database: TestDatabase
  let stack: Stack

  beforeAll(async () => {
    ;[nats, database] = await Promise.all([startNats(), startDatabase()])
    const stores = { nats_url: nats.url, nats_monitor_url: nats.monitor_url, database_url: database.url }
    stack = await Stack.create({ workers, stores })
    await stack.start()
  }, 180_000)

  afterAll(async () => {
    await stack?.stop()
    await database?.stop()
    await nats?.stop()
  }, 60_000)

  const person = async (role: 'owner' | 'runner') => {
    const http = new HttpClient({ base_url: `http://127.0.0.1:${stack.port}`, env })
    const email = `${role}-${env.uuid()}@kilat.test`
    const { user } = await http.register({ email, password, full_name: `A ${role}`, role })
    return { http, id: user.id }
  }

  const runnerOnline = async () => {
    const { http, id } = await person('runner')
    await http.post('/api/v1/runners', vehicle)
    await http.post('/api/v1/runners/me/crates', crate)
    await http.post('/api/v1/runners/me/online', johor)
    return { http, id }
  }

  const book = async (owner: HttpClient) => (await owner.post<Booking>('/api/v1/bookings', order)).data

  test('EE1 a cat goes from Johor Bahru to Kuala Lumpur, watched live', async () => {
    const owner = await person('owner')
    const runner = await runnerOnline()
    const base_url = `ws://127.0.0.1:${stack.port}`
    const phone = new RunnerClient({ base_url, token: runner.http.token, env })
    const opened = new Promise<object>((resolve) => phone.events.on('booking.open', (push) => resolve(push)))
    await phone.connect()
    const booking = await book(owner.http)
    expect(booking).toMatchObject({ status: 'requested', version: 1, estimated_price_cents: 73_948 })
    expect(await opened).toMatchObject({ booking: { id: booking.id } })

    await phone.command({ type: 'booking.accept', booking_id: booking.id })
    const feed = new FeedClient({ base_url, booking_id: booking.id, token: owner.http.token, env })
    const seen = new Promise<LocationUpdate>((resolve) => feed.events.on('position', resolve))
    await feed.connect()
    const acked = new Promise<unknown>((resolve) => phone.events.on('acked', resolve))
    phone.report({ ...johor, at_ms: env.now_ms(), accuracy_m: 5, speed_kmh: 30, heading_degrees: 90 })
    expect(await seen).toMatchObject({ booking_id: booking.id, runner_id: runner.id, ...johor })
    await acked

    const own = (await runner.http.get<Booking[]>('/api/v1/bookings', { page: 1, limit: 20 })).data
    expect(own.map(({ id, status }) => [id, status])).toContainEqual([booking.id, 'accepted'])
    const { data: track } = await owner.http.get<{ waypoints: object[] }>(`/api/v1/tracking/${booking.id}`)
    expect(track.waypoints).toHaveLength(1)

    await owner.http.post(`/api/v1/bookings/${booking.id}/note`, { note: 'ring twice' })
    for (const [step, status] of [
      ['pickup', 'in_progress'],
      ['deliver', 'delivered'],
    ])
      expect((await runner.http.post(`/api/v1/bookings/${booking.id}/${step}`)).data).toMatchObject({
        status,
      })
    const { data: confirmed } = await owner.http.post<Booking>(`/api/v1/bookings/${booking.id}/confirm`)
    const notes = 'she is shy\nring twice'
    expect(confirmed).toMatchObject({ status: 'completed', runner_id: runner.id, notes })
    const { data: listed } = await owner.http.get<Booking[]>('/api/v1/bookings', {
      status: 'completed',
      limit: 5,
    })
    expect(listed).toEqual([(await owner.http.get(`/api/v1/bookings/${booking.id}`)).data])
    phone.close()
    feed.close()
  })

  test('EE2 of many runners who accept one booking at once exactly one has it', async () => {
    const owner = await person('owner')
    const runners = await Promise.all(Array.from({ length: 12 }, runnerOnline))
    const booking = await book(owner.http)
    const outcomes = await Promise.all(
      runners.map(({ http }) =>
        http.post(`/api/v1/bookings/${booking.id}/accept`).then(
          ({ status }) => status,
          ({ problem }: { problem: { status: number } }) => problem.status,
        ),
      ),
    )
    expect(outcomes.filter((status) => status === 200)).toHaveLength(1)
    expect(outcomes.filter((status) => status !== 409 && status !== 422)).toHaveLength(1)
  })

  test('EE3 what was answered is still so after kill -9, and once again after a drain', async () => {
    const owner = await person('owner')
    const runner = await runnerOnline()
    const bookings = await Promise.all(Array.from({ length: 10 }, () => book(owner.http)))
    const [first] = bookings
    await runner.http.post(`/api/v1/bookings/${first?.id}/accept`)
    await stack.kill9()
    await stack.start()
    const after = await Promise.all(
      bookings.map(async ({ id }) => (await owner.http.get<Booking>(`/api/v1/bookings/${id}`)).data),
    )
    const expected = bookings.map(({ id }, index) => [id, index === 0 ? 'accepted' : 'requested'])
    expect(after.map(({ id, status }) => [id, status])).toEqual(expected)
    expect(await stack.drain()).toBe(0)
    await stack.start()
    const again = await owner.http.get<Booking>(`/api/v1/bookings/${first?.id}`)
    expect(again.data).toEqual(after[0])
    expect((await runner.http.post(`/api/v1/bookings/${first?.id}/pickup`)).data).toMatchObject({
      status: 'in_progress',
    })
  }, 120_000)

  test('EE4 a second engine on the same port says so, starts no store and ends with exit code 1', async () => {
    const settings = { PORT: String(stack.port), DATA_DIR: join(stack.dir, 'second') }
    const { code, err } = await runKilat('main', [], settings)
    expect(code).toBe(1)
    expect(err).toContain(`port ${stack.port} is in use`)
    expect(existsSync(join(stack.dir, 'second', 'nats'))).toBe(false)
  })
})
