/** Routes of Google Maps. Source: Google Maps Platform, Routes API, computeRoutes version 2. */
import { Type } from 'typebox'
import type { Env } from '../../engine/env.ts'
import { Fault } from '../../engine/ports.ts'
import type { Point } from '../../protocols/ids.ts'
import type { Routing } from '../../protocols/routing.ts'
import { ask, itineraryOf } from './asking.ts'

/** A way that does not exist is an answer without `routes`; zero metres are left out. */
const Answer = Type.Object({
  routes: Type.Optional(
    Type.Array(
      Type.Object({
        distanceMeters: Type.Optional(Type.Integer()),
        duration: Type.String({ pattern: '^\\d+(\\.\\d+)?s$' }),
        polyline: Type.Optional(Type.Object({ encodedPolyline: Type.Optional(Type.String()) })),
      }),
    ),
  ),
})

const fields = 'routes.distanceMeters,routes.duration,routes.polyline.encodedPolyline'
const at = ({ latitude, longitude }: Point) => ({ location: { latLng: { latitude, longitude } } })

interface GoogleOptions {
  /** Up to and without `/directions/v2`. */
  readonly url: string
  /** Secret: it goes into a header and nowhere else. */
  readonly key: string
  readonly env: Env
}

export function openGoogle({ url, key, env }: GoogleOptions): Routing {
  const base = url.replace(/\/+$/, '')
  return {
    async route(pickup, dropoff) {
      const question = {
        origin: at(pickup),
        destination: at(dropoff),
        travelMode: 'DRIVE',
        routingPreference: 'TRAFFIC_UNAWARE',
        polylineQuality: 'OVERVIEW',
        polylineEncoding: 'ENCODED_POLYLINE',
      }
      const { status, body } = await ask(
        {
          who: 'google',
          url: `${base}/directions/v2:computeRoutes`,
          init: {
            method: 'POST',
            headers: {
              'content-type': 'application/json',
              'x-goog-api-key': key,
              'x-goog-fieldmask': fields,
            },
            body: JSON.stringify(question),
          },
          shape: Answer,
        },
        env,
      )
      if (status !== 200 || !body) throw new Fault(`google answered ${status}`, { retry: true })
      const route = body.routes?.[0]
      if (!route) throw new Fault('google knows no way', { retry: false })
      const line = route.polyline?.encodedPolyline ?? ''
      const seconds = Number.parseFloat(route.duration)
      return itineraryOf('google', { metres: route.distanceMeters ?? 0, seconds, line })
    },
  }
}
