// The past watched with the typed client of the live feed.
import { beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { behaviours } from '../../actors/behaviours.ts'
import { Fold } from '../../engine/fold.ts'
import { systemEnv } from '../../engine/system_env.ts'
import { FeedClient, type LocationUpdate } from '../../gateways/client/feed_client.ts'
import { atDesk } from '../../gateways/ops/desk.given.ts'
import { about } from '../../gateways/ops/life.ts'
import { servePast } from '../../gateways/ops/past_server.ts'
import { replay } from '../../gateways/ops/replay.ts'
import { shards } from '../thread.ts'
import { eventsOf } from './replay.ts'
import { Town } from './town.ts'

const town = new Town({ seed: 11, runners: 6, bookings: 900, hours: 0.75, from_hour: 11 })
const folded = new Fold(behaviours)
let booking_id = ''
const places: { latitude: number; longitude: number }[] = []

beforeAll(async () => {
  await town.live()
  for await (const event of eventsOf(town.journal)) folded.take(event)
  const done = folded
    .idsOf('booking')
    .map((id) => folded.view('booking', id) as { id: string; status: string })
  booking_id = done.find(({ status }) => status === 'completed')?.id ?? ''
  for await (const { id, data } of eventsOf(town.journal))
    if (id === booking_id && 'waypoints' in data) places.push(...(data.waypoints as typeof places))
})

test('OP12 the typed client of the feed watches a booking’s past as if it were live, faster', async () => {
  const { desk } = atDesk({ stores: town, shards, behaviours })
  const choice = { wants: about(booking_id), from_ms: 0, to_ms: Number.POSITIVE_INFINITY }
  const past = await servePast(desk, choice, 2_000, 0)
  const seen: LocationUpdate[] = []
  const statuses: string[] = []
  const client = new FeedClient({
    base_url: `ws://127.0.0.1:${past.port}`,
    booking_id,
    token: async () => past.token,
    env: systemEnv('error'),
  })
  const completed = new Promise<void>((resolve) => {
    client.events.on('status', ({ new_status }) => {
      statuses.push(new_status)
      if (new_status === 'completed') resolve()
    })
  })
  client.events.on('position', (update) => seen.push(update))
  try {
    expect(past.bookings).toContain(booking_id)
    await client.connect()
    await Promise.all([completed, past.over])
    expect(statuses).toEqual(['accepted', 'in_progress', 'delivered', 'completed'])
    expect(places.length).toBeGreaterThan(10)
    // All that the log has of the way; at this speed a place may stand in for one that it overtook.
    expect(seen.length).toBeGreaterThan(places.length / 2)
    expect(seen.map(({ seq }) => seq)).toEqual(seen.map(({ seq }) => seq).sort((a, b) => a - b))
    const known = new Set(places.map(({ latitude, longitude }) => `${latitude} ${longitude}`))
    expect(seen.filter(({ latitude, longitude }) => !known.has(`${latitude} ${longitude}`))).toEqual([])
  } finally {
    client.close()
    await past.close()
  }
})

test('OP12 the past lets nobody in without its token, and takes no commands', async () => {
  const { desk, run } = atDesk({ stores: town, shards, behaviours })
  const choice = { wants: about(booking_id), from_ms: 0, to_ms: Number.POSITIVE_INFINITY }
  const past = await servePast(desk, choice, 1, 0)
  const knock = (token: string) =>
    new Promise<number | undefined>((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${past.port}/ws/tracking/${booking_id}?token=${token}`)
      socket.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode))
      socket.on('open', () => resolve(101))
      socket.on('error', () => {})
    })
  expect([await knock(''), await knock('another'), await knock(`${past.token}x`)]).toEqual([401, 401, 401])
  await past.close()
  await expect(run(replay, [], { booking: booking_id, speed: 'fast' })).rejects.toThrow('something like 10x')
  await expect(run(replay, [], { booking: 'nobody', speed: '10x', port: '0' })).rejects.toThrow(
    'nothing in the log',
  )
})
