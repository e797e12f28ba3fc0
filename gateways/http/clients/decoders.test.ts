import { expect, test } from 'vitest'
import { type Decoder, Undecodable } from './decoders_testing.ts'
import { flutter, swift, web_runner } from './models_testing.ts'
import { dataOf, type Fields, stage } from './play_testing.ts'

const spoiled = (decode: Decoder, value: unknown) => {
  try {
    decode(value, 'answer')
    return 'taken'
  } catch (error) {
    return error instanceof Undecodable ? 'refused' : String(error)
  }
}

test('DE9 the decoders refuse what the apps would: fractions of seconds, fields left out, words they do not know', async () => {
  const on = await stage()
  const owner = await on.register('owner@kilat.test', 'owner')
  const id = await on.book(owner)
  const booking = dataOf(await owner.send('GET', `/bookings/${id}`))
  on.stop()
  const with_pet = (more: Fields) => ({ ...booking, pet_spec: { ...(booking.pet_spec as Fields), ...more } })
  const { notes: _notes, ...without_notes } = booking
  const changes: readonly (readonly [Decoder, unknown])[] = [
    [swift.booking, { ...booking, created_at: '2026-11-22T10:00:00.123Z' }],
    [swift.booking, without_notes],
    [swift.booking, { ...booking, status: 'in_transit' }],
    [swift.booking, { ...booking, estimated_price_cents: 1.5 }],
    [swift.booking, with_pet({ vaccinations: null })],
    [swift.booking, with_pet({ pet_type: 'hamster' })],
    [flutter.booking, { ...booking, status: 'pickup_arrived' }],
    [flutter.booking, { ...booking, version: '1' }],
    [web_runner.booking, { ...booking, status: 'in_progress' }],
  ]
  for (const decode of [swift.booking, flutter.booking, web_runner.booking])
    expect(spoiled(decode, booking)).toBe('taken')
  expect(changes.map(([decode, value]) => spoiled(decode, value))).toEqual(changes.map(() => 'refused'))
})
