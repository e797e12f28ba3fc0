import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { SteppedEnv } from '../../engine/clock.ts'
import { Fault } from '../../engine/ports.ts'
import { systemEnv } from '../../engine/system_env.ts'
import { limits } from '../../protocols/limits.ts'
import { decodePolyline } from '../../protocols/polyline.ts'
import type { Routing } from '../../protocols/routing.ts'
import { test_config } from '../http/testing.ts'
import { estimate } from './estimate.ts'
import { openGoogle } from './google.ts'
import { Guarded } from './guarded.ts'
import { googleAnswer, osrmAnswer, startMaps, type TestMaps } from './maps_testing.ts'
import { openOsrm } from './osrm.ts'
import { johor, kuala_lumpur, routingContract } from './routing.contract.ts'
import { openRouting } from './routing.ts'

const env = systemEnv('error')

routingContract('estimate', async () => ({ routing: estimate, close: async () => undefined }))
routingContract('osrm', async () => {
  const maps = await startMaps(osrmAnswer())
  return { routing: openOsrm({ url: `${maps.url}/`, env }), close: () => maps.close() }
})
routingContract('google', async () => {
  const maps = await startMaps(googleAnswer)
  return { routing: openGoogle({ url: maps.url, key: 'a-key', env }), close: () => maps.close() }
})

let osrm: TestMaps
let google: TestMaps
beforeAll(async () => {
  osrm = await startMaps(osrmAnswer())
  google = await startMaps(googleAnswer)
})
beforeEach(() => {
  for (const maps of [osrm, google]) {
    maps.answerWith()
    maps.asked.length = 0
  }
})
afterAll(() => Promise.all([osrm.close(), google.close()]))

const way = (routing: Routing) => routing.route(johor, kuala_lumpur)
const fault = (retry: boolean) => ({ name: 'Fault', retry })

test('RT4 that there is no way is said as such; every other answer that is no route may be better later', async () => {
  const from_osrm = openOsrm({ url: osrm.url, env })
  const from_google = openGoogle({ url: google.url, key: 'a-key', env })
  for (const code of ['NoRoute', 'NoSegment']) {
    osrm.answerWith(() => ({ status: 400, body: { code, message: 'Impossible route between points' } }))
    await expect(way(from_osrm)).rejects.toMatchObject(fault(false))
  }
  google.answerWith(() => ({ body: {} }))
  await expect(way(from_google)).rejects.toMatchObject(fault(false))
  const line = { geometry: '', distance: 1, duration: 1 }
  const wrong = [
    { status: 500, body: 'no JSON' },
    { body: { code: 'Ok', routes: [] } },
    { body: { code: 'Ok', routes: [{ ...line, distance: 'far' }] } },
    { body: { code: 'Ok', routes: [{ ...line, duration: -1 }] } },
    { body: { code: 'Ok', routes: [{ ...line, geometry: '_p~iF' }] } },
    { body: `"${'x'.repeat(limits.maps_answer_bytes_max)}"` },
  ]
  for (const reply of wrong) {
    osrm.answerWith(() => reply)
    google.answerWith(() => ({ ...reply, status: reply.status ?? 429 }))
    await expect(way(from_osrm)).rejects.toMatchObject(fault(true))
    await expect(way(from_google)).rejects.toMatchObject(fault(true))
  }
})

test('RT4 a fault tells the operator neither the key nor the address', async () => {
  google.answerWith(() => ({
    status: 403,
    body: { error: { code: 403, message: 'a-key', status: 'DENIED' } },
  }))
  const error = await way(openGoogle({ url: google.url, key: 'a-key', env })).catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(Fault)
  expect(String(error)).not.toMatch(/a-key|127\.0\.0\.1/)
})

test('RT5 a line of too many points is thinned, and keeps its ends', async () => {
  osrm.answerWith(osrmAnswer(5_000))
  const { polyline } = await way(openOsrm({ url: osrm.url, env }))
  const points = decodePolyline(polyline) ?? []
  expect(points.length).toBeGreaterThan(100)
  expect(points.length).toBeLessThanOrEqual(limits.itinerary_points_max + 1)
  expect(polyline.length).toBeLessThanOrEqual(limits.itinerary_chars_max)
  expect(points.at(-1)).toEqual(kuala_lumpur)
})

test('RT6 maps that do not answer in time give way to the estimate, flagged', async () => {
  osrm.answerWith(() => 'never')
  const stepped = new SteppedEnv()
  const routing = new Guarded(openOsrm({ url: osrm.url, env: stepped }), estimate, stepped)
  const asked = way(routing)
  while (osrm.asked.length === 0) await new Promise((resolve) => setImmediate(resolve))
  await stepped.advance(limits.maps_timeout_ms)
  expect(await asked).toEqual({ ...(await way(estimate)), fallback: true })
})

/** Maps that answer as they are told, and count who asks. */
class Fickle implements Routing {
  asked = 0
  fails: Fault | undefined
  async route() {
    this.asked += 1
    if (this.fails) throw this.fails
    return { ...(await way(estimate)), source: 'osrm' as const }
  }
}

function guarded() {
  const stepped = new SteppedEnv()
  const maps = new Fickle()
  return { stepped, maps, routing: new Guarded(maps, estimate, stepped) }
}
const instead = { source: 'estimate', fallback: true }

test('RT7 after failures in a row the maps are left alone for a while, and then one question tries', async () => {
  const { stepped, maps, routing } = guarded()
  maps.fails = new Fault('down', { retry: true })
  for (let index = 0; index < limits.maps_failures_max + 3; index++)
    expect(await way(routing)).toMatchObject(instead)
  expect(maps.asked).toBe(limits.maps_failures_max)
  await stepped.advance(limits.maps_rest_ms)
  const both = await Promise.all([way(routing), way(routing)])
  expect(both).toMatchObject([instead, instead])
  expect(maps.asked).toBe(limits.maps_failures_max + 1)
  maps.fails = undefined
  expect(await way(routing)).toMatchObject(instead)
  await stepped.advance(limits.maps_rest_ms)
  for (let index = 0; index < 3; index++)
    expect(await way(routing)).toMatchObject({ source: 'osrm', fallback: false })
})

test('RT7 that there is no way is no failure of the maps', async () => {
  const { maps, routing } = guarded()
  maps.fails = new Fault('no way', { retry: false })
  for (let index = 0; index < 2 * limits.maps_failures_max; index++)
    expect(await way(routing)).toMatchObject(instead)
  expect(maps.asked).toBe(2 * limits.maps_failures_max)
})

test('RT8 no more questions are open at once than the bound; the others get the estimate', async () => {
  const held: (() => void)[] = []
  const slow: Routing = {
    route: () => new Promise((resolve) => held.push(() => resolve(way(estimate)))),
  }
  const routing = new Guarded(slow, estimate, new SteppedEnv())
  const first = Array.from({ length: limits.maps_in_flight_max }, () => way(routing))
  expect(await way(routing)).toMatchObject(instead)
  for (const release of held) release()
  expect(await Promise.all(first)).toHaveLength(limits.maps_in_flight_max)
})

test('RT9 a deployment asks Google where it has a key, then OSRM where it has a server, then estimates', async () => {
  const config = { ...test_config, google_routes_url: google.url }
  const of = (more: Partial<typeof config>) => way(openRouting({ ...config, ...more }, env))
  expect(await of({})).toMatchObject({ source: 'estimate', fallback: false })
  expect(await of({ osrm_url: osrm.url })).toMatchObject({ source: 'osrm', fallback: false })
  const both = { osrm_url: osrm.url, google_maps_api_key: 'a-key' }
  expect(await of(both)).toMatchObject({ source: 'google', fallback: false })
  google.answerWith(() => ({ status: 503, body: {} }))
  expect(await of(both)).toMatchObject({ source: 'osrm', fallback: true })
  osrm.answerWith(() => ({ status: 503, body: {} }))
  expect(await of(both)).toMatchObject({ source: 'estimate', fallback: true })
})
