import { limits } from '../protocols/limits.ts'

/**
 * Which sequence numbers of one boot have come: ranges, since a device counts without gaps. `from` to `to` is the
 * newest one; `lower` holds the others as pairs, ascending. What is below `floor` has been forgotten.
 */
export interface Seen {
  readonly floor: number
  readonly from: number
  readonly to: number
  readonly lower: readonly number[]
}

export const nothing_seen: Seen = { floor: 0, from: 0, to: -1, lower: [] }

/** Whether it surely has come. A number below `floor` may have. */
export function hasSeen({ from, to, lower }: Seen, seq: number): boolean {
  if (seq >= from) return seq <= to
  for (let index = lower.length - 2; index >= 0; index -= 2) {
    const start = lower[index] ?? 0
    if (seq >= start) return seq <= (lower[index + 1] ?? 0)
  }
  return false
}

/** With this number too. Beyond `seen_ranges_max` ranges the oldest is forgotten. */
export function withSeq(seen: Seen, seq: number): Seen {
  const { floor, from, to, lower } = seen
  if (seq === to + 1 && to >= 0) return { floor, from, to: seq, lower }
  if (to < 0) return { floor, from: seq, to: seq, lower }
  if (seq > to) return bounded({ floor, from: seq, to: seq, lower: [...lower, from, to] })
  if (seq < floor || hasSeen(seen, seq)) return seen
  return inserted(seen, seq)
}

function inserted({ floor, from, to, lower }: Seen, seq: number): Seen {
  const pairs = [...lower, from, to]
  let at = 0
  while ((pairs[at] ?? 0) < seq) at += 2
  // The new range stands before `at`; it may touch the one before it, the one after it, or both.
  const touches_next = pairs[at] === seq + 1
  const touches_last = at > 0 && pairs[at - 1] === seq - 1
  if (touches_last && touches_next) pairs.splice(at - 1, 2)
  else if (touches_last) pairs[at - 1] = seq
  else if (touches_next) pairs[at] = seq
  else pairs.splice(at, 0, seq, seq)
  const newest = pairs.splice(-2)
  return bounded({ floor, from: newest[0] ?? from, to: newest[1] ?? to, lower: pairs })
}

function bounded(seen: Seen): Seen {
  if (seen.lower.length <= 2 * (limits.seen_ranges_max - 1)) return seen
  return { ...seen, floor: (seen.lower[1] ?? 0) + 1, lower: seen.lower.slice(2) }
}
