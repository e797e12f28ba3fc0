/** One at a time, in order of asking. */
export class Turns {
  #taken = false
  readonly #waiting: (() => void)[] = []

  /** Somebody wants the turn that another one has. */
  get are_wanted(): boolean {
    return this.#waiting.length > 0
  }

  take(): Promise<void> {
    if (!this.#taken) {
      this.#taken = true
      return Promise.resolve()
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  pass(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#taken = false
    else next()
  }
}
