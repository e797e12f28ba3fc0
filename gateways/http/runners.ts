import { randomUUID } from 'node:crypto'
import type { Near, NearQuery } from '../../engine/host.ts'
import type { Principal } from '../../protocols/actor.ts'
import { checkSignal } from '../../protocols/check.ts'
import { limits } from '../../protocols/limits.ts'
import { isRefusal, type Rejection, reject } from '../../protocols/rejections.ts'
import type { RunnerSignal } from '../../protocols/runner.ts'
import { placeOf, radiusOf } from './query.ts'
import { acknowledged, ok } from './reply.ts'
import type { Endpoint, HttpDoors, KnownRequest } from './request.ts'

/** Plain HTTP has no device boot to count from: each thread is one, and counts for all its runners. */
const boot = randomUUID()
let last_seq = 0

export const runnerEndpoints = {
  /** Passes one position on and waits until it is as safe as it will be. `runner.not_online` and `runner.not_found` come from the actor. */
  location: async (request, doors) => {
    const signal = movedBy(request, doors.env.now_ms())
    if (isRefusal(signal)) return signal
    const refused = await signalled(signal, request.by, doors)
    return refused ?? acknowledged('location updated')
  },

  /** Anybody may ask who is near: only what the public may know of a runner is told. */
  nearby: async (request, { host }) => {
    const place = placeOf(request.query)
    if (isRefusal(place)) return place
    const radius_km = radiusOf(request.query, limits.nearby_radius_km_default)
    if (isRefusal(radius_km)) return radius_km
    const found = await host.near(nearest({ ...place, radius_km, bits: 0 }))
    return ok(found.map((near) => seenBy(request.by, near)))
  },
} satisfies Record<string, Endpoint>

/** A search for as many runners as a list shows. */
export const nearest = (search: Omit<NearQuery, 'kind' | 'limit'>): NearQuery => ({
  kind: 'runner',
  limit: limits.nearby_max,
  ...search,
})

/** A runner as strangers see him: with the distance in km, to the metre, without phone and plate. */
export function seenBy(by: Principal, { view, distance_km }: Near): object {
  const shown = { ...view, distance_km: Math.round(distance_km * 1_000) / 1_000 }
  return by.role === 'admin' ? shown : { ...shown, phone: '', vehicle_plate: '' }
}

function movedBy({ body }: KnownRequest, now_ms: number): RunnerSignal | Rejection {
  const { latitude, longitude, speed_kmh, heading_degrees } = body
  const fix = {
    seq: last_seq + 1,
    latitude,
    longitude,
    at_ms: now_ms,
    speed_kmh: clamped(speed_kmh, Number.MAX_VALUE),
    heading_degrees: clamped(heading_degrees, 360),
  }
  const checked = checkSignal('runner.moved', { boot, lane: 'live', via: 'http', fixes: [fix] })
  if (isRefusal(checked))
    return { ...checked, detail: checked.detail.replace('fixes.0.', '').replace('fixes.0', 'the body') }
  last_seq += 1
  return { ...checked, type: 'runner.moved' } as RunnerSignal
}

/** Devices say -1 for unknown; so is a heading beyond the circle. What is no number is left for the check to refuse. */
function clamped(value: unknown, max: number): unknown {
  if (value === null) return undefined
  return typeof value === 'number' && (value < 0 || value > max) ? 0 : value
}

function signalled(
  signal: RunnerSignal,
  by: Principal,
  { host, env }: HttpDoors,
): Promise<Rejection | undefined> {
  return new Promise((resolve) => {
    const cancel = env.after(limits.command_deadline_ms, () => resolve(reject('deadline', '')))
    host.signal({ to: { actor: 'runner', id: by.id }, signal, by }, (refused) => {
      cancel()
      resolve(refused)
    })
  })
}
