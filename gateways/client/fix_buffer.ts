// The fixes that the server has not acked: bounded, and what does not fit is counted, never lost silently.
import { limits } from '../../protocols/limits.ts'
import type { Fix } from '../../protocols/runner.ts'
import type { Range } from '../../protocols/socket.ts'

interface Kept {
  readonly fix: Fix
  /** When it was last sent on the present connection; 0 for not yet. */
  sent_ms: number
}

export class FixBuffer {
  /** By number, oldest first. */
  readonly #kept = new Map<number, Kept>()
  #in_flight = 0
  #newest_seq = 0

  get size(): number {
    return this.#kept.size
  }

  /** Sent on the present connection, and not answered. */
  get in_flight(): number {
    return this.#in_flight
  }

  /** The oldest fix, when it had to make room. */
  add(fix: Fix): Fix | undefined {
    this.#kept.set(fix.seq, { fix, sent_ms: 0 })
    this.#newest_seq = fix.seq
    if (this.#kept.size <= limits.client_backlog_fixes_max) return undefined
    for (const [seq, { fix: oldest }] of this.#kept) {
      this.#remove(seq)
      return oldest
    }
    return undefined
  }

  sent(seq: number, now_ms: number): void {
    const kept = this.#kept.get(seq)
    if (!kept) return
    if (kept.sent_ms === 0) this.#in_flight += 1
    kept.sent_ms = now_ms
  }

  /** The oldest ones that are to be sent, at most `limit`. */
  unsent(limit: number): Fix[] {
    const fixes: Fix[] = []
    if (this.#in_flight === this.#kept.size) return fixes
    for (const { fix, sent_ms } of this.#kept.values()) {
      if (fixes.length >= limit) break
      if (sent_ms === 0) fixes.push(fix)
    }
    return fixes
  }

  /** The newest one, if it is to be sent. */
  newestUnsent(): Fix | undefined {
    const newest = this.#kept.get(this.#newest_seq)
    return newest?.sent_ms === 0 ? newest.fix : undefined
  }

  /** Forgets what was answered; how many of them were still here. */
  settle(ranges: readonly Range[]): number {
    let count = 0
    for (const [from, to] of ranges) for (let seq = from; seq <= to; seq++) if (this.#remove(seq)) count += 1
    return count
  }

  /** These were not taken: they are to be sent again. */
  unsend(ranges: readonly Range[]): void {
    for (const [from, to] of ranges)
      for (let seq = from; seq <= to; seq++) {
        const kept = this.#kept.get(seq)
        if (kept) this.#unsend(kept)
      }
  }

  /** The connection is gone, or an answer is overdue: all that was sent before `before_ms` is to be sent again. */
  unsendBefore(before_ms: number): void {
    if (this.#in_flight === 0) return
    for (const kept of this.#kept.values()) if (kept.sent_ms < before_ms) this.#unsend(kept)
  }

  #unsend(kept: Kept): void {
    if (kept.sent_ms === 0) return
    kept.sent_ms = 0
    this.#in_flight -= 1
  }

  #remove(seq: number): boolean {
    const kept = this.#kept.get(seq)
    if (!kept) return false
    this.#unsend(kept)
    return this.#kept.delete(seq)
  }
}
