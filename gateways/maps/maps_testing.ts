/** Small servers on this machine that answer as the documents of OSRM and Google say; what they answer can be replaced. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { haversineKm } from '../../engine/sphere.ts'
import type { Point } from '../../protocols/ids.ts'
import { encodePolyline } from '../../protocols/polyline.ts'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

interface Reply {
  readonly status?: number
  readonly body: object | string
}

export type Answer = (asked: Asked) => Reply | 'never'

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of request) text += part
  return text
}

export async function startMaps(usual: Answer) {
  const asked: Asked[] = []
  const maps = { answer: usual }
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request
    const question = { method, path: url, headers, body: await textOf(request) }
    asked.push(question)
    const reply = maps.answer(question)
    if (reply === 'never') return
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json' })
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answerWith: (answer: Answer = usual) => {
      maps.answer = answer
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export type TestMaps = Awaited<ReturnType<typeof startMaps>>

/** A road that is a third longer than the straight line, with `points` on it, at 60 km/h. */
function roadOf(from: Point, to: Point, points: number) {
  const metres = haversineKm(from.latitude, from.longitude, to.latitude, to.longitude) * 1_333
  const line = Array.from({ length: points }, (_, index) => ({
    latitude: from.latitude + ((to.latitude - from.latitude) * index) / (points - 1),
    longitude: from.longitude + ((to.longitude - from.longitude) * index) / (points - 1),
  }))
  return { metres, seconds: (metres / 1_000) * 60, line: encodePolyline(line) }
}

/** `GET /route/v1/driving/lng,lat;lng,lat`. */
export const osrmAnswer =
  (points = 5): Answer =>
  ({ path }) => {
    const found = /^\/route\/v1\/driving\/(-?[\d.]+),(-?[\d.]+);(-?[\d.]+),(-?[\d.]+)\?/.exec(path)
    if (!found) return { status: 400, body: { code: 'InvalidUrl', message: 'URL string malformed' } }
    const [, longitude, latitude, to_longitude, to_latitude] = found.map(Number) as [
      number,
      number,
      number,
      number,
      number,
    ]
    const from = { latitude, longitude }
    const to = { latitude: to_latitude, longitude: to_longitude }
    const { metres, seconds, line } = roadOf(from, to, points)
    const leg = { steps: [], summary: '', weight: seconds, duration: seconds, distance: metres }
    const waypoint = (point: Point) => ({
      hint: 'x',
      distance: 4.2,
      name: '',
      location: [point.longitude, point.latitude],
    })
    return {
      body: {
        code: 'Ok',
        routes: [
          {
            geometry: line,
            legs: [leg],
            weight_name: 'routability',
            weight: seconds,
            duration: seconds,
            distance: metres,
          },
        ],
        waypoints: [waypoint(from), waypoint(to)],
      },
    }
  }

interface GoogleQuestion {
  readonly origin: { readonly location: { readonly latLng: Point } }
  readonly destination: { readonly location: { readonly latLng: Point } }
}

/** `POST /directions/v2:computeRoutes`: zero metres are left out, as protocol buffers in JSON have it. */
export const googleAnswer: Answer = ({ method, path, headers, body }) => {
  if (method !== 'POST' || path !== '/directions/v2:computeRoutes') return { status: 404, body: 'Not Found' }
  const failed = (code: number, status: string) => ({
    status: code,
    body: { error: { code, status, message: status } },
  })
  if (headers['x-goog-api-key'] !== 'a-key') return failed(403, 'PERMISSION_DENIED')
  if (!headers['x-goog-fieldmask']) return failed(400, 'INVALID_ARGUMENT')
  const { origin, destination } = JSON.parse(body) as GoogleQuestion
  const { metres, seconds, line } = roadOf(origin.location.latLng, destination.location.latLng, 5)
  const distance = Math.round(metres) === 0 ? {} : { distanceMeters: Math.round(metres) }
  return {
    body: {
      routes: [{ ...distance, duration: `${Math.round(seconds)}s`, polyline: { encodedPolyline: line } }],
    },
  }
}
