// What the five apps do with an answer, as far as it can fail: each decoder throws where the app would.

export class Undecodable extends Error {}

/** Throws an Undecodable that says where. */
export type Decoder = (value: unknown, at: string) => void

const fail = (at: string, wanted: string, value: unknown): never => {
  throw new Undecodable(`${at} should be ${wanted}, not ${JSON.stringify(value)}`)
}
const when =
  (wanted: string, holds: (value: unknown) => boolean): Decoder =>
  (value, at) => {
    if (!holds(value)) fail(at, wanted, value)
  }

export const text = when('a string', (value) => typeof value === 'string')
export const flag = when('a boolean', (value) => typeof value === 'boolean')
/** Swift's Double, Dart's `num`. */
export const number = when('a number', (value) => typeof value === 'number' && Number.isFinite(value))
/** Swift's Int64, Dart's `as int`. */
export const whole = when('a whole number', Number.isSafeInteger)
/** Foundation's ISO 8601 strategy: no fraction of a second. */
export const swiftDate = when(
  'an ISO 8601 time in whole seconds',
  (value) =>
    typeof value === 'string' &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/.test(value) &&
    isTime(value),
)
/** `DateTime.parse` and `new Date`. */
export const date = when('a time', (value) => typeof value === 'string' && isTime(value))
export const anything: Decoder = () => undefined

const isTime = (value: string) => !Number.isNaN(Date.parse(value))

/** An enum that knows these alone. */
export const oneOf = (...words: readonly string[]): Decoder =>
  when(`one of ${words.join(', ')}`, (value) => words.includes(value as string))

/** Absent or null is fine. */
export const maybe =
  (decoder: Decoder): Decoder =>
  (value, at) => {
    if (value !== undefined && value !== null) decoder(value, at)
  }

export const listOf =
  (decoder: Decoder): Decoder =>
  (value, at) => {
    if (!Array.isArray(value)) return fail(at, 'a list', value)
    for (const [index, item] of value.entries()) decoder(item, `${at}[${index}]`)
  }

/** Fields that it does not know are passed over. */
export const record =
  (fields: Readonly<Record<string, Decoder>>): Decoder =>
  (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return fail(at, 'an object', value)
    for (const [name, decoder] of Object.entries(fields))
      decoder((value as Readonly<Record<string, unknown>>)[name], `${at}.${name}`)
  }

/** M, MI and R insist on `success`. */
export const success = (data: Decoder): Decoder =>
  record({ success: when('true', (value) => value === true), data })
const pagination = record({ total: whole, page: whole, limit: whole })
/** A list beside its pagination. */
export const page = (item: Decoder): Decoder =>
  record({ success: when('true', (value) => value === true), data: listOf(item), pagination })
