// Every route and every actor, from the table of routes itself.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshKeys, type Keys } from '../identity/keys.ts'
import {
  type Actor,
  actors,
  bodies,
  type Known,
  known,
  may,
  nameOf,
  roleOf,
  startWorld,
  type World,
} from './authority.given.ts'
import { type Route, routes } from './routes.ts'
import type { Answered } from './testing.ts'

let keys: Keys
let world: World
beforeAll(async () => {
  keys = await freshKeys()
  world = await startWorld(keys)
})
afterAll(() => world.stop())

const bodyFor = (route: Route, on: World) =>
  route.method === 'GET' || route.method === 'DELETE' ? undefined : (bodies[nameOf(route)]?.(on) ?? {})
const knock = (route: Route, actor: Actor, on: World) =>
  on.send(actor, route.method, on.at(route), bodyFor(route, on))
const isKnown = (actor: Actor): actor is Known => (known as readonly Actor[]).includes(actor)
const told = ({ status, body }: Answered) => ({ status, code: body.code })

/** What a refused actor is told. */
function refusalOf(route: Route, actor: Actor) {
  if (actor === 'anonymous') return { status: 401, code: 'auth.missing_token' }
  if (actor === 'banned') return { status: 401, code: 'auth.banned' }
  if (!isKnown(actor)) return { status: 401, code: 'auth.invalid_token' }
  if (!(route.roles as readonly string[]).includes(roleOf(actor))) return { status: 403, code: 'auth.role' }
  return { status: 403, code: expect.stringMatching(/\.not_yours$/) }
}

const guarded = routes.filter((route) => may[nameOf(route)] !== 'public')
const refusedAt = (route: Route) => actors.filter((actor) => !may[nameOf(route)]?.includes(actor as never))

test('AB1 the table of who may has a row for every route, and no other', () => {
  expect(Object.keys(may).sort()).toEqual(routes.map(nameOf).sort())
  for (const route of routes)
    expect(route.roles === 'public', nameOf(route)).toBe(may[nameOf(route)] === 'public')
})

test('AB2 whoever may not use a route is told so with its code, and nothing changes', async () => {
  const before = world.kept()
  let refused = 0
  for (const route of guarded)
    for (const actor of refusedAt(route)) {
      const answered = await knock(route, actor, world)
      expect(told(answered), `${actor} ${nameOf(route)}`).toEqual(refusalOf(route, actor))
      expect(world.kept() === before, `${actor} changed something by ${nameOf(route)}`).toBe(true)
      refused += 1
    }
  expect(refused).toBeGreaterThan(400)
}, 120_000)

test('AB3 whoever may use a route is not refused for who he is, and a stranger is told of nobody’s own things', async () => {
  const lists = guarded.filter((route) => route.method === 'GET')
  const writes = guarded.filter((route) => route.method !== 'GET')
  for (const route of lists) await open(route, world)
  for (const route of writes) {
    const fresh = await startWorld(keys)
    try {
      await open(route, fresh)
    } finally {
      fresh.stop()
    }
  }
}, 240_000)

/** Whoever takes part in nothing of the world. */
const strangers: readonly Known[] = ['other_owner', 'other_runner', 'shop', 'other_shop']

async function open(route: Route, on: World): Promise<void> {
  for (const actor of may[nameOf(route)] as readonly Known[]) {
    const answered = await knock(route, actor, on)
    const what = `${actor} ${nameOf(route)}: ${answered.text}`
    expect([401, 403, 404, 405, 500, 503].includes(answered.status), what).toBe(isSubscriptionless(answered))
    if (answered.status < 300 && strangers.includes(actor))
      expect(
        on.private_ids.filter((id) => answered.text.includes(id)),
        what,
      ).toEqual([])
  }
}

/** Who has none is told so, whoever he is. */
const isSubscriptionless = ({ body }: Answered) => body.code === 'subscription.not_found'

test('AB4 where no token is asked for, one makes no difference, not even a bad one', async () => {
  for (const route of routes.filter(({ roles }) => roles === 'public')) {
    const bare = told(await knock(route, 'anonymous', world))
    for (const actor of ['other_owner', 'admin', 'banned', 'service'] as const) {
      const { status } = await knock(route, actor, world)
      const once = nameOf(route) === 'POST /api/v1/auth/register' || nameOf(route).endsWith('/runners/apply')
      expect(status, `${actor} ${nameOf(route)}`).toBe(once ? 409 : bare.status)
    }
  }
}, 60_000)

test('AB5 an id of nobody’s, of another kind or of another person reaches nothing', async () => {
  const before = world.kept()
  const nobody = 'deadbeef-1111-4111-8111-111111111111'
  for (const route of guarded.filter(({ path }) => path.includes(':id')))
    for (const actor of may[nameOf(route)] as readonly Known[]) {
      const path = route.path.replace(':id', nobody)
      const answered = await world.send(actor, route.method, path, bodyFor(route, world))
      expect(told(answered), `${actor} ${route.method} ${path}`).toEqual({
        status: 404,
        code: expect.stringMatching(/\.not_found$/),
      })
      expect(world.kept() === before, `${actor} ${nameOf(route)}`).toBe(true)
    }
}, 60_000)
