/** What every store of plain records promises, whatever it is made of. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Rows } from '../protocols/rows.ts'
import { chat_messages, pets, shared_trips, shops } from '../protocols/tables.ts'

interface OpenRows {
  readonly rows: Rows
  close(): Promise<void>
}

const at = Date.UTC(2026, 0, 15, 10, 0, 0, 123)
const idOf = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
const messageOf = (number: number, booking: number, more: object = {}) => ({
  id: idOf(number),
  booking_id: idOf(booking),
  sender_id: idOf(1),
  sender_role: 'owner',
  message_type: 'text' as const,
  content: `message ${number}`,
  created_at: at + number,
  ...more,
})
const shop = {
  id: idOf(900),
  owner_id: null,
  name: 'Kedai',
  address: '1 Jalan Satu',
  latitude: 3.1,
  longitude: 101.6,
  phone: '',
  email: '',
  category: 'vet' as const,
  services: ['x-ray', '"quoted"'],
  rating: 4.5,
  image_url: '',
  opening_hours: '',
  description: '',
  created_at: at,
  updated_at: at,
}

/** Runs the suite on one kind. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: a suite, whose tests share one store
export function rowsContract(kind: string, open: () => Promise<OpenRows>): void {
  // biome-ignore lint/complexity/noExcessiveLinesPerFunction: a suite, whose tests share one store
  describe(`rows: ${kind}`, () => {
    let opened: OpenRows
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened.close())

    test('RO1 a row comes back as it was added, its time to the millisecond and its list whole', async () => {
      const { rows } = opened
      expect(await rows.add(shops, shop)).toBe(true)
      expect(await rows.find(shops, { where: { id: shop.id }, order: [], limit: 1 })).toEqual([shop])
      expect(
        await rows.find(shops, { where: { owner_id: null, id: shop.id }, order: [], limit: 5 }),
      ).toHaveLength(1)
    })

    test('RO2 a second row of the same id, or with the same unique columns, is not added and changes nothing', async () => {
      const { rows } = opened
      const link = {
        id: idOf(950),
        booking_id: idOf(2),
        shared_by: idOf(1),
        token_hash: 'aa',
        expires_at: at,
        created_at: at,
      }
      expect(await rows.add(shared_trips, link)).toBe(true)
      expect(await rows.add(shared_trips, { ...link, token_hash: 'bb' })).toBe(false)
      expect(await rows.add(shared_trips, { ...link, id: idOf(951) })).toBe(false)
      expect(await rows.find(shared_trips, { where: { booking_id: idOf(2) }, order: [], limit: 9 })).toEqual([
        link,
      ])
    })

    test('RO3 rows are found by equality, by a list and by bounds, in order, page by page', async () => {
      const { rows } = opened
      for (const number of [3, 1, 2, 4]) await rows.add(chat_messages, messageOf(number, 10))
      await rows.add(chat_messages, messageOf(5, 11))
      const found = async (search: object) =>
        (
          await rows.find(chat_messages, {
            where: { booking_id: idOf(10) },
            order: [['created_at', 'up']],
            limit: 9,
            ...search,
          })
        ).map(({ content }) => content.at(-1))
      expect(await found({})).toEqual(['1', '2', '3', '4'])
      expect(await found({ limit: 2, offset: 1 })).toEqual(['2', '3'])
      expect(await found({ where: { id: { any_of: [idOf(2), idOf(5), idOf(77)] } } })).toEqual(['2', '5'])
      expect(
        await found({ where: { booking_id: idOf(10), created_at: { from: at + 2, to: at + 3 } } }),
      ).toEqual(['2', '3'])
      expect(await rows.count(chat_messages, { booking_id: idOf(10) })).toBe(4)
    })

    test('RO4 a search goes on behind the last row that was seen', async () => {
      const { rows } = opened
      for (const number of [21, 22, 23])
        await rows.add(chat_messages, messageOf(number, 20, { created_at: at }))
      const order = [
        ['created_at', 'down'],
        ['id', 'down'],
      ] as const
      const first = await rows.find(chat_messages, { where: { booking_id: idOf(20) }, order, limit: 2 })
      expect(first.map(({ id }) => id)).toEqual([idOf(23), idOf(22)])
      const after = [at, idOf(22)]
      const rest = await rows.find(chat_messages, { where: { booking_id: idOf(20) }, order, limit: 2, after })
      expect(rest.map(({ id }) => id)).toEqual([idOf(21)])
    })

    test('RO5 a change touches the rows that match alone and tells them as they are now, and removal counts', async () => {
      const { rows } = opened
      const pet = {
        id: idOf(31),
        owner_id: idOf(30),
        name: 'Tom',
        pet_type: 'cat' as const,
        breed: '',
        weight_kg: 4.2,
        age_months: 5,
        allergies: '',
        special_needs: '',
        notes: '',
        photo_url: '',
        vaccination_status: '',
        status: 'active' as const,
        version: 1,
        created_at: at,
        updated_at: at,
      }
      await rows.add(pets, pet)
      await rows.add(pets, { ...pet, id: idOf(32) })
      const changed = await rows.change(pets, { id: idOf(31), version: 1 }, { name: 'Tim', version: 2 })
      expect(changed).toEqual([{ ...pet, name: 'Tim', version: 2 }])
      expect(await rows.change(pets, { id: idOf(31), version: 1 }, { name: 'Lost' })).toEqual([])
      expect(await rows.remove(pets, { owner_id: idOf(30), name: 'Tim' })).toBe(1)
      expect(await rows.remove(pets, { id: idOf(31) })).toBe(0)
      expect(await rows.count(pets, { owner_id: idOf(30) })).toBe(1)
    })
  })
}
