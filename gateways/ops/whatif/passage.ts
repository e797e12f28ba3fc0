/** A recorded time that goes by, with what is planned in it. */
import type { Point } from '../../../protocols/ids.ts'
import type { Agenda } from './agenda.ts'
import type { Deed, Recorded } from './recorded.ts'

interface Passing {
  deed(deed: Deed): void
  /** The runner with this index was here. */
  move(index: number, place: Point, at_ms: number): void
  /** After each of them, and each plan. */
  after(at_ms: number): void
}

/** Everything in the order of its time; of one moment deeds come first, then positions, then plans. */
export function pass({ deeds, positions, span }: Recorded, agenda: Agenda, passing: Passing): void {
  const { at_ms, latitude, longitude, runner } = positions
  let [deed, move] = [0, 0]
  for (;;) {
    const deed_ms = deeds[deed]?.at_ms ?? Number.POSITIVE_INFINITY
    const move_ms = at_ms[move] ?? Number.POSITIVE_INFINITY
    const now_ms = Math.min(deed_ms, move_ms, agenda.next_ms)
    if (now_ms > span.until_ms) return
    if (now_ms === deed_ms) passing.deed(deeds[deed++] as Deed)
    else if (now_ms === move_ms) {
      const place = { latitude: latitude[move] as number, longitude: longitude[move] as number }
      passing.move(runner[move] as number, place, now_ms)
      move += 1
    } else agenda.carryOut()
    passing.after(now_ms)
  }
}
