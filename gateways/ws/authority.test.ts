// Both sockets and every message of a runner, by everybody: the real actors behind a real server.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { clientMessages, socketCommands } from '../../protocols/socket.ts'
import { encodeClient } from '../../protocols/socket_codec.ts'
import { type Actor, actors, startWorld, type World } from '../http/authority.given.ts'
import { freshKeys } from '../identity/keys.ts'
import { knock, Probe } from './probe.ts'

let world: World
beforeAll(async () => {
  world = await startWorld(await freshKeys())
})
afterAll(() => world.stop())

const urlOf = (path: string, actor: Actor) => {
  const token = actor === 'anonymous' ? '' : `?token=${world.tokens[actor]}`
  return `${world.http.origin.replace('http', 'ws')}${path}${token}`
}
const tracking = () => `/ws/tracking/${world.booking_id}`

/** Who is let in. */
const may = {
  '/ws/runner': ['runner', 'other_runner'],
  '/ws/tracking/:id': ['owner', 'runner', 'admin'],
} as const satisfies Record<string, readonly Actor[]>

/** What a runner may say of a booking that another one holds: the code that he is told, '' where he speaks of himself. */
const foreign: Readonly<Record<keyof typeof socketCommands, string>> = {
  'runner.go_online': '',
  'runner.go_offline': '',
  'booking.accept': 'booking.lost_race',
  'booking.decline': 'booking.not_yours',
  'booking.pick_up': 'booking.not_yours',
  'booking.deliver': 'booking.not_yours',
}

const bodyOf = (type: string) => ({
  type,
  ...(type.startsWith('booking.') ? { booking_id: world.booking_id } : {}),
  ...(type === 'booking.decline' ? { reason: 'too_far' } : {}),
  ...(type === 'runner.go_online' ? { latitude: 1.4927, longitude: 103.7414 } : {}),
})

const statusFor = (actor: Actor, allowed: readonly Actor[]) => {
  if (allowed.includes(actor)) return 101
  return actor === 'anonymous' || actor === 'banned' || actor === 'service' ? 401 : 403
}

test('AB6 a socket opens for those who may, and for everybody else it is 401 or 403 before the upgrade', async () => {
  const before = world.kept()
  for (const [path, allowed] of Object.entries(may))
    for (const actor of actors) {
      const { status } = await knock(urlOf(path === '/ws/runner' ? path : tracking(), actor))
      expect(status, `${actor} ${path}`).toBe(statusFor(actor, allowed))
    }
  expect((await knock(urlOf('/ws/tracking/deadbeef-1111-4111-8111-111111111111', 'owner'))).status).toBe(404)
  expect((await knock(urlOf('/ws/tracking/..%2frunner', 'owner'))).status).toBe(400)
  expect(world.kept() === before).toBe(true)
})

test('AB7 no command on the socket reaches a booking that another runner holds, and nothing changes', async () => {
  const probe = await Probe.open(urlOf('/ws/runner', 'other_runner'))
  const before = world.kept()
  for (const [index, [type, code]] of Object.entries(foreign).entries()) {
    if (code === '') continue
    const id = `0b6e6f5a-7c1d-4f8a-9b7e-2d1a5c3e4f0${index}`
    probe.send(JSON.stringify({ type: 'command', id, command: bodyOf(type) }))
    await probe.until(() => probe.messages.some((message) => 'id' in message && message.id === id))
    expect(probe.messages.at(-1), type).toMatchObject({ type: 'rejected', id, problem: { code } })
  }
  expect(world.kept() === before).toBe(true)
  probe.close()
})

test('AB8 each kind of message is taken from its runner alone: nobody speaks for another by what he writes', async () => {
  const probe = await Probe.open(urlOf('/ws/runner', 'other_runner'))
  const boot = '0b6e6f5a-7c1d-4f8a-9b7e-2d1a5c3e4f60'
  const fix = { seq: 1, latitude: 3.1, longitude: 101.6, at_ms: world.http.env.now_ms() }
  const victim = JSON.parse(Buffer.from(world.tokens.runner.split('.')[1] ?? '', 'base64url').toString()) as {
    sub: string
  }
  const more = { runner_id: victim.sub, user_id: victim.sub, by: { id: victim.sub, role: 'admin' } }
  const victims = () =>
    JSON.stringify(JSON.parse(world.kept())[0].filter(([key]: [string]) => key.endsWith(victim.sub)))
  const before = victims()
  const said: Record<keyof typeof clientMessages, object> = {
    fixes: { type: 'fixes', boot, lane: 'live', fixes: [{ ...fix, ...more }], ...more },
    command: { type: 'command', id: boot, command: { type: 'runner.go_offline', ...more }, ...more },
    ping: { type: 'ping', at_ms: 1, ...more },
    token: { type: 'token', token: world.tokens.runner, ...more },
  }
  for (const message of Object.values(said)) probe.send(JSON.stringify(message))
  await probe.heard('pong')
  await probe.heard('result')
  await world.http.env.advance(0)
  await probe.heard('acked')
  expect(await probe.heard('rejected')).toMatchObject({ problem: { code: 'auth.role' } })
  expect(victims()).toBe(before)
  probe.close()
})

test('AB8 the maps of a binary frame cannot reach a prototype, and what they hold beside their fields is dropped', async () => {
  const probe = await Probe.open(urlOf('/ws/runner', 'other_runner'))
  const evil = { __proto__: null, polluted: 'yes' }
  const command = JSON.parse(
    '{"type":"runner.go_offline","__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}}}',
  )
  const id = '0b6e6f5a-7c1d-4f8a-9b7e-2d1a5c3e4f61'
  probe.send(encodeClient({ type: 'command', id, command: { ...command, evil } }))
  probe.send(JSON.stringify({ type: 'command', id, command }))
  await probe.heard('result')
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  expect(world.kept()).not.toContain('polluted')
  probe.close()
})
