import type { TSchema } from 'typebox'
import { expect, test } from 'vitest'
import { commands, events } from './catalogue.ts'
import { checkCommand, eventFlaw } from './check.ts'
import { charactersOf, holdsSealed, replaceSealed, sealedMax, sealedPrefix } from './personal.ts'
import { sampleOf } from './sample.ts'
import type { Shapes } from './shape.ts'

const person_id = '0b6e6f5a-7c1d-4f8a-9b7e-2d1a5c3e4f60'
const sealed = (characters: number, code = 'A'.repeat(40)) =>
  `${sealedPrefix(person_id)}${characters}.${code}`

interface Field {
  readonly path: string
  readonly schema: Readonly<{
    type?: string
    personal?: boolean
    maxLength?: number
    pattern?: string
    const?: string
  }>
}

/** Every text of a schema, at any depth. */
function textsOf(schema: object, path: string): Field[] {
  const { properties, items, anyOf, type } = schema as {
    properties?: Record<string, object>
    items?: object
    anyOf?: object[]
    type?: string
  }
  if (properties)
    return Object.entries(properties).flatMap(([name, field]) => textsOf(field, `${path}.${name}`))
  if (items) return textsOf(items, path)
  if (anyOf) return anyOf.flatMap((member) => textsOf(member, path))
  return type === 'string' ? [{ path, schema }] : []
}
const textsIn = (shapes: Shapes) =>
  Object.entries(shapes).flatMap(([type, schema]) => textsOf(schema as TSchema, type))

test('PD5 a sealed text is found wherever it stands, and nothing else is taken for one', () => {
  const text = `before ${sealed(5)}\n${sealed(2_000)} after`
  expect(holdsSealed(text)).toBe(true)
  expect(replaceSealed(text, ({ characters }) => `<${characters}>`)).toBe('before <5>\n<2000> after')
  for (const other of [
    '',
    '~1.',
    sealedPrefix(person_id),
    sealed(1, 'short'),
    `~2.${person_id}.1.${'A'.repeat(40)}`,
  ]) {
    expect(holdsSealed(other), other).toBe(false)
    expect(replaceSealed(other, () => 'x')).toBe(other)
  }
})

test('PD5 a text has as many characters as its reader will see', () => {
  expect(charactersOf('')).toBe(0)
  expect(charactersOf('plain')).toBe(5)
  expect(charactersOf(`plain\n${sealed(7)}\n${sealed(30)}`)).toBe(6 + 7 + 1 + 30)
})

test('PD6 names, phones, plates, address lines, notes, comments and reasons of people are personal, in commands and events alike', () => {
  const personal = (shapes: Shapes) =>
    textsIn(shapes).flatMap(({ path, schema }) => (schema.personal ? [path] : []))
  expect(personal(commands).sort()).toEqual([
    'booking.cancel.reason',
    'booking.note.note',
    'booking.rate.comment',
    'booking.request.dropoff_address.line1',
    'booking.request.dropoff_address.line2',
    'booking.request.notes',
    'booking.request.pet_spec.photo_url',
    'booking.request.pet_spec.special_needs',
    'booking.request.pet_spec.vaccinations.vet_name',
    'booking.request.pickup_address.line1',
    'booking.request.pickup_address.line2',
    'payment.cancel.reason',
    'payment.refund.reason',
    'runner.register.full_name',
    'runner.register.phone',
    'runner.register.vehicle_plate',
    'runner.update.full_name',
    'runner.update.phone',
    'runner.update.vehicle_plate',
  ])
  expect(personal(events).sort()).toEqual([
    'booking.cancelled.reason',
    'booking.noted.notes',
    'booking.rated.comment',
    'booking.requested.dropoff_address.line1',
    'booking.requested.dropoff_address.line2',
    'booking.requested.notes',
    'booking.requested.pet_spec.photo_url',
    'booking.requested.pet_spec.special_needs',
    'booking.requested.pet_spec.vaccinations.vet_name',
    'booking.requested.pickup_address.line1',
    'booking.requested.pickup_address.line2',
    'payment.escrow_refunded.refund_reason',
    'payment.return_requested.reason',
    'runner.registered.full_name',
    'runner.registered.phone',
    'runner.registered.vehicle_plate',
    'runner.updated.full_name',
    'runner.updated.phone',
    'runner.updated.vehicle_plate',
  ])
})

test('PD6 a command without personal fields has none that is long enough for a sealed text', () => {
  const texts = textsIn(commands)
  const marked = new Set(
    texts.filter(({ schema }) => schema.personal).map(({ path }) => path.split('.', 2).join('.')),
  )
  const room = texts.filter(
    ({ path, schema }) =>
      !marked.has(path.split('.', 2).join('.')) &&
      schema.pattern === undefined &&
      schema.const === undefined &&
      (schema.maxLength ?? Number.POSITIVE_INFINITY) >= sealed(1).length,
  )
  // Of these none comes from a client: steps, and what the provider says.
  expect(room.map(({ path }) => path)).toEqual([
    'payment.create.booking_number',
    'payment.create.currency',
    'payment.observe.stripe_payment_id',
    'payment.observe.redirect_url',
    'payment.observe.failure',
  ])
})

test('PD7 a door checks what was said, the engine has room for what that becomes', () => {
  const event = sampleOf(events['booking.noted']) as object
  expect(eventFlaw('booking.noted', { ...event, notes: 'x'.repeat(sealedMax(2_000)) })).toBeUndefined()
  expect(eventFlaw('booking.noted', { ...event, notes: 'x'.repeat(sealedMax(2_000) + 1) })).toContain('notes')
  expect(checkCommand('booking.note', { note: 'x'.repeat(500) })).toEqual({ note: 'x'.repeat(500) })
  expect(checkCommand('booking.note', { note: 'x'.repeat(501) })).toHaveProperty('rejected')
})
