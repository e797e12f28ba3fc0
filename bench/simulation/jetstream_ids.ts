/** The message ids of a simulated stream's duplicate window. */

interface Seen {
  seq: number
  at_ms: number
}

export interface IdWindow {
  readonly now_ms: number
  /** 0 or less: no ids are remembered. */
  readonly window_ms: number
}

export class Ids {
  readonly #window: () => IdWindow
  /** In the order of their times, oldest first. */
  readonly #seen = new Map<string, Seen>()

  constructor(window: () => IdWindow) {
    this.#window = window
  }

  /** The sequence of the message with this id, 0 while it is under way, undefined outside the window. */
  get(id: string | undefined): number | undefined {
    if (!id) return undefined
    const { now_ms, window_ms } = this.#window()
    const seen = this.#seen.get(id)
    return seen && now_ms - seen.at_ms < window_ms ? seen.seq : undefined
  }

  set(id: string | undefined, seq: number): void {
    const { now_ms, window_ms } = this.#window()
    if (!id || window_ms <= 0) return
    this.#seen.delete(id)
    this.#seen.set(id, { seq, at_ms: now_ms })
    for (const [old, { at_ms }] of this.#seen) {
      if (now_ms - at_ms < window_ms) break
      this.#seen.delete(old)
    }
  }

  forget(id: string | undefined): void {
    if (id) this.#seen.delete(id)
  }

  /** What was under way when the leader went is unknown to the next one. */
  forgetPending(): void {
    for (const [id, { seq }] of [...this.#seen]) if (seq === 0) this.#seen.delete(id)
  }
}
