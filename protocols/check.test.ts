import { expect, test } from 'vitest'
import { signals } from './catalogue.ts'
import { checkCommand, checkQuery, checkSignal, eventFlaw } from './check.ts'
import { isRefusal } from './rejections.ts'
import { sampleOf } from './sample.ts'

const address = {
  line1: '1 Jalan Satu',
  city: 'Johor Bahru',
  state: 'Johor',
  country: 'MY',
  latitude: 0,
  longitude: 0,
}
const request = {
  pet_spec: { pet_type: 'cat', name: 'Mimi', weight_kg: 4 },
  pickup_address: address,
  dropoff_address: address,
}

test('CD7 a body gets its defaults and loses what the catalogue does not know, at every depth', () => {
  const given = { ...request, extra: 1, pet_spec: { ...request.pet_spec, first_pet: true } }
  const checked = checkCommand('booking.request', given)
  expect(checked).toEqual({
    pet_spec: {
      ...request.pet_spec,
      breed: '',
      age_months: 0,
      vaccinations: [],
      special_needs: '',
      photo_url: '',
    },
    pickup_address: { ...address, line2: '', postal_code: '' },
    dropoff_address: { ...address, line2: '', postal_code: '' },
    notes: '',
  })
  expect(given.extra).toBe(1)
  expect(checkCommand('booking.accept', { anything: [] })).toEqual({})
})

test('CD7 defaults are not shared between bodies', () => {
  const vaccinations = () => {
    const checked = checkCommand('booking.request', request) as { pet_spec: { vaccinations: unknown[] } }
    return checked.pet_spec.vaccinations
  }
  vaccinations().push('mine')
  expect(vaccinations()).toEqual([])
})

test('CD7 zero is a number like any other, where one is required', () => {
  expect(checkCommand('runner.go_online', { latitude: 0, longitude: -0 })).toEqual({
    latitude: 0,
    longitude: -0,
  })
  expect(isRefusal(checkCommand('runner.go_online', { latitude: 0 }))).toBe(true)
})

test.each([
  [
    'booking.request',
    { ...request, pet_spec: { ...request.pet_spec, weight_kg: 0 } },
    'pet_spec.weight_kg must be > 0',
  ],
  ['booking.request', {}, 'the body must have required properties pet_spec, pickup_address, dropoff_address'],
  [
    'booking.decline',
    { reason: 'bored' },
    'reason must be one of too_far, cannot_transport, already_busy, pickup_issue, other',
  ],
  ['booking.request', { ...request, scheduled_at: 5 }, 'scheduled_at must be string or must be null'],
  ['booking.accept', [], 'the body must be object'],
  ['booking.accept', null, 'the body must be object'],
  ['booking.accept', 'x', 'the body must be object'],
  ['runner.go_online', { latitude: Number.NaN, longitude: 0 }, 'latitude must be number'],
  ['booking.nothing', {}, 'there is no such command'],
  ['toString', {}, 'there is no such command'],
])('CD7 %s is refused with the field and its rule', (type, body, detail) => {
  expect(checkCommand(type, body)).toEqual({ rejected: 'request.malformed', detail })
})

test('CD7 a refusal does not repeat what was sent', () => {
  const secret = 'very private text'.repeat(100)
  const refused = checkCommand('booking.request', { ...request, notes: secret })
  expect(refused).toEqual({
    rejected: 'request.malformed',
    detail: 'notes must not have more than 1000 characters',
  })
})

test('CD7 signals and queries are checked in the same way', () => {
  for (const [type, schema] of Object.entries(signals)) {
    const sample = sampleOf(schema) as object
    expect(checkSignal(type, { ...sample, extra: 1 })).toEqual(sample)
    expect(checkSignal(type, {})).toMatchObject({ rejected: 'request.malformed' })
  }
  expect(checkQuery('booking.view', { extra: 1 })).toEqual({})
  expect(checkQuery('booking.nothing', {})).toMatchObject({ rejected: 'request.malformed' })
})

test('CD11 an event of our own is exactly its schema', () => {
  const runner_id = '0b6e6f5a-7c1d-4f8a-9b7e-2d1a5c3e4f60'
  expect(eventFlaw('runner.offline', { runner_id })).toBeUndefined()
  expect(eventFlaw('runner.offline', { runner_id: 'x' })).toContain('runner_id must match')
  expect(eventFlaw('runner.offline', { runner_id, more: 1 })).toBe('more is no field of the event')
  expect(eventFlaw('runner.nothing', {})).toBe('there is no event runner.nothing')
})
