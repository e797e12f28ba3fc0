import type { Rejection } from '../protocols/rejections.ts'

/** Called once: with nothing when what it rests on is durable, else with why that will never be known here. */
export type Held = (lost?: Rejection) => void

/** The output gate: nothing that was made from a frame leaves before the journal has acked it. */
export class Gate {
  #durable: number
  readonly #held = new Map<number, Held[]>()

  constructor(durable_n: number) {
    this.#durable = durable_n
  }

  get durable_n(): number {
    return this.#durable
  }

  /** Answers that wait for their frame. */
  get waiting(): number {
    let waiting = 0
    for (const held of this.#held.values()) waiting += held.length
    return waiting
  }

  /** At once when frame `n` is durable, else when it is. */
  hold(n: number, release: Held): void {
    if (n <= this.#durable) return release()
    const waiting = this.#held.get(n)
    if (waiting) waiting.push(release)
    else this.#held.set(n, [release])
  }

  /** Frame `n` is durable; frames are acked in order. */
  open(n: number): void {
    this.#durable = n
    const waiting = this.#held.get(n)
    this.#held.delete(n)
    if (waiting) for (const release of waiting) release()
  }

  /** Nothing will come out of this gate any more. */
  lose(why: Rejection): void {
    const all = [...this.#held.values()].flat()
    this.#held.clear()
    for (const release of all) release(why)
  }
}
