import { expect, test } from 'vitest'
import { decodePolyline, encodePolyline } from './polyline.ts'

const points = [
  { latitude: 38.5, longitude: -120.2 },
  { latitude: 40.7, longitude: -120.95 },
  { latitude: 43.252, longitude: -126.453 },
]

test('PR3 a polyline is encoded as Google documents it', () => {
  expect(encodePolyline(points)).toBe('_p~iF~ps|U_ulLnnqC_mqNvxq`@')
})

test('PR5 a polyline is read back as it was written, and what is none is no line', () => {
  expect(decodePolyline(encodePolyline(points))).toEqual(points)
  expect(decodePolyline('')).toEqual([])
  for (const wrong of ['_', '_p~iF', 'ab c', '~~~~~~~~~~', encodePolyline([{ latitude: 91, longitude: 0 }])])
    expect(decodePolyline(wrong), wrong).toBeUndefined()
})
