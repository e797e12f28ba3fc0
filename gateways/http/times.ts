// Times that clients send: RFC 3339, or without an offset, which then means Malaysian time.

const pattern = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(Z|z|[+-]\d\d:\d\d)?)?$/
/** Asia/Kuala_Lumpur has no summer time. */
const kuala_lumpur_min = 8 * 60

/** The moment in UTC, whole seconds (the rest is dropped), with `Z`; undefined for what is no time. */
export function wholeSeconds(text: string): string | undefined {
  const match = pattern.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', zone] = match
  const local_ms = Date.UTC(+`${year}`, +`${month}` - 1, +`${day}`, +hour, +minute, +second)
  if (timeOf(local_ms) !== `${year}-${month}-${day}T${two(hour)}:${two(minute)}:${two(second)}Z`)
    return undefined
  const offset_min = offsetOf(zone)
  if (offset_min === undefined) return undefined
  const ms = local_ms - offset_min * 60_000
  return ms < 0 || ms > last_ms ? undefined : timeOf(ms)
}

/** How a moment looks on the wire. */
export const timeOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`

const two = (digits: string) => digits.padStart(2, '0')
const last_ms = Date.UTC(9999, 11, 31, 23, 59, 59)

function offsetOf(zone: string | undefined): number | undefined {
  if (zone === undefined) return kuala_lumpur_min
  if (zone === 'Z' || zone === 'z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(4))
  if (hours > 23 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}
