import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWorld, type World } from '../../gateways/http/authority.given.ts'
import { freshKeys } from '../../gateways/identity/keys.ts'
import { hangUp } from './asking.ts'
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
}, 60_000)

test('AB90 a door that lets somebody in who may not is told', async () => {
  const path = 'GET /api/v1/bookings/:id'
  const { wrong } = await wrongRoles(scene, { [path]: ['admin'] })
  expect(wrong).toHaveLength(2)
  for (const line of wrong) expect(line).toContain(`${path}: 200 instead of 403`)
}, 60_000)
