/** Lines of points as text. Source: Google Maps Platform, Encoded Polyline Algorithm Format; precision 5. */
import type { Point } from './ids.ts'

const steps_per_degree = 1e5

export function encodePolyline(points: readonly Point[]): string {
  let latitude = 0
  let longitude = 0
  let text = ''
  for (const point of points) {
    const south = Math.round(point.latitude * steps_per_degree)
    const east = Math.round(point.longitude * steps_per_degree)
    text += chunks(south - latitude) + chunks(east - longitude)
    latitude = south
    longitude = east
  }
  return text
}

function chunks(delta: number): string {
  let rest = delta < 0 ? ~(delta << 1) : delta << 1
  let text = ''
  while (rest >= 0x20) {
    text += String.fromCharCode((0x20 | (rest & 0x1f)) + 63)
    rest >>>= 5
  }
  return text + String.fromCharCode(rest + 63)
}

/** The points of a line, or undefined for a text that is none. */
export function decodePolyline(text: string): readonly Point[] | undefined {
  const deltas = deltasOf(text)
  if (deltas === undefined || deltas.length % 2 === 1) return undefined
  const points: Point[] = []
  let south = 0
  let east = 0
  for (let at = 0; at < deltas.length; at += 2) {
    south += deltas[at] ?? 0
    east += deltas[at + 1] ?? 0
    const point = { latitude: south / steps_per_degree, longitude: east / steps_per_degree }
    if (Math.abs(point.latitude) > 90 || Math.abs(point.longitude) > 180) return undefined
    points.push(point)
  }
  return points
}

function deltasOf(text: string): readonly number[] | undefined {
  const deltas: number[] = []
  let value = 0
  let shift = 0
  for (let at = 0; at < text.length; at++) {
    const chunk = text.charCodeAt(at) - 63
    if (chunk < 0 || chunk > 63 || shift > 25) return undefined
    value |= (chunk & 0x1f) << shift
    shift += 5
    if (chunk >= 0x20) continue
    deltas.push(value & 1 ? ~(value >> 1) : value >> 1)
    value = 0
    shift = 0
  }
  return shift === 0 ? deltas : undefined
}
