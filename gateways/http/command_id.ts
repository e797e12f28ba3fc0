// Names for commands, chosen so that a repeated request is the same command: engine.md, section 4.
import { createHash } from 'node:crypto'
import { limits } from '../../protocols/limits.ts'
import type { TimeTable } from './shared.ts'

/** A UUID made of a SHA-256 over the parts; equal parts give equal ids. Version 8 of RFC 9562. */
export function derivedId(...parts: readonly string[]): string {
  const bytes = createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** The id of a command that came with an Idempotency-Key. */
export const keyedId = (user_id: string, key: string) => derivedId('key', user_id, key)

/**
 * The id of a command without a key whose repeat would create something: of user, route, body and the ten seconds in
 * which it was first seen. A repeat within ten seconds of the first finds that moment in `repeats`, so it is the same
 * command across the border of two windows too; where nothing is remembered (another node, a restart), it is the same
 * within its window.
 */
export function windowedId(
  user_id: string,
  route: string,
  body: object,
  now_ms: number,
  repeats: TimeTable,
): string {
  const what = derivedId('repeat', user_id, route, JSON.stringify(body))
  let first_ms = now_ms
  repeats.update(what, (known_ms) => {
    const repeated = now_ms - known_ms < limits.repeat_window_ms && known_ms <= now_ms
    first_ms = repeated ? known_ms : now_ms
    return repeated ? undefined : now_ms
  })
  return derivedId('window', what, String(Math.floor(first_ms / limits.repeat_window_ms)))
}
