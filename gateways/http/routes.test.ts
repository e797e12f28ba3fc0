import { afterAll, beforeAll, expect, test } from 'vitest'
import { behaviours } from '../../actors/behaviours.ts'
import type { Role } from '../../protocols/actor.ts'
import { publicCommands, queries } from '../../protocols/catalogue.ts'
import { type Route, routes } from './routes.ts'
import { startHttp, type TestHttp } from './testing.ts'

let http: TestHttp
beforeAll(async () => {
  http = await startHttp(behaviours)
})
afterAll(() => http.stop())

const roles: readonly Role[] = ['owner', 'runner', 'admin', 'shop']
const guarded = routes.filter((route) => route.roles !== 'public')
const pathOf = ({ path }: Route) => path.replaceAll(/:\w+/g, '77777777-7777-4777-8777-777777777777')

test('HT1 every public command and every query has at least one route', () => {
  const named = routes.flatMap((route) => [
    'command' in route ? route.command : undefined,
    'query' in route ? route.query : undefined,
    'asks' in route ? route.asks : undefined,
    'sends' in route ? route.sends : undefined,
  ])
  expect(
    Object.keys({ ...publicCommands, ...queries }).filter((name) => !named.includes(name as never)),
  ).toEqual([])
})

test('HT1 no two routes have the same method and path', () => {
  const places = routes.map(({ method, path }) => `${method} ${path}`)
  expect(places.filter((place, index) => places.indexOf(place) !== index)).toEqual([])
})

test('HT23 every route with roles is 401 without a token', async () => {
  for (const route of guarded)
    expect((await http.call(route.method, pathOf(route))).status, route.path).toBe(401)
})

test('HT24 every route refuses every role that it does not name, whatever the body', async () => {
  const wrong = guarded.flatMap((route) =>
    roles.filter((role) => !(route.roles as readonly Role[]).includes(role)).map((role) => ({ route, role })),
  )
  expect(wrong.length).toBeGreaterThan(20)
  for (const { route, role } of wrong) {
    const token = await http.tokenFor({ id: '66666666-6666-4666-8666-666666666666', role })
    const body = route.method === 'GET' ? undefined : '{{{'
    const { status, body: told } = await http.call(route.method, pathOf(route), { token, body })
    expect({ status, code: told.code }, `${role} ${route.path}`).toEqual({ status: 403, code: 'auth.role' })
  }
  expect(http.host.carried).toEqual([])
})

test('HT25 every command answers wrong types with 400 and an unknown actor with its documented error', async () => {
  const writes = routes.flatMap((route) => ('command' in route ? [route] : []))
  const junk = Object.fromEntries(
    Object.values(publicCommands)
      .flatMap((schema) => Object.keys(schema.properties))
      .map((field) => [field, { nested: [null, -1, 'x'] }]),
  )
  for (const route of writes) {
    const [role] = route.roles
    const token = await http.tokenFor({ id: '55555555-5555-4555-8555-555555555555', role: role as Role })
    const { status } = await http.call(route.method, pathOf(route), { token, body: junk })
    expect([400, 404], route.path).toContain(status)
  }
  expect(http.host.carried).toEqual([])
})
