/** Routes of an OSRM server. Source: OSRM HTTP API, route service, version 1. */
import { Type } from 'typebox'
import type { Env } from '../../engine/env.ts'
import { Fault } from '../../engine/ports.ts'
import type { Point } from '../../protocols/ids.ts'
import type { Routing } from '../../protocols/routing.ts'
import { ask, itineraryOf } from './asking.ts'

const Answer = Type.Object({
  code: Type.String(),
  routes: Type.Optional(
    Type.Array(Type.Object({ distance: Type.Number(), duration: Type.Number(), geometry: Type.String() })),
  ),
})

/** It says so when no road leads there, or none is near. */
const no_way: ReadonlySet<string> = new Set(['NoRoute', 'NoSegment'])
/** Longitude comes first. */
const at = ({ latitude, longitude }: Point) => `${longitude.toFixed(6)},${latitude.toFixed(6)}`

/** `url` is the server's, up to and without `/route/v1`. */
export function openOsrm({ url, env }: { url: string; env: Env }): Routing {
  const base = url.replace(/\/+$/, '')
  return {
    async route(pickup, dropoff) {
      const query = 'overview=simplified&geometries=polyline&alternatives=false&steps=false'
      const answered = await ask(
        {
          who: 'osrm',
          url: `${base}/route/v1/driving/${at(pickup)};${at(dropoff)}?${query}`,
          init: { headers: { accept: 'application/json' } },
          shape: Answer,
        },
        env,
      )
      const code = answered.body?.code ?? ''
      if (no_way.has(code)) throw new Fault('osrm knows no way', { retry: false })
      const route = answered.body?.routes?.[0]
      if (answered.status !== 200 || code !== 'Ok' || !route)
        throw new Fault(`osrm answered ${answered.status}`, { retry: true })
      const { distance: metres, duration: seconds, geometry: line } = route
      return itineraryOf('osrm', { metres, seconds, line })
    },
  }
}
