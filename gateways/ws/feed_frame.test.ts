import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { feedMessages } from '../../protocols/feed.ts'
import { positionFrame, statusFrame, textOf } from './feed_frame.ts'

const ajv = new Ajv({ strict: false })
const id = '2D6E6F5A-7c1d-4f8a-9b7e-2d1a5c3e4f62'
const at_ms = 1_790_000_000_007
const place = {
  runner_id: '2d6e6f5a-7c1d-4f8a-9b7e-2d1a5c3e4f62',
  latitude: 3.1,
  longitude: 101.6,
  speed_kmh: 0,
  heading_degrees: 359.5,
  at_ms,
}

const frames = [
  ['location_update', positionFrame(1, place)],
  ['booking_status_changed', statusFrame(2, 'accepted', at_ms, 'requested')],
  ['booking_status_changed', statusFrame(3, 'in_progress', at_ms)],
] as const

test.each(frames)('AA6 a %s frame is as documented, with no other field', (name, frame) => {
  const validate = ajv.compile({ ...feedMessages[name], additionalProperties: false })
  expect(validate(JSON.parse(textOf(frame, id))), ajv.errorsText(validate.errors)).toBe(true)
})
