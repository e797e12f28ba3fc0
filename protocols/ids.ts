import { type Static, Type } from 'typebox'

/** A lower-case UUID: the doors fold the case of what clients send, so that one id has one shard. */
export const Id = Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' })
/** An id, or '' for nobody. */
export const MaybeId = Type.Union([Id, Type.Literal('')])
/** Integer sen of one currency. */
export const Cents = Type.Integer({ minimum: 0, maximum: 100_000_000_00 })
/** Milliseconds since the Unix epoch, in server time unless said otherwise. */
export const Instant = Type.Integer({ minimum: 0 })
/** The words of the apps' own menus: they say nothing about anybody. */
export const menu_reasons: readonly string[] = [
  'changed_mind',
  'found_another_option',
  'took_too_long',
  'wrong_booking_details',
  'other',
]
/** Why somebody did it, in his own words; what is `plain` needs no key. */
export const Reason = Type.String({
  maxLength: 500,
  default: '',
  personal: true,
  plain: menu_reasons,
})
export const Latitude = Type.Number({ minimum: -90, maximum: 90 })
export const Longitude = Type.Number({ minimum: -180, maximum: 180 })
/** WGS 84 degrees. */
export const Point = Type.Object({ latitude: Latitude, longitude: Longitude })
/** Free text about a person: `personal` marks what enters the journal only under that person's key. */
export const Text = (maxLength: number) => Type.String({ maxLength, default: '', personal: true })

export type Point = Static<typeof Point>
