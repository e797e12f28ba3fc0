/** Times on the wire, by calendar arithmetic alone: nothing pure may name `Date`. */

const day_ms = 86_400_000
const day_min = 1_440
/** What a time without an offset is in: Asia/Kuala_Lumpur, which has no summer time. */
const local_offset_min = 8 * 60

const pairs: readonly string[] = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, '0'))
const two = (value: number) => pairs[value] ?? ''

/** `YYYY-MM-DD` of a day counted from 1970-01-01. Source: H. Hinnant, chrono-compatible low-level date algorithms. */
function civil(day: number): string {
  const shifted = day + 719_468
  const era = Math.floor(shifted / 146_097)
  const of_era = shifted - era * 146_097
  const year_of_era = Math.floor(
    (of_era - Math.floor(of_era / 1_460) + Math.floor(of_era / 36_524) - Math.floor(of_era / 146_096)) / 365,
  )
  const of_year = of_era - (365 * year_of_era + Math.floor(year_of_era / 4) - Math.floor(year_of_era / 100))
  const shifted_month = Math.floor((5 * of_year + 2) / 153)
  const day_of_month = of_year - Math.floor((153 * shifted_month + 2) / 5) + 1
  const month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9
  const year = year_of_era + era * 400 + (month <= 2 ? 1 : 0)
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day_of_month)}`
}

/** The inverse of `civil`. Same source. */
function dayOf(year: number, month: number, day_of_month: number): number {
  const shifted_year = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted_year / 400)
  const year_of_era = shifted_year - era * 400
  const of_year = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day_of_month - 1
  const of_era = year_of_era * 365 + Math.floor(year_of_era / 4) - Math.floor(year_of_era / 100) + of_year
  return era * 146_097 + of_era - 719_468
}

// The last minute asked for, up to its seconds: every fix of a minute asks for the same one.
let known_minute = 0
let known_start = '1970-01-01T00:00:'

/** `YYYY-MM-DDTHH:MM:SSZ`: UTC, the fraction of a second cut off, for the clients that refuse one. */
export function wireTime(ms: number): string {
  const minute = Math.floor(ms / 60_000)
  if (minute !== known_minute) {
    const day = Math.floor(minute / day_min)
    const of_day = minute - day * day_min
    known_start = `${civil(day)}T${two(Math.floor(of_day / 60))}:${two(of_day % 60)}:`
    known_minute = minute
  }
  return `${known_start}${two(Math.floor(ms / 1_000) - minute * 60)}Z`
}

/** `wireTime`, or null for 0: it has not happened. */
export const wireTimeOrNull = (ms: number): string | null => (ms === 0 ? null : wireTime(ms))

const form =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|z|([+-])(\d\d):?(\d\d))?)?$/

/**
 * Milliseconds since the epoch of an RFC 3339 time; also of a date, or a time without an offset, which are in
 * Asia/Kuala_Lumpur. Undefined: it is none.
 */
export function instantOf(text: string): number | undefined {
  const found = form.exec(text)
  if (!found) return undefined
  const part = (index: number) => Number(found[index] ?? 0)
  const day = dayOf(part(1), part(2), part(3))
  // A day that does not exist comes back as another one.
  if (civil(day) !== text.slice(0, 10)) return undefined
  if (part(4) > 23 || part(5) > 59 || part(6) > 60 || part(10) > 23 || part(11) > 59) return undefined
  const clock_ms = (part(4) * 3_600 + part(5) * 60 + part(6)) * 1_000
  const fraction_ms = Math.floor(Number(`0.${found[7] ?? 0}`) * 1_000)
  return day * day_ms + clock_ms + fraction_ms - offsetMinutes(found) * 60_000
}

function offsetMinutes(found: RegExpExecArray): number {
  if (found[8] === undefined) return local_offset_min
  if (found[9] === undefined) return 0
  const minutes = Number(found[10]) * 60 + Number(found[11])
  return found[9] === '-' ? -minutes : minutes
}
