/** Whoever sends fixes in turn. */
export interface Sender {
  /** Sends its next fix; false when it cannot any more. */
  send(): boolean
}

/**
 * One fix of everybody after the other, again and again, with at most `window` of them unanswered. Nobody waits for an
 * answer of his own: who is answered late has no fewer fixes under way than the others, and falls behind nobody.
 */
export class Turns {
  readonly #senders: readonly Sender[]
  readonly #total: number
  readonly #window: number
  #next = 0
  #ended = 0
  #pumping = false
  #done: () => void = () => {}

  constructor(senders: readonly Sender[], fixes: number, window: number) {
    this.#senders = senders
    this.#total = senders.length * fixes
    this.#window = window
  }

  /** Resolves when every fix has been answered, or cannot be any more. */
  run(): Promise<void> {
    return new Promise((resolve) => {
      this.#done = resolve
      this.#pump()
    })
  }

  /** So many fixes have their last answer, or will never have one. */
  ended(fixes: number): void {
    this.#ended += fixes
    this.#pump()
  }

  #pump(): void {
    // Who cannot send ends his fix inside of this.
    if (this.#pumping) return
    this.#pumping = true
    while (this.#next < this.#total && this.#next - this.#ended < this.#window) {
      const sender = this.#senders[this.#next % this.#senders.length]
      this.#next += 1
      if (!sender?.send()) this.#ended += 1
    }
    this.#pumping = false
    if (this.#ended >= this.#total) this.#done()
  }
}
