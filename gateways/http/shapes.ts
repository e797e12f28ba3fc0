// The bodies of endpoints that are no commands, by the endpoint's name.
import { type Static, Type } from 'typebox'
import { PetType } from '../../protocols/booking.ts'
import { checkOf } from '../../protocols/check.ts'
import { Id, Latitude, Longitude } from '../../protocols/ids.ts'
import { limits } from '../../protocols/limits.ts'
import type { Rejection } from '../../protocols/rejections.ts'

const Name = Type.String({ minLength: 1, maxLength: 255 })
const Short = Type.String({ maxLength: 255, default: '' })
const Long = Type.String({ maxLength: 2_000, default: '' })
const Url = Type.String({ pattern: '^https?://\\S+$', maxLength: 2_000 })
const Whole = (maximum: number) => Type.Integer({ minimum: 0, maximum, default: 0 })
const Sen = Whole(100_000_000_00)
const Token = Type.String({ minLength: 1, maxLength: limits.token_bytes_max })
const Yes = Type.Boolean({ default: true })
const Words = <Word extends string>(...words: readonly Word[]) =>
  Type.Union(words.map((word) => Type.Literal(word)))
const Clock = Type.String({ pattern: '^(([01]\\d|2[0-3]):[0-5]\\d)?$' })

const pet = {
  breed: Short,
  age_months: Whole(2_400),
  allergies: Long,
  special_needs: Long,
  notes: Long,
  photo_url: Long,
  vaccination_status: Type.String({ maxLength: 50, default: '' }),
  weight_kg: Type.Number({ minimum: 0, maximum: 200, default: 0 }),
}
const Category = Words('grooming', 'vet', 'boarding', 'pet_store')
const Services = Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 50 })
const shop = {
  phone: Type.String({ maxLength: 20, default: '' }),
  email: Short,
  image_url: Long,
  opening_hours: Type.String({ maxLength: 100, default: '' }),
  description: Long,
}

export const shapes = {
  createPet: Type.Object({ ...pet, name: Type.String({ minLength: 1, maxLength: 100 }), pet_type: PetType }),
  updatePet: Type.Object({
    ...pet,
    name: Type.String({ maxLength: 100, default: '' }),
    pet_type: Type.Optional(PetType),
  }),
  addPhoto: Type.Object({ photo_type: Words('pickup', 'delivery'), photo_url: Url, caption: Long }),
  createShop: Type.Object({
    ...shop,
    name: Name,
    address: Type.String({ minLength: 1, maxLength: 500 }),
    latitude: Latitude,
    longitude: Longitude,
    category: Category,
    services: Type.Array(Services.items, { maxItems: 50, default: [] }),
  }),
  updateShop: Type.Object({
    ...shop,
    name: Short,
    address: Type.String({ maxLength: 500, default: '' }),
    latitude: Type.Optional(Latitude),
    longitude: Type.Optional(Longitude),
    category: Type.Optional(Category),
    services: Type.Optional(Services),
  }),
  sendChat: Type.Object({
    message_type: Words('text', 'image', 'quick_reply'),
    content: Type.String({ minLength: 1, maxLength: 2_000 }),
  }),
  updatePreferences: Type.Object({
    enable_push: Yes,
    enable_sms: Yes,
    enable_email: Yes,
    quiet_hours_start: Type.Optional(Clock),
    quiet_hours_end: Type.Optional(Clock),
    language: Type.Optional(Words('en', 'ms', '')),
  }),
  fcmToken: Type.Object({ token: Token }),
  /** A browser's subscription has its endpoint as token, and its two keys. */
  deviceToken: Type.Object({
    token: Token,
    platform: Type.String({ maxLength: 20, default: '' }),
    keys: Type.Optional(
      Type.Object({
        p256dh: Type.String({ minLength: 1, maxLength: 200 }),
        auth: Type.String({ minLength: 1, maxLength: 100 }),
      }),
    ),
  }),
  createPromo: Type.Object({
    code: Type.String({ minLength: 1, maxLength: 50, pattern: '\\S' }),
    discount_type: Words('percentage', 'fixed'),
    discount_value: Type.Integer({ minimum: 1, maximum: 100_000_000_00 }),
    valid_from: Type.String({ maxLength: 40 }),
    valid_until: Type.String({ maxLength: 40 }),
    min_amount_cents: Sen,
    max_discount_cents: Sen,
    max_uses: Whole(1_000_000_000),
  }),
  validatePromo: Type.Object({
    code: Type.String({ minLength: 1, maxLength: 50 }),
    amount_cents: Type.Integer({ minimum: 1, maximum: 100_000_000_00 }),
  }),
  digests: Type.Object({
    of: Type.Array(Type.Object({ kind: Words('booking', 'payment', 'runner', 'trip'), id: Id }), {
      minItems: 1,
      maxItems: limits.digests_max,
    }),
  }),
  subscribe: Type.Object({ plan: Type.String({ minLength: 1, maxLength: 20 }) }),
  apply: Type.Object({
    name: Name,
    phone: Type.String({ pattern: '^\\+?\\d{7,15}$' }),
    icNumber: Type.String({ minLength: 6, maxLength: 20 }),
    plateNumber: Type.String({ minLength: 1, maxLength: 20 }),
    vehicleType: Words('motorbike', 'car', 'bicycle'),
    petExperience: Type.Array(Words('dogs', 'cats', 'birds', 'fish', 'small_pets', 'vet_trips'), {
      maxItems: 6,
      default: [],
    }),
    comfortableWithLivePets: Type.Boolean({ default: false }),
    consentAcknowledged: Type.Literal(true),
  }),
}

type Shape = keyof typeof shapes
const check = checkOf(shapes, 'request')

/** The body with known fields alone and its defaults filled in, or `request.malformed`. */
export const bodyOf = <Name extends Shape>(name: Name, body: object) =>
  check(name, body) as Static<(typeof shapes)[Name]> | Rejection

/** Of a partial change: what was said. Empty texts and zeros mean "as it was", for the apps send every field. */
export const said = <Fields extends object>(fields: Fields): Partial<Fields> =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== '' && value !== 0),
  ) as Partial<Fields>
