import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWorld, type World } from '../../gateways/http/authority.given.ts'
import { undeclared } from '../../gateways/http/declared.given.ts'
import { freshKeys } from '../../gateways/identity/keys.ts'
import { ask, hangUp, undeclared_answers } from './asking.ts'
import { forgedTokens, oversized, wrongRoles } from './attacks.ts'
import { frameFlood } from './floods.ts'
import type { Scene } from './scene.ts'

let world: World
let scene: Scene
beforeAll(async () => {
  world = await startWorld(await freshKeys())
  scene = { ...world, port: Number(new URL(world.http.origin).port) }
})
afterAll(() => {
  hangUp()
  world.stop()
})

test('AB90 every attack of the drill is refused by the doors, and changes nothing', async () => {
  const before = world.kept()
  for (const { tried, wrong } of [
    await wrongRoles(scene),
    await forgedTokens(scene, 'a.b.c'),
    await oversized(scene),
    await frameFlood(scene),
  ]) {
    expect(wrong).toEqual([])
    expect(tried).toBeGreaterThan(4)
  }
  expect(world.kept() === before).toBe(true)
  expect([...undeclared_answers]).toEqual([])
}, 60_000)

test('OA12 an answer to an attack that the document does not name is told', async () => {
  expect(
    (await ask(scene.port, { path: '/health', headers: { origin: 'https://evil.example' } })).status,
  ).toBe(403)
  expect([...undeclared_answers]).toEqual([])
  // A status, a code, and a path that nobody serves.
  expect(undeclared('GET', '/health?a=1', 418)).toBe('GET /health declares no 418 ')
  expect(undeclared('GET', '/health', 401, 'auth.expired')).toContain('auth.expired')
  expect(undeclared('POST', '/api/v1/auth/login', 401, 'auth.role')).toContain('auth.role with its 401')
  expect(undeclared('GET', '/nowhere', 418)).toBeUndefined()
  expect(undeclared('GET', '/nowhere', 404, 'request.not_found')).toBeUndefined()
})

test('AB90 a door that lets somebody in who may not is told', async () => {
  const path = 'GET /api/v1/bookings/:id'
  const { wrong } = await wrongRoles(scene, { [path]: ['admin'] })
  expect(wrong).toHaveLength(2)
  for (const line of wrong) expect(line).toContain(`${path}: 200 instead of 403`)
}, 60_000)
