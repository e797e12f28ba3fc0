/** One question to somebody else's maps: bounded in time and size, and held against the shape that is documented. */
import type { Static, TSchema } from 'typebox'
import { Check } from 'typebox/value'
import type { Env } from '../../engine/env.ts'
import { Fault } from '../../engine/ports.ts'
import type { Itinerary } from '../../protocols/booking.ts'
import { limits } from '../../protocols/limits.ts'
import { decodePolyline, encodePolyline } from '../../protocols/polyline.ts'

export interface Question<Shape extends TSchema> {
  /** Whose maps these are, for the operator: a fault never shows the address, which may hold a key. */
  readonly who: string
  readonly url: string
  readonly init: RequestInit
  readonly shape: Shape
}

export interface Answered<Shape extends TSchema> {
  readonly status: number
  /** Undefined when the body is not of the shape. */
  readonly body: Static<Shape> | undefined
}

/** Rejects with a Fault (`retry: true`) when there is no answer in time, or one that is too long. */
export async function ask<Shape extends TSchema>(
  { who, url, init, shape }: Question<Shape>,
  env: Env,
): Promise<Answered<Shape>> {
  const abort = new AbortController()
  const cancel = env.after(limits.maps_timeout_ms, () => abort.abort())
  try {
    const response = await fetch(url, { ...init, signal: abort.signal, redirect: 'error' })
    const body = parsed(await boundedText(response))
    return { status: response.status, body: Check(shape, body) ? (body as Static<Shape>) : undefined }
  } catch (cause) {
    const why = abort.signal.aborted ? 'did not answer in time' : 'could not be asked'
    throw new Fault(`${who} ${why}`, { retry: true, cause })
  } finally {
    cancel()
    abort.abort()
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function boundedText(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.byteLength
    if (bytes > limits.maps_answer_bytes_max) throw new Error('the answer is too long')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** What an adapter has read from an answer. */
export interface Read {
  readonly metres: number
  readonly seconds: number
  /** Precision 5. */
  readonly line: string
}

/** An answer in our own words; the line gets no more points than we keep. Throws a Fault when it makes no sense. */
export function itineraryOf(who: 'osrm' | 'google', { metres, seconds, line }: Read): Itinerary {
  const points = decodePolyline(line)
  if (!points || !(metres >= 0 && metres <= 50_000_000) || !(seconds >= 0 && seconds <= 90 * 86_400))
    throw new Fault(`${who} answered with a route that is none`, { retry: true })
  const every = Math.ceil(points.length / limits.itinerary_points_max)
  const kept = points.filter((_, index) => index % every === 0 || index === points.length - 1)
  return {
    distance_km: metres / 1_000,
    duration_min: Math.ceil(seconds / 60),
    polyline: encodePolyline(kept),
    source: who,
    fallback: false,
  }
}
