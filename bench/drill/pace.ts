/** Honest questions at a steady rate, and how long their answers take. */
export class Pace {
  readonly #ask: () => Promise<boolean>
  readonly #every_ms: number
  #took_ms: number[] = []
  #failed = 0

  /** `ask` tells whether it was answered as it should be. */
  constructor(every_ms: number, ask: () => Promise<boolean>) {
    this.#every_ms = every_ms
    this.#ask = ask
  }

  /** Asks for so long, open-loop: a slow answer does not put the next question off. Resolves when all are answered. */
  async run(for_ms: number): Promise<Paced> {
    this.#took_ms = []
    this.#failed = 0
    const asked: Promise<void>[] = []
    const began_ms = performance.now()
    for (let due_ms = 0; due_ms < for_ms; due_ms += this.#every_ms) {
      const wait_ms = began_ms + due_ms - performance.now()
      if (wait_ms > 0) await new Promise((resolve) => setTimeout(resolve, wait_ms))
      asked.push(this.#once(began_ms + due_ms))
    }
    await Promise.all(asked)
    return pacedOf(this.#took_ms, this.#failed)
  }

  async #once(due_ms: number): Promise<void> {
    const is_answered = await this.#ask().catch(() => false)
    this.#took_ms.push(performance.now() - due_ms)
    if (!is_answered) this.#failed += 1
  }
}

export interface Paced {
  readonly asked: number
  readonly failed: number
  readonly p99_ms: number
}

export function pacedOf(took_ms: readonly number[], failed: number): Paced {
  const sorted = [...took_ms].sort((a, b) => a - b)
  const p99_ms = Math.round(sorted[Math.max(0, Math.ceil(sorted.length * 0.99) - 1)] ?? 0)
  return { asked: sorted.length, failed, p99_ms }
}

/** Worse than what is allowed, and not because the machine was busy already: it is far worse than in quiet times. */
export const isSlowed = (quiet: Paced, burdened: Paced, allowed_ms: number): boolean =>
  burdened.p99_ms >= allowed_ms && burdened.p99_ms > 3 * quiet.p99_ms
