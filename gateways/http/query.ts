// What stands behind the question mark: contract, section 1.4.
import { limits } from '../../protocols/limits.ts'
import { type Rejection, reject } from '../../protocols/rejections.ts'

/** The page and its size; what is no number, or none of ours, counts as not said. */
export function pageOf(
  query: URLSearchParams,
  absent: number = limits.list_page_default,
): { page: number; limit: number } {
  const page = whole(query.get('page')) ?? 1
  const limit = whole(query.get('limit')) ?? 0
  return {
    page: Math.min(Math.max(page, 1), limits.page_number_max),
    limit: limit < 1 ? absent : Math.min(limit, limits.page_limit_max),
  }
}

/** The same where a limit beyond the largest counts as not said. */
export function strictPageOf(query: URLSearchParams): { page: number; limit: number } {
  const asked = pageOf(query)
  return (whole(query.get('limit')) ?? 0) > limits.page_limit_max
    ? { ...asked, limit: limits.list_page_default }
    : asked
}

/** The size of a page that goes on by a cursor. */
export const cursorLimitOf = (query: URLSearchParams): number =>
  Math.min(pageOf(query).limit, limits.notice_cursor_max)

function whole(text: string | null): number | undefined {
  return text !== null && /^[+-]?\d+$/.test(text) ? Number(text) : undefined
}

/** A number within bounds, `absent` where the name is not there, or `request.malformed`. */
function numberOf(
  query: URLSearchParams,
  name: string,
  { min, max, absent }: { min: number; max: number; absent?: number },
): number | Rejection {
  const text = query.get(name)
  if (text === null && absent !== undefined) return absent
  const value = text === null || text.trim() === '' ? Number.NaN : Number(text)
  if (value >= min && value <= max) return value
  return reject('request.malformed', `${name} must be a number from ${min} to ${max}`)
}

/** The place that `latitude` and `longitude` name. */
export function placeOf(query: URLSearchParams): { latitude: number; longitude: number } | Rejection {
  const latitude = numberOf(query, 'latitude', { min: -90, max: 90 })
  if (typeof latitude !== 'number') return latitude
  const longitude = numberOf(query, 'longitude', { min: -180, max: 180 })
  if (typeof longitude !== 'number') return longitude
  return { latitude, longitude }
}

/** `radius_km`; a larger one than we search is as good as the largest. */
export function radiusOf(query: URLSearchParams, absent: number): number | Rejection {
  const radius_km = numberOf(query, 'radius_km', { min: 0, max: Number.MAX_VALUE, absent })
  return typeof radius_km === 'number' ? Math.min(radius_km, limits.nearby_radius_km_max) : radius_km
}
