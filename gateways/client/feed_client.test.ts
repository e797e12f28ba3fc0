import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemEnv } from '../../engine/system_env.ts'
import { booking_id, owner, rival, runner, startSockets, type TestServer, tokenFor } from '../ws/testing.ts'
import { FeedClient, type FeedClientEvents } from './feed_client.ts'

const env = { ...systemEnv('error'), random: () => 0 }
const trip = { actor: 'trip', id: booking_id }

let server: TestServer
let client: FeedClient
beforeEach(async () => {
  server = await startSockets()
  server.host.views.set(`booking/${booking_id}`, {
    id: booking_id,
    owner_id: owner.id,
    runner_id: runner.id,
    status: 'accepted',
  })
  client = new FeedClient({ base_url: server.ws_url, booking_id, token: async () => tokenFor(owner), env })
})
afterEach(async () => {
  client.close()
  await server.stop()
})

const next = <Name extends keyof FeedClientEvents>(name: Name) =>
  new Promise<FeedClientEvents[Name]>((resolve) => {
    const end = client.events.on(name, (value) => {
      end()
      resolve(value)
    })
  })
function move(at_ms: number) {
  const place = {
    runner_id: runner.id,
    latitude: 1.5,
    longitude: 103.7,
    speed_kmh: 0,
    heading_degrees: 0,
    at_ms,
  }
  server.host.tell(trip, { type: 'location_update', ...place }, 0)
}

test('CL13 a watcher resumes after the last frame that he saw, and misses none', async () => {
  await client.connect()
  const seen: number[] = []
  client.events.on('position', ({ at_ms }) => seen.push(at_ms))
  move(1)
  await next('position')
  const lost = next('lost')
  client.cut()
  await lost
  move(2)
  move(3)
  await next('opened')
  move(4)
  while (seen.length < 4) await next('position')
  expect(seen).toEqual([1, 2, 3, 4])
})

test('CL13 a change of status is told apart from a position', async () => {
  await client.connect()
  const status = next('status')
  server.host.tell(
    { actor: 'booking', id: booking_id },
    { type: 'booking.delivered', ...{ runner_id: runner.id } },
  )
  expect(await status).toMatchObject({ old_status: 'accepted', new_status: 'delivered' })
  expect(client.last_seq).toBeGreaterThan(0)
})

test('CL14 a watcher who may not watch is told so once, and does not come back', async () => {
  const stranger = new FeedClient({
    base_url: server.ws_url,
    booking_id,
    token: async () => tokenFor(rival),
    env,
  })
  await expect(stranger.connect()).rejects.toThrow('HTTP 403')
})
