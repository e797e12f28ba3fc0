import { getResolution, isValidCell, latLngToCell } from 'h3-js'
import { haversineKm } from './sphere.ts'

/** Whether a place, in degrees, is inside. */
export type Area = (latitude: number, longitude: number) => boolean

/** `LATITUDE,LONGITUDE,RADIUS_KM`, or an H3 cell; nothing for other text. */
export function areaOf(text: string): Area | undefined {
  if (isValidCell(text)) {
    const resolution = getResolution(text)
    return (latitude, longitude) => latLngToCell(latitude, longitude, resolution) === text
  }
  const parts = text.split(',').map(Number)
  const [latitude = Number.NaN, longitude = Number.NaN, radius_km = Number.NaN] = parts
  const good = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 && radius_km > 0
  if (parts.length !== 3 || !good) return undefined
  return (at, beside) => haversineKm(latitude, longitude, at, beside) <= radius_km
}
